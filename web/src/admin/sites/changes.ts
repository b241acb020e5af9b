// What the forms make of the configuration's text: their own lines, and nothing else.
import { add, find, readTree, remove, set, type Which, type Written } from "../config/lines";
import { type Answer, type Handler, HANDLERS, NAMED, type Rule, type RuleKind, type Site } from "./model";

export type Shown = Handler | "nothing";

export interface SiteWords {
	names: string[];
	/** None: self-signed. Else a chain and its key. */
	files: string[];
	by: Shown;
	to: string[];
	accessServer: boolean;
}

const certificateOf = ({ files }: SiteWords) => ["certificate", ...(files.length > 0 ? files : ["self-signed"])];

export function addSite(text: string, site: SiteWords): string {
	const block: Written[] = [{ words: certificateOf(site) }];
	if (site.accessServer) block.push({ words: ["access_server"] });
	if (site.by !== "nothing") block.push({ words: [site.by, ...site.to] });
	return add(text, [], { words: ["site", ...site.names], block });
}

const same = (a: readonly string[], b: readonly string[]) => a.join("\n") === b.join("\n");

/** What answers in the site itself; its routes stay. */
function setAnswer(text: string, path: Which, old: Answer | undefined, { by, to }: SiteWords): string {
	const others = HANDLERS.filter((one) => one !== by);
	const cleared = others.reduce((one, name) => remove(one, [path], [name]), text);
	if (by === "nothing") return cleared;
	const words = [by, ...to];
	return old?.by === by && old.to === to.join(" ") ? cleared : set(cleared, [path], words);
}

export function changeSite(text: string, before: Site, site: SiteWords): string {
	const old = ["site", ...before.names.slice(0, 1)], path = ["site", ...site.names.slice(0, 1)];
	const named = set(text, [], ["site", ...site.names], old);
	const certificate = certificateOf(site).slice(1);
	// Several lines, for keys of several types, are more than the form has.
	const isSame = before.certificates.some((one) => same(one, certificate));
	const shown = isSame ? named : set(named, [path], ["certificate", ...certificate]);
	const answered = setAnswer(shown, path, before.answers.find(({ by }) => by === site.by), site);
	const has = find(find(readTree(answered), ...path)?.block, "access_server") !== undefined;
	if (has === site.accessServer) return answered;
	return has ? remove(answered, [path], ["access_server"]) : add(answered, [path], { words: ["access_server"] });
}

export const removeSite = (text: string, { names }: Site) => remove(text, [], ["site", ...names.slice(0, 1)]);

const SHARE = [["share"]];
const whichOf = ({ kind, names }: Rule): Which => (NAMED.includes(kind) ? [kind, ...names.slice(0, 1)] : [kind]);

/** `before`: the rule that it is in place of. */
export function setRule(text: string, kind: RuleKind, names: string[], to: string[], before?: Rule): string {
	const words = [kind, ...names, ...to];
	if (before?.at && before.kind === kind) return set(text, SHARE, words, whichOf(before));
	return NAMED.includes(kind) ? add(text, SHARE, { words }) : set(text, SHARE, words);
}

export const removeRule = (text: string, rule: Rule) => remove(text, SHARE, whichOf(rule));

/** Words as people type them: with blanks or commas between. */
export const wordsOf = (typed: string) => typed.split(/[\s,]+/).filter(Boolean);
