// Access rules, as they are read aloud.
import { ask, askVersioned, type Schemas } from "../../api/client";
import { text } from "../../text";

const words = text.access;
export type Rule = Schemas["Rule"];
export type Scope = Rule["scope"];
export type Protocol = Rule["protocol"];
export const SCOPES = ["user", "group", "global"] as const;
export const PROTOCOLS = ["any", "tcp", "udp", "icmp"] as const;
export const PLACE = "/admin/access";

/** What of a rule says what it is about, of one that is typed as of one that is there. */
export type Said = Pick<Rule, "scope" | "action" | "destination" | "protocol" | "port_from" | "port_to" | "way"> & {
	of: string | null;
};

export function hasPorts(protocol: Protocol): boolean {
	return protocol === "tcp" || protocol === "udp";
}

/** "everything", "TCP 443", "UDP 5000–5010" */
export function trafficOf({ protocol, port_from, port_to }: Pick<Rule, "protocol" | "port_from" | "port_to">): string {
	const name = words.protocols[protocol];
	if (!hasPorts(protocol) || port_from === 0) return name;
	return words.ports(name, port_to > port_from ? `${port_from}–${port_to}` : String(port_from));
}

/** In one sentence, for where nothing but text can stand. */
export function sentenceOf(rule: Said): string {
	const said = words.sentence;
	const traffic = rule.protocol === "any" ? "" : said.by(trafficOf(rule));
	const way = rule.action === "allow" ? said[rule.way] : "";
	return `${said.who[rule.scope]}${rule.of ?? ""}${said[rule.action]}${rule.destination}${traffic}${way}`;
}

export function pathOf(rule: Pick<Rule, "id">): string {
	return `${PLACE}/rules/${rule.id}`;
}

export interface Subject {
	scope: Scope;
	of: string | null;
	rules: Rule[];
}

/** In the order that they came in, those of one subject together. */
export function bySubject(rules: readonly Rule[]): Subject[] {
	const subjects: Subject[] = [];
	for (const rule of rules) {
		const last = subjects.at(-1);
		if (last && last.scope === rule.scope && last.of === rule.of) last.rules.push(rule);
		else subjects.push({ scope: rule.scope, of: rule.of, rules: [rule] });
	}
	return subjects;
}

/** What of a rule can be changed later: whose it is cannot. */
export type RuleBody = Schemas["RuleChange"];

/** As it is now; what was looked at is of the list, which has no versions. */
export async function changeRule(id: Rule["id"], body: RuleBody): Promise<void> {
	const { version } = await askVersioned("/rules/{id}", { parts: { id: String(id) } });
	await ask("patch", "/rules/{id}", { parts: { id: String(id) }, body, version });
}

export async function removeRule(id: Rule["id"]): Promise<void> {
	const { version } = await askVersioned("/rules/{id}", { parts: { id: String(id) } });
	await ask("delete", "/rules/{id}", { parts: { id: String(id) }, version });
}
