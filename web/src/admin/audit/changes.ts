// What a row of the log says was changed, value by value.
import type { Schemas } from "../../api/client";
import { text } from "../../text";

const words = text.audit;
type Row = Pick<Schemas["AuditRow"], "before" | "after">;

export interface Changed {
	/** "": of what has no members. */
	name: string;
	was?: string;
	is?: string;
}

const NOTHING = "–";

/** As people read it; a list of plain values in one line, and whatever else as JSON. */
function shown(value: unknown): string {
	if (value === null || value === undefined || value === "") return NOTHING;
	if (typeof value === "boolean") return value ? words.yes : words.no;
	if (typeof value === "string" || typeof value === "number") return String(value);
	if (Array.isArray(value) && value.every((one) => typeof one !== "object")) return value.map(shown).join(", ") || NOTHING;
	return JSON.stringify(value, null, 1);
}

function membersOf(value: unknown): Map<string, unknown> {
	if (value === null || value === undefined) return new Map();
	if (typeof value === "object" && !Array.isArray(value)) return new Map(Object.entries(value));
	return new Map([["", value]]);
}

/** Of a thing that was made there is no "was", of one that was removed no "is"; nor what was never said of
 * either. */
export function changesOf({ before, after }: Row): Changed[] {
	const was = membersOf(before), is = membersOf(after);
	const hasBoth = was.size > 0 && is.size > 0;
	const names = [...new Set([...was.keys(), ...is.keys()])];
	const isSaid = (name: string) => hasBoth || shown(was.get(name) ?? is.get(name)) !== NOTHING;
	return names.filter(isSaid).map((name) => ({
		name,
		...((was.has(name) || hasBoth) && { was: shown(was.get(name)) }),
		...((is.has(name) || hasBoth) && { is: shown(is.get(name)) }),
	}));
}
