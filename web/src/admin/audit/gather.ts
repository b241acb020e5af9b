// A page of the log. A search looks at some thousands of rows at a time: most of its answers may be
// empty, and say but where to look on.
import { ask, type Schemas } from "../../api/client";
import { PAGE } from "../../ui/list";

/** After these somebody is asked whether to look on. */
const PARTS = 25;

export interface Gathered {
	items: Schemas["AuditRow"][];
	next: string | null;
}

export type AuditQuery = Record<"search" | "action" | "who" | "object" | "address" | "since" | "until" | "after", string> & {
	sort: "time";
	descending: boolean;
};

export async function gather(query: AuditQuery, signal: AbortSignal): Promise<Gathered> {
	const items: Gathered["items"] = [];
	let after = query.after;
	for (let part = 1; ; part++) {
		const some = await ask("get", "/audit", { query: { ...query, after, limit: PAGE - items.length }, signal });
		items.push(...some.items);
		if (some.next === null || items.length >= PAGE || part === PARTS) return { items, next: some.next };
		after = some.next;
	}
}
