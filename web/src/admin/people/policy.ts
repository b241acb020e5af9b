// What a policy says, in words, and as a form has it.
import type { Schemas } from "../../api/client";
import { text } from "../../text";
import type { Option } from "../../ui/form";

const words = text.policy;
export type Policy = Schemas["Policy"];
export const FIELDS = [
	"totp_required", "devices_max", "connections_max", "session_minutes", "tunnel", "client_to_client", "dns",
] as const;
export type PolicyField = (typeof FIELDS)[number];
export const POLICY_FIELDS = FIELDS.map((field) => `policy.${field}`);

/** Nothing is set in it. */
export const unset: Policy = {
	totp_required: null, devices_max: null, connections_max: null, session_minutes: null, tunnel: null,
	client_to_client: null, dns: null,
};

/** How it is chosen: "" is as the wider one has it, "0" is none or any, "some" is what is typed. */
export interface Chosen {
	mode: string;
	typed: string;
}
export type PolicyDraft = Record<PolicyField, Chosen>;

export const options: Record<PolicyField, readonly Option[]> = {
	totp_required: [["true", words.needed], ["false", words.notNeeded]],
	devices_max: [["0", words.any], ["some", words.atMost]],
	connections_max: [["0", words.any], ["some", words.atMost]],
	session_minutes: [["0", words.never], ["some", words.after]],
	tunnel: [["full", words.full], ["split", words.split]],
	client_to_client: [["true", words.yes], ["false", words.no]],
	dns: [["0", words.none], ["some", words.these]],
};

function sayNumber(n: number, none: string, some: (n: number) => string): string {
	return n === 0 ? none : some(n);
}

/** What it says of a field; undefined: nothing. */
export function say(policy: Policy, field: PolicyField): string | undefined {
	const value = policy[field];
	if (value === null) return undefined;
	if (Array.isArray(value)) return value.length === 0 ? words.none : value.join(", ");
	if (typeof value === "number")
		return field === "session_minutes"
			? sayNumber(value, words.never, words.minutes)
			: sayNumber(value, words.any, words.atMostN);
	return options[field].find(([name]) => name === String(value))?.[1];
}

function chosenOf(value: Policy[PolicyField]): Chosen {
	if (value === null) return { mode: "", typed: "" };
	if (Array.isArray(value)) return { mode: value.length === 0 ? "0" : "some", typed: value.join(", ") };
	if (typeof value === "number") return { mode: value === 0 ? "0" : "some", typed: value === 0 ? "" : String(value) };
	return { mode: String(value), typed: "" };
}

export function draftOfPolicy(policy: Policy): PolicyDraft {
	return Object.fromEntries(FIELDS.map((field) => [field, chosenOf(policy[field])])) as PolicyDraft;
}

function numberOf({ mode, typed }: Chosen): number | null {
	return mode === "" ? null : mode === "0" ? 0 : Number(typed);
}

function yesOrNo({ mode }: Chosen): boolean | null {
	return mode === "" ? null : mode === "true";
}

function addressesOf({ mode, typed }: Chosen): string[] | null {
	if (mode === "") return null;
	return mode === "0" ? [] : typed.split(/[\s,;]+/).filter(Boolean);
}

export function policyOf(draft: PolicyDraft): Policy {
	const { mode } = draft.tunnel;
	return {
		totp_required: yesOrNo(draft.totp_required),
		devices_max: numberOf(draft.devices_max),
		connections_max: numberOf(draft.connections_max),
		session_minutes: numberOf(draft.session_minutes),
		tunnel: mode === "full" || mode === "split" ? mode : null,
		client_to_client: yesOrNo(draft.client_to_client),
		dns: addressesOf(draft.dns),
	};
}

/** A policy, and whose it is. */
export interface Level {
	source: string;
	policy: Policy;
}

/** Of these, the nearest first: what counts, and who says so. */
export function decide(levels: readonly Level[], field: PolicyField): { value: string; source: string | undefined } {
	for (const { source, policy } of levels) {
		const value = say(policy, field);
		if (value !== undefined) return { value, source };
	}
	return { value: words.configured, source: undefined };
}
