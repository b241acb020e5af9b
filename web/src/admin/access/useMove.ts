// Moving a rule up and down among those of the same subject, by buttons that keep the focus.
import { useEffect, useRef } from "preact/hooks";
import { useAct } from "../../api/act";
import type { Refusal } from "../../api/client";
import { changeRule, type Rule } from "./rule";

export interface Move {
	rule: Rule;
	to: number;
	way: "up" | "down";
}

/** Where the buttons of a rule are. */
export function placeOf(id: number): string {
	return `acts-${id}`;
}

export function useMove(
	rules: readonly Rule[] | undefined,
	onDone: () => void,
): { refusal: Refusal | undefined; act: (move: Move) => void } {
	const last = useRef<Move>();
	const { refusal, act } = useAct();
	useEffect(() => {
		// The row is elsewhere, and a browser lets go of what it had the focus of. At an end there is one
		// of the two buttons alone.
		const move = last.current;
		const buttons = move && document.getElementById(placeOf(move.rule.id))?.querySelectorAll("button");
		last.current = undefined;
		buttons?.[move?.way === "down" && buttons.length > 2 ? 1 : 0]?.focus();
	}, [rules]);
	return {
		refusal,
		act: (move) => act(async () => {
			await changeRule(move.rule.id, { position: move.to });
			last.current = move;
			onDone();
		}),
	};
}
