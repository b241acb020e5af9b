// How one comes to the console again, once having set the server up no longer opens it.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useAct } from "../api/act";
import { useAsked } from "../api/asked";
import { ask, type Schemas } from "../api/client";
import { useMay } from "../session/me";
import { lookForSession } from "../session/session";
import { text } from "../text";
import { Icon, type IconName } from "../ui/Icon";
import { Head } from "../ui/page";
import { Button, Command, Notice, Problem, Waiting } from "../ui/parts";
import { readTree } from "./config/lines";
import { propose, proposed, readFile } from "./config/proposal";
import { listOf, withList } from "./security/lists";

const words = text.comeBack;
type Ways = Schemas["WaysBack"];

/** The file with this address among those that the console answers. */
function withAddress(file: string, address: string): string {
	const tree = readTree(file);
	return tree ? withList(file, "allow", [...listOf(tree, "allow"), address]) : file;
}

/** At once where nothing else would change by it; otherwise after a look at all that would. */
async function letIn(address: string): Promise<void> {
	const { differs } = await ask("get", "/config");
	if (differs || proposed()) return propose((file) => withAddress(file, address));
	const { text: file, base } = await readFile();
	await ask("post", "/config/apply", { body: { text: withAddress(file, address), base, confirm_seconds: 0 } });
	await lookForSession();
}

interface WayProps {
	icon: IconName;
	title: string;
	/** It works now. */
	isOpen: boolean;
	children: ComponentChildren;
}

function Way({ icon, title, isOpen, children }: WayProps) {
	return (
		<li class="card padded way">
			<span class="picture"><Icon name={icon} /></span>
			<div class="stack">
				<div class="head">
					<h2>{title}</h2>
					{isOpen && <span class="chip good">{words.open}</span>}
				</div>
				{children}
			</div>
		</li>
	);
}

function ByVpn({ vpn }: Ways) {
	return (
		<Way icon="shield" title={words.vpn} isOpen={vpn}>
			<p>{vpn ? words.vpnText : words.vpnOff}</p>
			{vpn && <div class="actions"><a class="button main" href="/portal/add">{words.vpnDo}</a></div>}
		</Way>
	);
}

function ByAddress({ address, admitted, again }: { address: string; admitted: boolean; again: () => void }) {
	const { busy, refusal, act } = useAct();
	const [done, setDone] = useState(false);
	const may = useMay();
	const go = () => act(async () => {
		await letIn(address);
		setDone(true);
		again();
	});
	return (
		<Way icon="globe" title={words.address} isOpen={admitted}>
			{done && admitted && <Notice kind="good">{words.addressDone(address)}</Notice>}
			<p>{admitted ? words.addressOpen(address) : words.addressText(address)}</p>
			{!admitted && <p class="dim small">{words.addressWarning}</p>}
			{refusal && <Problem refusal={refusal} />}
			{!admitted && (may("admin")
				? <div class="actions"><Button busy={busy} onClick={go}>{words.addressDo(address)}</Button></div>
				: <p>{words.addressAsk}</p>)}
		</Way>
	);
}

function BySsh({ ssh, local_url }: Ways) {
	return (
		<Way icon="terminal" title={words.ssh} isOpen={ssh !== null}>
			{ssh === null || local_url === null ? <p>{words.sshOff}</p> : (
				<>
					<p>{words.sshText}</p>
					<Command>{ssh}</Command>
					<p>{words.sshThen}</p>
					<Command>{local_url}</Command>
				</>
			)}
		</Way>
	);
}

export function ComeBack() {
	const { data, refusal, again } = useAsked("ways", (signal) => ask("get", "/console", { signal }), ["config"]);
	return (
		<div class="stack wide">
			<Head title={words.title} lead={words.lead} />
			{refusal && <Problem refusal={refusal} again={again} />}
			{!data && !refusal && <Waiting />}
			{data && (
				<ul class="stack">
					<ByVpn {...data} />
					<ByAddress address={data.address ?? ""} admitted={data.admitted} again={again} />
					<BySsh {...data} />
				</ul>
			)}
		</div>
	);
}
