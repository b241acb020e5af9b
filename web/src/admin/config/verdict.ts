// What the server says of a text while it is typed: asked when typing pauses.
import { useEffect, useState } from "preact/hooks";
import { asRefusal, ask, type Refusal, type Schemas } from "../../api/client";
import { type Fault, readFaults } from "./faults";

const PAUSE_MS = 400;

export interface Verdict {
	/** Of which text; another one is being looked at meanwhile. */
	of: string;
	valid: boolean;
	faults: readonly Fault[];
	warnings: readonly Fault[];
	needsRestart: string | null;
	refusal?: Refusal;
	/** Asks anew. */
	again: () => void;
}

type Told = Omit<Verdict, "again">;

function verdictOf(of: string, said: Schemas["ConfigurationVerdict"]): Told {
	return {
		of,
		valid: said.valid,
		faults: said.valid ? [] : readFaults(said.faults),
		warnings: readFaults(said.warnings),
		needsRestart: said.needs_restart,
	};
}

/** A mark of a secret that is nowhere: it is about a line too. */
function refusedVerdict(of: string, refusal: Refusal): Told {
	const line = Number(/^Line (\d+) /.exec(refusal.message)?.[1] ?? 0);
	const faults = refusal.field === "text" ? [{ line, column: 1, message: refusal.message }] : [];
	return { of, valid: false, faults, warnings: [], needsRestart: null, ...(faults.length === 0 && { refusal }) };
}

export function useVerdict(text: string): Verdict | undefined {
	const [verdict, set] = useState<Told>();
	const [tries, tryAgain] = useState(0);
	useEffect(() => {
		const own = new AbortController();
		const timer = window.setTimeout(() => {
			ask("post", "/config/check", { body: { text }, signal: own.signal }).then(
				(said) => set(verdictOf(text, said)),
				(error: unknown) => own.signal.aborted || set(refusedVerdict(text, asRefusal(error))),
			);
		}, verdict ? PAUSE_MS : 0);
		return () => {
			window.clearTimeout(timer);
			own.abort();
		};
	}, [text, tries]);
	return verdict && { ...verdict, again: () => tryAgain(tries + 1) };
}
