// A change on trial: it is taken back by itself unless a connection that was made after it confirms it.
import { useEffect, useState } from "preact/hooks";
import { asRefusal, ask, type Refusal } from "../../api/client";
import { useAsked } from "../../api/asked";
import type { ServerStatus } from "../status";

const LOOK_MS = 2_000;
const TRIES = 4;
const BETWEEN_MS = 400;

export type Outcome = "kept" | "taken back" | "applied";

export interface Trial {
	/** Until when, by our clock; undefined: nothing is on trial. */
	until?: number;
	outcome?: Outcome;
	/** The server is not heard of: which may be what the change did. */
	lost?: Refusal;
	again: () => void;
	/** It is applied for good, or the outcome has been read. */
	tell: (outcome: Outcome | undefined) => void;
}

async function getStatus(signal: AbortSignal): Promise<ServerStatus> {
	return (await ask("get", "/status", { signal })).server as ServerStatus;
}

async function runningNow(): Promise<string> {
	return (await ask("get", "/config/running")).sha256 ?? "";
}

export function useTrial(): Trial {
	const [watched, watch] = useState<string>();
	const [until, setUntil] = useState<number>();
	const [outcome, tell] = useState<Outcome>();
	const { data, refusal, again } = useAsked("trial", getStatus, ["config", "status"], until === undefined ? 0 : LOOK_MS);
	useEffect(() => {
		if (data?.awaits_confirmation) {
			tell(undefined);
			setUntil(Date.now() + data.confirm_s * 1000);
			if (watched === undefined) void runningNow().then(watch, () => undefined);
			return;
		}
		if (!data || until === undefined) return;
		// Whoever ended it, and how: what runs now tells.
		void runningNow().then((sha256) => {
			tell(sha256 === watched ? "kept" : "taken back");
			watch(undefined);
			setUntil(undefined);
		}, () => undefined);
	}, [data]);
	return {
		again, tell,
		...(until !== undefined && { until }),
		...(outcome && { outcome }),
		...(refusal && { lost: refusal }),
	};
}

const pause = (ms: number) => new Promise((resolve) => window.setTimeout(resolve, ms));

/** The server ends the connection that this comes by, so that the next try comes by another. */
export async function keepChange(): Promise<void> {
	for (let left = TRIES; ; left--) {
		try {
			await ask("post", "/config/confirm");
			return;
		} catch (error) {
			if (left <= 1 || asRefusal(error).kind !== "invalid") throw error;
			await pause(BETWEEN_MS);
		}
	}
}

/** Seconds that are left, each second anew. */
export function useCountdown(until: number): number {
	const left = () => Math.max(0, Math.round((until - Date.now()) / 1000));
	const [seconds, set] = useState(left);
	useEffect(() => {
		set(left());
		const timer = window.setInterval(() => set(left()), 500);
		return () => window.clearInterval(timer);
	}, [until]);
	return seconds;
}
