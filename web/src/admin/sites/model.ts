// What a configuration's text says of sites, and of who gets what on the shared port.
import { type Block, type Directive, find, findAll, valuesOf } from "../config/lines";

export const HANDLERS = ["root", "proxy", "redirect", "respond"] as const;
export type Handler = (typeof HANDLERS)[number];

export interface Answer {
	by: Handler | "access_server";
	/** What stands behind it: a directory, addresses, a URL. */
	to: string;
}

export interface Site {
	names: readonly string[];
	/** Words of each line about it. */
	certificates: readonly (readonly string[])[];
	answers: Answer[];
	routes: { path: string; answers: Answer[] }[];
	at: Directive;
}

function answersOf(block: Block | undefined): Answer[] {
	const answers: Answer[] = HANDLERS.flatMap((by) =>
		findAll(block, [by]).map(({ words }) => ({ by, to: words.slice(1).join(" ") })));
	return find(block, "access_server") ? [{ by: "access_server", to: "" }, ...answers] : answers;
}

function siteOf(at: Directive): Site {
	return {
		names: at.words.slice(1),
		certificates: findAll(at.block, ["certificate"]).map(({ words }) => words.slice(1)),
		answers: answersOf(at.block),
		routes: findAll(at.block, ["route"]).map(({ words, block }) => ({ path: words[1] ?? "", answers: answersOf(block) })),
		at,
	};
}

export function sitesOf(tree: Block | undefined): Site[] {
	return findAll(tree, ["site"]).map(siteOf);
}

export const RULES = ["openvpn", "ssh", "http", "http2", "sni", "alpn", "tls", "other", "silent"] as const;
export type RuleKind = (typeof RULES)[number];
/** What may stand there once for each of several names. */
export const NAMED: readonly RuleKind[] = ["sni", "alpn"];

/** Who gets connections of a kind. */
export interface Rule {
	kind: RuleKind;
	/** Names of servers or protocols; of "silent", how long. */
	names: readonly string[];
	to: readonly string[];
	/** Undefined: nothing is said of it. */
	at?: Directive;
}

const isAddress = (word: string) => word.startsWith("unix:") || /:\d+$/.test(word);

function ruleOf(kind: RuleKind, at: Directive): Rule {
	const said = at.words.slice(1);
	const split = NAMED.includes(kind) ? said.findIndex(isAddress) : kind === "silent" ? 1 : 0;
	const end = split < 0 ? said.length : split;
	return { kind, names: said.slice(0, end), to: said.slice(end), at };
}

/** One of each kind at least; those of names as many as there are. */
export function rulesOf(tree: Block | undefined): Rule[] {
	const block = find(tree, "share")?.block;
	return RULES.flatMap((kind) => {
		const rules = findAll(block, [kind]).map((at) => ruleOf(kind, at));
		return rules.length > 0 || NAMED.includes(kind) ? rules : [{ kind, names: [], to: [] }];
	});
}

export function hasVpn(tree: Block | undefined): boolean {
	return valuesOf(find(tree, "vpn")?.block, "network").length > 0;
}
