// One connection of the VPN, for as long as there is it.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, Refusal, type Schemas } from "../../api/client";
import { type Asked, useAsked } from "../../api/asked";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { exactly } from "../../time";
import { bytes, bytesPerSecond } from "../../units";
import { Nothing } from "../../ui/list";
import { Head } from "../../ui/page";
import { Button, Problem, Waiting } from "../../ui/parts";
import { pathOfUser } from "../people/parts";
import { EndTunnel } from "./EndTunnel";

const words = text.connections;
const LOOK_MS = 3000;
type LiveTunnel = Schemas["Tunnel"];

interface Seen {
	tunnel: LiveTunnel;
	at: number;
}

/** null: it has ended. */
async function getTunnel(id: string, signal: AbortSignal): Promise<{ seen: Seen | null }> {
	try {
		const tunnel = await ask("get", "/tunnels/{id}", { parts: { id }, signal });
		return { seen: { tunnel, at: performance.now() } };
	} catch (error) {
		if (error instanceof Refusal && error.status === 404) return { seen: null };
		throw error;
	}
}

/** How it was when it was asked for before this. */
function useBefore(now: Seen | null | undefined): Seen | undefined {
	const last = useRef<Seen>();
	const [before, set] = useState<Seen>();
	useEffect(() => {
		if (!now) return;
		set(last.current);
		last.current = now;
	}, [now]);
	return before;
}

function rate(of: "bytes_in" | "bytes_out", now: Seen, before: Seen | undefined): string {
	if (!before || now.at <= before.at) return "";
	const grown = Math.max(0, now.tunnel[of] - before.tunnel[of]);
	return words.rateNow(bytesPerSecond((grown * 1000) / (now.at - before.at)));
}

function Fact({ name, note, children }: { name: string; note?: string | undefined; children: ComponentChildren }) {
	return (
		<div>
			<dt>{name}</dt>
			<dd>{children}{note && <div class="dim small">{note}</div>}</dd>
		</div>
	);
}

function Facts({ now, before }: { now: Seen; before: Seen | undefined }) {
	const { tunnel } = now;
	return (
		<dl class="card facts">
			<Fact name={words.person}><a class="name" href={pathOfUser({ id: tunnel.user, name: tunnel.user_name })}>{tunnel.user_name}</a></Fact>
			<Fact name={words.device}><span class="name">{tunnel.device_name}</span></Fact>
			<Fact name={words.since}>{tunnel.since ? exactly(tunnel.since) : text.time.never}</Fact>
			<Fact name={words.from} note={words.byProtocol[tunnel.protocol === "tcp" ? "tcp" : "udp"]}>
				<span class="name number">{tunnel.from}</span>
			</Fact>
			<Fact name={words.inside}>{tunnel.inside.map((one) => <div key={one} class="name number">{one}</div>)}</Fact>
			<Fact name={words.client}><span class="name">{tunnel.client ?? words.unknownClient}</span></Fact>
			<Fact name={words.bytesIn} note={rate("bytes_in", now, before)}><span class="number">{bytes(tunnel.bytes_in)}</span></Fact>
			<Fact name={words.bytesOut} note={rate("bytes_out", now, before)}><span class="number">{bytes(tunnel.bytes_out)}</span></Fact>
			<Fact name={words.cipher} note={tunnel.tls ?? ""}>{tunnel.cipher ?? words.unknownCipher}</Fact>
			<Fact name={words.denied} note={words.deniedText}><span class="number">{tunnel.denied.toLocaleString()}</span></Fact>
			<Fact name={words.foreign} note={words.foreignText}><span class="number">{tunnel.foreign.toLocaleString()}</span></Fact>
		</dl>
	);
}

function Gone() {
	return (
		<div class="stack">
			<Head title={words.title} />
			<Nothing title={words.gone} lead={words.goneText}>
				<a class="button main" href="/admin/connections">{words.back}</a>
			</Nothing>
		</div>
	);
}

function There({ now, asked }: { now: Seen; asked: Asked<unknown> }) {
	const [isEnding, end] = useState(false);
	const before = useBefore(now);
	const may = useMay();
	const { tunnel } = now;
	return (
		<div class="stack">
			<a class="back" href="/admin/connections">{words.back}</a>
			<Head title={words.tunnelOf(tunnel.user_name, tunnel.device_name)}>
				{may("operate") && <Button look="danger" onClick={() => end(true)}>{words.endThis}</Button>}
			</Head>
			{asked.refusal && <Problem refusal={asked.refusal} again={asked.again} />}
			<Facts now={now} before={before} />
			{isEnding && (
				<EndTunnel of={tunnel} onClose={() => end(false)} onDone={() => {
					end(false);
					asked.again();
				}} />
			)}
		</div>
	);
}

export function Tunnel({ id }: { id: string }) {
	const asked = useAsked(`tunnel ${id}`, (signal) => getTunnel(id, signal), ["tunnel"], LOOK_MS);
	const { data, refusal, again } = asked;
	if (!data)
		return refusal ? <div class="stack"><Head title={words.title} /><Problem refusal={refusal} again={again} /></div> : <Waiting />;
	return data.seen ? <There now={data.seen} asked={asked} /> : <Gone />;
}
