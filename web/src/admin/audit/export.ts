// The log as lines of JSON, the oldest row first. The server gives it in parts, each of which says where it
// goes on.
import { ask, askRaw } from "../../api/client";
import { text } from "../../text";

const ROWS = 10_000;
/** Of a part of what was looked for: the most that there can be. */
const FOUND_ROWS = 1000;
/** Of the answer's Link field (RFC 8288). */
const NEXT = /[?&]from=(\d+)[^>]*>;\s*rel="next"/;

export interface Exported {
	content: Blob;
	rows: number;
}

const fileOf = (parts: Blob[]) => new Blob(parts, { type: "application/jsonl" });
const lineOf = (thing: object) => `${JSON.stringify(thing)}\n`;

/** The whole of it; `tell` hears which row is next. */
export async function exportAll(tell: (row: number) => void, signal: AbortSignal): Promise<Exported> {
	const parts: Blob[] = [];
	let from: number | undefined = 1, rows = 0;
	while (from !== undefined) {
		tell(from);
		const answer: Response = await askRaw("/audit/export", { query: { from, rows: ROWS }, signal });
		const part = await answer.text();
		rows += part.split("\n").length - 1;
		parts.push(new Blob([part]));
		const next: string | undefined = NEXT.exec(answer.headers.get("Link") ?? "")?.[1];
		from = next === undefined ? undefined : Number(next);
	}
	return { content: fileOf(parts), rows };
}

/** So that nobody takes it for the whole log. */
function headOf(filters: Record<string, string>): object {
	const said = Object.entries(filters).filter(([, value]) => value !== "");
	return { part_of: text.audit.partOf(location.host), exported: new Date().toISOString(),
		filters: Object.fromEntries(said), note: text.audit.partNote };
}

/** What the filters let through, the oldest first, under a line that says so; `tell` hears how many rows there are so far. */
export async function exportFound(
	filters: Record<string, string>, tell: (rows: number) => void, signal: AbortSignal,
): Promise<Exported> {
	const parts: Blob[] = [];
	let after: string | null = "", rows = 0;
	while (after !== null) {
		tell(rows);
		const part: Awaited<ReturnType<typeof someOf>> = await someOf(filters, after, signal);
		parts.push(new Blob(part.items.map(lineOf)));
		rows += part.items.length;
		after = part.next;
	}
	return { content: fileOf([new Blob([lineOf(headOf(filters))]), ...parts]), rows };
}

function someOf(filters: Record<string, string>, after: string, signal: AbortSignal) {
	return ask("get", "/audit", { query: { ...filters, sort: "time", after, limit: FOUND_ROWS }, signal });
}
