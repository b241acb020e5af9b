// What a page shows of the server: asked when it opens, and again when it may have changed.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { asRefusal, type Refusal } from "./client";
import { type EventName, useEvents } from "./live";

export interface Asked<T> {
	/** The last good answer, which stays while another is under way. */
	data?: T;
	/** Why the last one was none. */
	refusal?: Refusal;
	again: () => void;
}

/** An answer that takes longer may never come: its connection died, and nobody was told. */
const PATIENCE_MS = 20_000;

/** `key` says what is asked for: another one is another question. */
export function useAsked<T>(
	key: string,
	question: (signal: AbortSignal) => Promise<T>,
	events: readonly EventName[] = [],
	everyMs = 0,
): Asked<T> {
	const [answer, set] = useState<{ key: string; data?: T; refusal?: Refusal }>({ key });
	const latest = useRef(question);
	const running = useRef<AbortController>(), since = useRef(0), late = useRef(false);
	latest.current = question;

	const again = useCallback(() => {
		running.current?.abort();
		const own = new AbortController();
		running.current = own;
		since.current = performance.now();
		late.current = false;
		latest.current(own.signal).then(
			(data) => own.signal.aborted || set({ key, data }),
			(error: unknown) => {
				if (own.signal.aborted) return;
				set((before) => ({ ...before, key, refusal: asRefusal(error) }));
			},
		).finally(() => {
			if (running.current !== own) return;
			running.current = undefined;
			if (late.current) again();
		});
	}, [key]);
	/** What is under way is waited for: where much happens, nothing would ever come otherwise. */
	const soon = useCallback(() => {
		late.current = running.current !== undefined && performance.now() - since.current < PATIENCE_MS;
		if (!late.current) again();
	}, [again]);

	useEffect(() => {
		again();
		return () => {
			running.current?.abort();
			running.current = undefined;
		};
	}, [again]);
	useEffect(() => {
		const look = () => {
			if (!document.hidden) soon();
		};
		const timer = everyMs > 0 ? window.setInterval(look, everyMs) : undefined;
		document.addEventListener("visibilitychange", look);
		return () => {
			window.clearInterval(timer);
			document.removeEventListener("visibilitychange", look);
		};
	}, [soon, everyMs]);
	useEvents(events, soon);

	return { ...answer, again };
}
