// What is known of a device, and what its owner may do with it.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useAct } from "../api/act";
import { ask, askVersioned } from "../api/client";
import { go } from "../route";
import { text } from "../text";
import { dayOf } from "../time";
import { Confirm } from "../ui/confirm";
import { faultOf, Field, Form } from "../ui/form";
import { Button, Dialog, Notice, Time } from "../ui/parts";
import { sayNext } from "../ui/said";
import { type Device, lifeOf, setUpPath } from "./devices";
import { isPlatform } from "./platform";
import { Revoke } from "./Revoke";

const words = text.device;

interface ActProps {
	device: Device;
	onDone: (device: Device) => void;
	onClose: () => void;
}

function Rename({ device, onDone, onClose }: ActProps) {
	const [name, setName] = useState(device.name);
	const { busy, refusal, act } = useAct();
	const parts = { device: `#${device.id}` };
	const fault = faultOf(refusal, "name") ?? (refusal?.kind === "conflict" ? refusal.message : undefined);
	const rename = () => act(async () => {
		const { version } = await askVersioned("/me/devices/{device}", { parts });
		onDone(await ask("patch", "/me/devices/{device}", { parts, version, body: { name: name.trim() } }));
	});
	return (
		<Dialog title={words.renameTitle} onClose={onClose}>
			<Form onSubmit={rename} refusal={fault === undefined ? refusal : undefined}>
				<Field label={text.add.name} hint={text.add.nameHint} value={name} onValue={setName} fault={fault} focus
					autocomplete="off" maxLength={64} />
				<div class="actions">
					<Button onClick={onClose}>{text.cancel}</Button>
					<Button look="main" type="submit" busy={busy}>{words.renameDo}</Button>
				</div>
			</Form>
		</Dialog>
	);
}

function Renew({ device, ...rest }: ActProps) {
	const renew = () => ask("post", "/me/devices/{device}/renew", { parts: { device: `#${device.id}` } });
	return (
		<Confirm title={words.renewTitle(device.name)} verb={words.renewDo} harmless act={renew} {...rest}>
			<p>{words.renewText}</p>
		</Confirm>
	);
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
	return (
		<div>
			<dt>{name}</dt>
			<dd>{children}</dd>
		</div>
	);
}

function Facts({ device }: { device: Device }) {
	return (
		<dl class="facts-list">
			<Fact name={words.runs}>
				<span class="name">{isPlatform(device.platform) ? text.platforms[device.platform] : (device.platform ?? words.unknown)}</span>
			</Fact>
			<Fact name={words.added}><Time of={device.created} /></Fact>
			<Fact name={words.seen}><Time of={device.last_seen} /></Fact>
			{device.expires && <Fact name={words.good}>{dayOf(device.expires)}</Fact>}
		</dl>
	);
}

/** A profile that ends, before somebody wonders why he cannot connect. */
export function Expiry({ device }: { device: Device }) {
	const life = lifeOf(device);
	if (life === "good" || !device.expires) return null;
	return life === "expired"
		? <Notice kind="bad">{words.expired}</Notice>
		: <Notice kind="warn">{words.expiring(dayOf(device.expires))}</Notice>;
}

interface ManageProps {
	device: Device;
	/** Something was done, in a sentence. */
	onDone: (what: string) => void;
}

export function Manage({ device, onDone }: ManageProps) {
	const [asks, ask] = useState<"rename" | "renew" | "revoke">();
	const close = () => ask(undefined);
	const finish = (what: string) => {
		close();
		onDone(what);
	};
	const isGood = lifeOf(device) === "good";
	return (
		<section class="card padded stack">
			<h2>{words.title}</h2>
			<Facts device={device} />
			<div class="actions">
				<Button onClick={() => ask("rename")}>{words.rename}</Button>
				<Button look={isGood ? "" : "main"} icon="refresh" onClick={() => ask("renew")}>{words.renew}</Button>
				<Button look="quiet danger" onClick={() => ask("revoke")}>{text.devices.revoke}</Button>
			</div>
			{asks === "rename" && (
				<Rename device={device} onClose={close} onDone={(fresh) => {
					go(setUpPath(fresh), "replace");
					finish(words.renamed(fresh.name));
				}} />
			)}
			{asks === "renew" && (
				<Renew device={device} onClose={close}
					onDone={(fresh) => finish(words.renewed(fresh.expires ? dayOf(fresh.expires) : ""))} />
			)}
			{asks === "revoke" && <Revoke device={device} onClose={close} onDone={() => {
				sayNext(text.devices.revoked(device.name));
				go("/portal");
			}} />}
		</section>
	);
}
