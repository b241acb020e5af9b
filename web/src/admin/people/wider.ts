// Where a policy comes from that is not set for an account itself.
import { ask, type Schemas } from "../../api/client";
import { text } from "../../text";
import type { Level } from "./policy";

const { sources } = text.policy;

/** What is set for everybody, and what is usual where that says nothing. */
export function everybodysLevels(everybody: Schemas["EverybodysPolicy"]): Level[] {
	return [{ source: sources.everybody, policy: everybody }, { source: sources.usual, policy: everybody.usual }];
}

/** Of the group, if there is one, and of everybody. */
export async function askWider(group: string | null, signal?: AbortSignal): Promise<Level[]> {
	const also = signal && { signal };
	const [own, everybody] = await Promise.all([
		group === null ? undefined : ask("get", "/groups/{group}", { parts: { group }, ...also }),
		ask("get", "/policy", also),
	]);
	const widest = everybodysLevels(everybody);
	return own?.policy ? [{ source: sources.group, policy: own.policy }, ...widest] : widest;
}
