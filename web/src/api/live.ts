// What changes on the server, as it happens: one stream for the page, and who listens to what.
import { useEffect, useRef, useState } from "preact/hooks";

export type LiveState = "connecting" | "live" | "reconnecting";
export const EVENTS = [
	"user", "group", "device", "tunnel", "session", "token", "link", "ban", "rule", "settings",
	"certificate", "audit", "refusal", "status", "config", "notice",
] as const;
export type EventName = (typeof EVENTS)[number];

// The server counts every ten seconds and says so. A stream that is silent for longer is dead, though
// no end of it was seen: a laptop slept, or a network went away.
const SILENCE_MS = 35_000;
const RETRY_MS = 3_000;

interface Listener {
	names: readonly EventName[];
	call: () => void;
}

const listeners = new Set<Listener>();
const watchers = new Set<(state: LiveState) => void>();
let state: LiveState = "connecting";
let source: EventSource | undefined;
let timer: number | undefined;

function become(next: LiveState): void {
	if (next === state) return;
	state = next;
	for (const watcher of watchers) watcher(state);
}

function tell(name: EventName | "all"): void {
	for (const { names, call } of listeners) if (name === "all" || names.includes(name)) call();
}

function expectMore(): void {
	window.clearTimeout(timer);
	timer = window.setTimeout(reconnect, SILENCE_MS);
}

function heard(name: EventName | "all"): void {
	expectMore();
	tell(name);
}

function reconnect(): void {
	source?.close();
	become("reconnecting");
	connect();
}

function connect(): void {
	window.clearTimeout(timer);
	const stream = new EventSource("/api/v1/events");
	source = stream;
	stream.onopen = () => {
		const missed = state === "reconnecting";
		become("live");
		expectMore();
		if (missed) tell("all");
	};
	stream.onerror = () => {
		become("reconnecting");
		// Refused altogether: a browser does not try that again by itself.
		if (stream.readyState !== EventSource.CLOSED || source !== stream) return;
		window.clearTimeout(timer);
		timer = window.setTimeout(reconnect, RETRY_MS);
		tell("all"); // who is signed out learns it from what he asks now
	};
	for (const name of EVENTS) stream.addEventListener(name, () => heard(name));
	stream.addEventListener("resync", () => heard("all"));
}

export function startLive(): () => void {
	state = "connecting";
	connect();
	window.addEventListener("online", reconnect);
	return () => {
		window.removeEventListener("online", reconnect);
		window.clearTimeout(timer);
		source?.close();
		source = undefined;
	};
}

export function useLiveState(): LiveState {
	const [now, set] = useState(state);
	useEffect(() => {
		set(state);
		watchers.add(set);
		return () => void watchers.delete(set);
	}, []);
	return now;
}

const PAUSE_MS = 200;

/** Calls when one of these happened, once for many that come together; where no end of them comes, now and then. */
export function useEvents(names: readonly EventName[], call: () => void): void {
	const latest = useRef(call);
	latest.current = call;
	const key = names.join();
	useEffect(() => {
		let wait: number | undefined;
		const listener: Listener = {
			names,
			call: () => {
				wait ??= window.setTimeout(() => {
					wait = undefined;
					latest.current();
				}, PAUSE_MS);
			},
		};
		listeners.add(listener);
		return () => {
			window.clearTimeout(wait);
			listeners.delete(listener);
		};
	}, [key]);
}
