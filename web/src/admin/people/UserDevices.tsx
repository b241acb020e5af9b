import { useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { ask, type Schemas, urlOf } from "../../api/client";
import { useAsked } from "../../api/asked";
import { isPlatform } from "../../portal/platform";
import { text } from "../../text";
import { dayOf } from "../../time";
import { type Column, Filter, List, Nothing, orderOf, PAGE, Search, Tools, useView } from "../../ui/list";
import { Button, Problem, Time } from "../../ui/parts";
import { AddDevice } from "./AddDevice";
import { ChangeDevice } from "./ChangeDevice";
import { RenewDevice, RevokeDevice } from "./ConfirmDevice";
import { LinkDialog } from "./NewLink";
import { useManages, type User } from "./parts";

const words = text.personDevices;
const SORTS = ["name", "created", "last_seen", "expires"] as const;
type Device = Schemas["Device"];
type NewLink = Schemas["NewLink"];

/** What is about to be done, and to which. */
interface Asked {
	what: "change" | "renew" | "revoke";
	device: Device;
}

function State({ device, isUp }: { device: Device; isUp: boolean }) {
	if (device.revoked) return <span class="chip bad">{words.revoked}</span>;
	if (isUp) return <span class="chip good">{words.connected}</span>;
	return device.expires && Date.parse(device.expires) < Date.now()
		? <span class="chip bad">{words.expired}</span>
		: null;
}

function Name({ device, isUp }: { device: Device; isUp: boolean }) {
	const runs = isPlatform(device.platform) ? text.platforms[device.platform] : device.platform;
	return (
		<>
			<div class="titled"><b class="name">{device.name}</b> <State device={device} isUp={isUp} /></div>
			<div class="dim small name">{runs && `${runs} · `}{words.kinds[device.kind]}</div>
		</>
	);
}

/** What hands a profile over, and of which device. */
interface Made {
	link: NewLink;
	device: Device;
}

async function linkTo(user: User, device: Device): Promise<Made> {
	const parts = { user: user.name, device: `#${device.id}` };
	return { link: await ask("post", "/users/{user}/devices/{device}/link", { parts }), device };
}

interface ActsProps {
	user: User;
	device: Device;
	onLink: (made: Made) => void;
	onAsked: (asked: Asked) => void;
}

function Acts({ user, device, onLink, onAsked }: ActsProps) {
	const { busy, refusal, act } = useAct();
	const parts = { user: user.name, device: `#${device.id}` };
	const make = () => act(async () => onLink(await linkTo(user, device)));
	if (device.revoked) return null;
	return (
		<div class="actions">
			<Button look="quiet" busy={busy} label={words.linkOf(device.name)} onClick={make}>{words.link}</Button>
			<a class="button quiet" download aria-label={words.profileOf(device.name)}
				href={urlOf("/users/{user}/devices/{device}/profile", parts)}>{words.profile}</a>
			<Button look="quiet" label={words.changeOf(device.name)} onClick={() => onAsked({ what: "change", device })}>{words.change}</Button>
			<Button look="quiet" label={words.renewOf(device.name)} onClick={() => onAsked({ what: "renew", device })}>{words.renew}</Button>
			<Button look="quiet danger" label={words.revokeOf(device.name)} onClick={() => onAsked({ what: "revoke", device })}>
				{words.revoke}
			</Button>
			{refusal && <Problem refusal={refusal} />}
		</div>
	);
}

function useUp(user: User): Set<number> {
	const parts = { user: user.name };
	const { data } = useAsked(`tunnels ${user.name}`,
		(signal) => ask("get", "/tunnels", { query: { ...parts, limit: 1000 }, signal }), ["tunnel"]);
	return new Set(data?.items.map((tunnel) => tunnel.device));
}

function columnsOf(up: Set<number>): Column<Device>[] {
	return [
		{ name: words.device, sort: "name", class: "whom", cell: (device) => <Name device={device} isUp={up.has(device.id)} /> },
		{ name: words.address, class: "number", cell: (device) => device.address ?? <span class="dim">{words.anyAddress}</span> },
		{ name: words.seen, sort: "last_seen", lastFirst: true, cell: (device) => <Time of={device.last_seen} /> },
		{ name: words.expires, sort: "expires", cell: (device) => (device.expires ? dayOf(device.expires) : text.people.none) },
	];
}

interface AskProps {
	user: User;
	asked: Asked;
	/** Something was done, in a sentence. */
	onDone: (what: string) => void;
	onClose: () => void;
}

function Ask({ user, asked: { what, device }, onDone, onClose }: AskProps) {
	const of = { user, device, onClose };
	if (what === "change") return <ChangeDevice {...of} onDone={({ name }) => onDone(words.changed(name))} />;
	if (what === "revoke") return <RevokeDevice {...of} onDone={() => onDone(text.devices.revoked(device.name))} />;
	return <RenewDevice {...of} onDone={({ name, expires }) => onDone(words.renewed(name, expires ? dayOf(expires) : ""))} />;
}

function useDevices(user: User) {
	const shown = useView({ search: "", revoked: "", sort: "name", descending: "" });
	const { search, revoked } = shown.view;
	const query = { search, revoked: revoked === "true", after: shown.after, limit: PAGE, ...orderOf(SORTS, shown.view) };
	const parts = { user: user.name };
	const asked = useAsked(JSON.stringify({ query, parts }),
		(signal) => ask("get", "/users/{user}/devices", { parts, query, signal }), ["device", "user"]);
	return { shown, asked };
}

export function UserDevices({ user, onDone }: { user: User; onDone: (what: string) => void }) {
	const { shown, asked } = useDevices(user);
	const [adds, add] = useState(false);
	const [made, show] = useState<Made>();
	const { refusal, act } = useAct();
	const [asks, askAbout] = useState<Asked>();
	const columns = columnsOf(useUp(user));
	const manages = useManages()(user);
	if (manages)
		columns.push({ name: words.acts, silent: true, class: "row-acts", cell: (device) => (
			<Acts user={user} device={device} onLink={show} onAsked={askAbout} />
		) });
	const button = manages && <Button look="main" icon="plus" onClick={() => add(true)}>{words.add}</Button>;
	return (
		<div class="stack">
			<Tools>
				<Search label={words.search} shown={shown} />
				<Filter label={words.which} of="revoked" shown={shown} options={[["", words.current], ["true", words.all]]} />
				{button}
			</Tools>
			{refusal && <Problem refusal={refusal} />}
			<List asked={asked} columns={columns} keyOf={(device) => device.id} shown={shown}>
				<Nothing title={words.emptyTitle} lead={words.emptyText} />
			</List>
			{adds && <AddDevice user={user} onClose={() => add(false)} onAdded={(device) => {
				add(false);
				asked.again();
				act(async () => show(await linkTo(user, device)));
			}} />}
			{made && <LinkDialog name={made.device.name} link={made.link} onClose={() => show(undefined)} />}
			{asks && (
				<Ask user={user} asked={asks} onClose={() => askAbout(undefined)} onDone={(what) => {
					onDone(what);
					askAbout(undefined);
					asked.again();
				}} />
			)}
		</div>
	);
}
