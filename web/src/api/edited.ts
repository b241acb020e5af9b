// What somebody is changing: as it was when he began, whatever becomes of it meanwhile.
import { type MutableRef, useEffect, useRef, useState } from "preact/hooks";
import { asRefusal, type Refusal, type Versioned } from "./client";

/** What was typed into a form before it was loaded anew, and what that had begun with. */
export type Kept = MutableRef<{ begun: unknown; draft: unknown } | undefined>;

export interface Edited<T> {
	begun?: Versioned<T>;
	refusal?: Refusal;
	/** For useDraft() of the form. */
	kept: Kept;
	/** Another one with each time that it is loaded: the key of the form. */
	edition: number;
	anew: () => void;
}

/** Asks once; what others change is learnt when this is refused for it, and `anew` loads that. */
export function useEdited<T>(key: string, question: (signal: AbortSignal) => Promise<Versioned<T>>): Edited<T> {
	const [edition, set] = useState(0);
	const [loaded, load] = useState<Pick<Edited<T>, "begun" | "refusal" | "edition">>({ edition });
	const kept: Kept = useRef();
	useEffect(() => {
		const own = new AbortController();
		question(own.signal).then(
			(begun) => own.signal.aborted || load({ begun, edition }),
			(error: unknown) => own.signal.aborted || load({ refusal: asRefusal(error), edition }),
		);
		return () => own.abort();
	}, [key, edition]);
	return { ...loaded, kept, anew: () => set(edition + 1) };
}

function isSame(one: unknown, other: unknown): boolean {
	return JSON.stringify(one) === JSON.stringify(other);
}

export interface Draft<D> {
	draft: D;
	type: (draft: D) => void;
	/** Others changed the thing since one began, and what one typed is in it as it is now. */
	met: boolean;
	/** What others chose where one chose otherwise, as far as that is text. */
	clashes: readonly string[];
}

/** `typed` of `begun`, as a change of `now`: what was not typed is as others have it. */
function meet<D extends object>(begun: D, typed: D, now: D): Omit<Draft<D>, "type"> {
	const draft = { ...now }, clashes: string[] = [];
	let met = false;
	for (const name of Object.keys(now) as (keyof D)[]) {
		if (isSame(typed[name], begun[name])) continue;
		draft[name] = typed[name];
		met ||= !isSame(typed[name], now[name]);
		const theirs = now[name];
		if (typeof theirs === "string" && !isSame(theirs, begun[name]) && !isSame(theirs, typed[name])) clashes.push(theirs);
	}
	return { draft, met, clashes };
}

/** What is typed in a form that begins with `begun`; it is still there when that is loaded anew. */
export function useDraft<D extends object>(begun: D, kept: Kept): Draft<D> {
	const [before] = useState(() => {
		// Of the same form: nobody else has this one.
		const last = kept.current as { begun: D; draft: D } | undefined;
		return last ? meet(last.begun, last.draft, begun) : { draft: begun, met: false, clashes: [] };
	});
	const [draft, set] = useState(before.draft);
	const [first] = useState(begun);
	const type = (next: D) => {
		kept.current = { begun: first, draft: next };
		set(next);
	};
	return { ...before, draft, type };
}

/** What is typed over what others may change as well: while nothing is, it is what they have. */
export function useTypedOver<T>(now: T): { begun: T; typed: T; type: (typed: T) => void } {
	const [begun, begin] = useState(now);
	const [typed, type] = useState(now);
	useEffect(() => {
		if (!isSame(typed, begun) && !isSame(typed, now)) return;
		begin(now);
		type(now);
	}, [JSON.stringify(now)]);
	return { begun, typed, type };
}
