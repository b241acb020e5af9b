// What the server counted in the last hour, and what of it is drawn.
import { text } from "../text";
import { bytesPerSecond, perMinute, perSecond, plain } from "../units";
import type { paths } from "../api/schema";

export type History = paths["/status/history"]["get"]["responses"]["200"]["content"]["application/json"];
export type Counter = Exclude<keyof History, "step_ms" | "times">;
/** How it looks: a colour of the page, told apart by its dashes too. */
export type Look = "accent" | "good" | "warn" | "bad";
/** A value for each time; null: not known. */
export type Values = (number | null)[];

interface Line {
	name: string;
	look: Look;
	/** What is counted: the sum of these. */
	of: readonly Counter[];
}

export interface ChartKind {
	title: string;
	/** How its values are said. */
	say: (value: number) => string;
	/** Counters that grow become so many in so many seconds; 0: they are how many there are. */
	inSeconds: number;
	lines: readonly Line[];
}

const words = text.overview.charts;
const HOUR_MS = 3_600_000;

/** Where there is no VPN, nothing is drawn of it. */
const tunnels: ChartKind = {
	title: words.tunnels, say: plain, inSeconds: 0, lines: [
		{ name: words.connected, look: "accent", of: ["vpn_tunnels"] },
	],
};

const charts: readonly ChartKind[] = [
	{
		title: words.requests, say: perSecond, inSeconds: 1, lines: [
			{ name: words.answered, look: "accent", of: ["requests_total"] },
			{ name: words.proxied, look: "good", of: ["requests_proxied"] },
		],
	},
	{
		title: words.connections, say: plain, inSeconds: 0, lines: [
			{ name: words.open, look: "accent", of: ["connections_open"] },
			{ name: words.relayed, look: "good", of: ["connections_relayed"] },
		],
	},
	{
		title: words.throughput, say: bytesPerSecond, inSeconds: 1, lines: [
			{ name: words.fromClients, look: "accent", of: ["vpn_bytes_from_clients", "relays_bytes_from_clients", "requests_bytes_from_clients"] },
			{ name: words.toClients, look: "good", of: ["vpn_bytes_to_clients", "relays_bytes_to_clients", "requests_bytes_to_clients"] },
		],
	},
	{
		title: words.handshakes, say: perSecond, inSeconds: 1, lines: [
			{ name: words.completed, look: "accent", of: ["tls_handshakes"] },
			{ name: words.resumed, look: "good", of: ["tls_resumed"] },
		],
	},
	{
		title: words.errors, say: perMinute, inSeconds: 60, lines: [
			{ name: words.tlsFailed, look: "bad", of: ["tls_failed"] },
			{ name: words.backendFailed, look: "warn", of: ["requests_proxy_failed", "relays_failed"] },
			{ name: words.turnedAway, look: "accent", of: ["connections_refused", "connections_evicted", "requests_limited"] },
		],
	},
];

function sumAt(history: History, of: readonly Counter[], i: number): number {
	return of.reduce((sum, counter) => sum + (history[counter][i] ?? 0), 0);
}

/** Where samples are missing, or a counter began anew, nothing is known of the time between. */
function rateAt(history: History, times: readonly number[], of: readonly Counter[], i: number): number | null {
	const now = times[i], before = times[i - 1];
	if (now === undefined || before === undefined || now <= before || now - before > 3 * history.step_ms) return null;
	const grown = sumAt(history, of, i) - sumAt(history, of, i - 1);
	return grown < 0 ? null : (grown * 1000) / (now - before);
}

export interface Drawn {
	kind: ChartKind;
	/** Of each of its lines. */
	values: Values[];
}

export interface Hour {
	/** In seconds since 1970, as they are drawn. */
	times: number[];
	drawn: Drawn[];
}

export function hourOf(history: History, withVpn: boolean): Hour {
	const times = history.times.map((time) => Date.parse(time));
	const valuesOf = ({ inSeconds, lines }: ChartKind): Values[] => lines.map(({ of }) =>
		times.map((_, i) => {
			if (inSeconds === 0) return sumAt(history, of, i);
			const rate = rateAt(history, times, of, i);
			return rate === null ? null : rate * inSeconds;
		}));
	const kinds = withVpn ? [tunnels, ...charts] : charts;
	return { times: times.map((ms) => ms / 1000), drawn: kinds.map((kind) => ({ kind, values: valuesOf(kind) })) };
}

function known(values: Values): number[] {
	return values.filter((value) => value !== null);
}

export function newest(values: Values): number | undefined {
	return known(values.slice(-1))[0];
}

export function highest(values: Values): number | undefined {
	const all = known(values);
	return all.length > 0 ? Math.max(...all) : undefined;
}

export function average(values: Values): number | undefined {
	const all = known(values);
	return all.length > 0 ? all.reduce((sum, value) => sum + value, 0) / all.length : undefined;
}

/** The hour with what came since; where a clock was set back, what came holds. */
export function extended(before: History, more: History): History {
	const [first] = more.times;
	if (first === undefined) return before;
	const most = HOUR_MS / more.step_ms;
	const kept = before.times.filter((time) => Date.parse(time) < Date.parse(first)).length;
	const after = <T,>(old: readonly T[], late: readonly T[]) => [...old.slice(0, kept), ...late].slice(-most);
	const counters = Object.keys(more).filter((name) => name !== "step_ms" && name !== "times") as Counter[];
	return {
		...more,
		times: after(before.times, more.times),
		...Object.fromEntries(counters.map((name) => [name, after(before[name], more[name])])),
	};
}
