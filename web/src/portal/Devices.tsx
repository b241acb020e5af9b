import { useState } from "preact/hooks";
import { usePageTitle } from "../route";
import { text } from "../text";
import { dayOf } from "../time";
import { Icon } from "../ui/Icon";
import { Button, Problem, Time, Waiting } from "../ui/parts";
import { Said, useSaid } from "../ui/said";
import { type Device, lifeOf, setUpPath, type Tunnel, useMine } from "./devices";
import { isPlatform, platforms } from "./platform";
import { Revoke } from "./Revoke";

const words = text.devices;
const PAGE = 50;

function State({ device, tunnel }: { device: Device; tunnel: Tunnel | undefined }) {
	const life = lifeOf(device);
	if (life === "expired") return <span class="chip bad">{words.expired}</span>;
	if (life === "expiring") return <span class="chip warn">{words.expiring}</span>;
	if (tunnel) return <span class="chip good">{words.connected}</span>;
	return device.last_seen ? null : <span class="chip">{words.waiting}</span>;
}

function Facts({ device, tunnel }: { device: Device; tunnel: Tunnel | undefined }) {
	const runs = isPlatform(device.platform) ? text.platforms[device.platform] : device.platform;
	return (
		<div class="facts">
			{runs && <span class="name">{runs}</span>}
			{tunnel?.inside[0] && <span class="number">{words.inside(tunnel.inside[0])}</span>}
			{!tunnel && device.last_seen && <span>{words.seen("")}<Time of={device.last_seen} /></span>}
			{!device.last_seen && <span>{words.added("")}<Time of={device.created} /></span>}
			{device.expires && <span>{words.expires(dayOf(device.expires))}</span>}
		</div>
	);
}

interface RowProps {
	device: Device;
	tunnel: Tunnel | undefined;
	onRevoke: () => void;
}

function Row({ device, tunnel, onRevoke }: RowProps) {
	const isNew = !device.last_seen;
	const icon = isPlatform(device.platform) ? platforms[device.platform].icon : "laptop";
	return (
		<li class="device">
			<span class="picture"><Icon name={icon} /></span>
			<div>
				<div class="title">
					<span class="name">{device.name}</span>
					<State device={device} tunnel={tunnel} />
				</div>
				<Facts device={device} tunnel={tunnel} />
			</div>
			<div class="actions">
				<a class="button quiet" href={setUpPath(device)} aria-label={(isNew ? words.setUpOf : words.openOf)(device.name)}>
					{isNew ? words.setUp : words.open}
				</a>
				<Button look="quiet danger" label={words.revokeOf(device.name)} onClick={onRevoke}>{words.revoke}</Button>
			</div>
		</li>
	);
}

function Begin() {
	return (
		<section class="card begin">
			<h2>{words.empty.title}</h2>
			<p class="dim">{words.empty.lead}</p>
			<ol>
				{words.empty.steps.map((step, i) => (
					<li key={step.title}>
						<span class="step-number" aria-hidden="true">{i + 1}</span>
						<div>
							<h3>{step.title}</h3>
							<p class="dim">{step.text}</p>
						</div>
					</li>
				))}
			</ol>
			<a class="button main" href="/portal/add"><Icon name="plus" />{words.add}</a>
		</section>
	);
}

export function Devices() {
	const [limit, setLimit] = useState(PAGE);
	const [revoking, revoke] = useState<Device>();
	const [said, say] = useSaid();
	const { data, refusal, again } = useMine(limit);
	const isFull = data !== undefined && data.max > 0 && data.devices.length >= data.max;
	usePageTitle(words.title);
	return (
		<div class="stack wide">
			<div class="head">
				<h1 tabIndex={-1}>{words.title}</h1>
				{data && data.devices.length > 0 && !isFull && (
					<a class="button main" href="/portal/add"><Icon name="plus" />{words.add}</a>
				)}
			</div>
			<Said what={said} />
			{refusal && <Problem refusal={refusal} again={again} />}
			{!data && !refusal && <Waiting />}
			{data?.devices.length === 0 && <Begin />}
			{data && data.devices.length > 0 && (
				<>
					<p class="dim">{isFull ? words.limit(data.max) : words.lead}</p>
					<ul class="card">
						{data.devices.map((device) => (
							<Row key={device.id} device={device} tunnel={data.tunnels.get(device.id)}
								onRevoke={() => revoke(device)} />
						))}
					</ul>
					{data.next && (
						<div class="actions">
							<Button onClick={() => setLimit(limit + PAGE)}>{words.more}</Button>
						</div>
					)}
				</>
			)}
			{revoking && (
				<Revoke device={revoking} onClose={() => revoke(undefined)} onDone={() => {
					say(words.revoked(revoking.name));
					revoke(undefined);
					again();
				}} />
			)}
		</div>
	);
}
