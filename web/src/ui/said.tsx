// That something is done is said on the page where one is, or on the one that follows.
import { useState } from "preact/hooks";
import { Notice } from "./parts";

let waiting: string | undefined;

/** For the page that is gone to next. */
export function sayNext(what: string): void {
	waiting = what;
}

export function useSaid(): [said: string | undefined, say: (what: string | undefined) => void] {
	return useState(() => {
		const first = waiting;
		waiting = undefined;
		return first;
	});
}

export function Said({ what }: { what: string | undefined }) {
	return what === undefined ? null : <Notice kind="good"><span class="name">{what}</span></Notice>;
}
