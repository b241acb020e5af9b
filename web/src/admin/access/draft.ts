// A rule as it is typed.
import type { Schemas } from "../../api/client";
import { hasPorts, type Protocol, type Rule, type RuleBody, type Said, type Scope } from "./rule";

export interface Draft {
	scope: Scope;
	of: string;
	action: Rule["action"];
	destination: string;
	protocol: Protocol;
	/** "" for any, as for the rest of what is a number. */
	portFrom: string;
	portTo: string;
	way: Rule["way"];
	position: string;
	comment: string;
}

function typed(number: number): string {
	return number === 0 ? "" : String(number);
}

export function emptyDraft(scope: Scope, of: string): Draft {
	return {
		scope, of, action: "allow", destination: "", protocol: "any", portFrom: "", portTo: "", way: "nat", position: "",
		comment: "",
	};
}

export function draftOf(rule: Rule): Draft {
	return {
		...rule,
		of: rule.of ?? "",
		portFrom: typed(rule.port_from),
		portTo: rule.port_to === rule.port_from ? "" : typed(rule.port_to),
		position: typed(rule.position),
		comment: rule.comment ?? "",
	};
}

export function bodyOf(draft: Draft): Required<RuleBody> {
	const ported = hasPorts(draft.protocol);
	return {
		action: draft.action,
		destination: draft.destination.trim(),
		protocol: draft.protocol,
		port_from: ported ? Number(draft.portFrom) : 0,
		port_to: ported ? Number(draft.portTo) : 0,
		way: draft.way,
		position: Number(draft.position),
		comment: draft.comment.trim() || null,
	};
}

export function newBodyOf(draft: Draft): Schemas["RuleCreate"] {
	return {
		...bodyOf(draft),
		scope: draft.scope,
		...(draft.scope !== "global" && { of: draft.of.trim() }),
	};
}

export function saidOf(draft: Draft): Said {
	return { ...bodyOf(draft), scope: draft.scope, of: draft.scope === "global" ? null : draft.of.trim() };
}
