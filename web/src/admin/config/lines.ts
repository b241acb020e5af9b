// Changes of the configuration's text that leave every other line as it is, comments and order too.
import { behindLine, type Block, type Directive, find, findAll, readTree } from "./tree";

export * from "./tree";

/** What a directive is called, and words that tell it from others of that name: ["site", "example.org"]. */
export type Which = readonly string[];
/** Through which blocks one comes to a directive, from the outside; none is the file itself. */
export type Path = readonly Which[];

/** A directive to be written. */
export interface Written {
	words: readonly string[];
	block?: readonly Written[];
}

/** A brace is missing or too many: nothing can be told of the text, and nothing changed in it. */
export class Unreadable extends Error {}

const PLAIN = /^(?!#)(?:\{[a-z_]+\}|[^\s{};"\\])+$/;

/** A word as it has to stand in the file. Nothing can stand for a control character. */
export function quoted(word: string): string {
	// eslint-disable-next-line no-control-regex -- just these
	const clean = word.replace(/[\x00-\x1f\x7f]+/g, " ");
	return PLAIN.test(clean) ? clean : `"${clean.replace(/["\\]/g, "\\$&")}"`;
}

function inOneLine({ words, block }: Written): string {
	const head = words.map(quoted).join(" ");
	return block ? `${head} { ${block.map(inOneLine).join("; ")} }` : head;
}

function inLines({ words, block }: Written, indent: string, unit: string): string[] {
	const head = indent + words.map(quoted).join(" ");
	if (!block) return [head];
	return [`${head} {`, ...block.flatMap((one) => inLines(one, indent + unit, unit)), `${indent}}`];
}

function treeOf(text: string): Block {
	const tree = readTree(text);
	if (!tree) throw new Unreadable();
	return tree;
}

function blockAt(tree: Block, path: Path): Block | undefined {
	return path.reduce<Block | undefined>((block, which) => find(block, ...which)?.block, tree);
}

function spliced(text: string, from: number, to: number, by: string): string {
	return text.slice(0, from) + by + text.slice(to);
}

const newlineOf = (text: string) => (/\r\n/.test(text) ? "\r\n" : "\n");
const lineStart = (text: string, at: number) => text.lastIndexOf("\n", at - 1) + 1;

/** What stands before it on its line, if that is white space alone. */
function indentAt(text: string, at: number): string | undefined {
	const before = text.slice(lineStart(text, at), at).replace(/^\uFEFF/, "");
	return /^[ \t]*$/.test(before) ? before : undefined;
}

/** By how much this file sets in what stands in a block. */
function unitOf(text: string, block: Block): string {
	for (const { block: inner } of block.items) {
		const indents = inner?.items.map(({ from }) => indentAt(text, from)) ?? [];
		const indent = indents.find((one) => one !== undefined && one !== "");
		if (indent !== undefined) return indent;
	}
	return "    ";
}

/** Behind the line on which `at` is. */
function lineEnd(text: string, at: number): number {
	const end = text.indexOf("\n", at);
	return end < 0 ? text.length : end + 1;
}

/** Whether a line ends before `at`, and does not go on there. */
function endsLine(text: string, at: number): boolean {
	return text.charAt(at - 1) === "\n" && !/\\\r?\n$/.test(text.slice(Math.max(0, at - 3), at));
}

/** Where a new one goes: on the line behind the last of its name, or else behind all others. */
function placeFor(text: string, block: Block, name: string | undefined): number {
	const before = block.items.filter(({ words }) => words[0] === name).at(-1) ?? block.items.at(-1);
	let at = behindLine(text, before?.end ?? block.open);
	// Others may begin on that line, and end on another.
	for (const { from, end } of block.items) if (from < at && end > at) at = behindLine(text, end);
	return at;
}

function addToFile(text: string, tree: Block, added: Written): string {
	const nl = newlineOf(text);
	const at = tree.items.length > 0 ? placeFor(text, tree, added.words[0]) : text.length;
	const lines = inLines(added, "", unitOf(text, tree)).join(nl) + nl;
	const gap = added.block && at > 0 && /\n\r?\n/.test(text) && !/\n\r?\n$/.test(text.slice(0, at)) ? nl : "";
	const start = at > 0 && !endsLine(text, at) ? nl : "";
	return spliced(text, at, at, start + gap + lines);
}

/** The block begins and ends on one line, or has a last directive there: "share { ssh inetd }". */
function addBeforeBrace(text: string, tree: Block, block: Block, added: Written): string {
	const nl = newlineOf(text), unit = unitOf(text, tree);
	const inside = text.slice(block.open, block.close);
	const kept = inside.replace(/(?:[\s;]|\\(?=\r?\n))+$/, "");
	if (!added.block && !inside.includes("\n")) {
		const whole = [kept.trim(), inOneLine(added)].filter(Boolean).join("; ");
		return spliced(text, block.open, block.close, ` ${whole} `);
	}
	const outer = /^[ \t]*/.exec(text.slice(lineStart(text, block.open)))?.[0] ?? "";
	const lines = inLines(added, outer + unit, unit).join(nl);
	return spliced(text, block.open, block.close, `${kept}${nl}${lines}${nl}${outer}`);
}

function addToBlock(text: string, tree: Block, block: Block, added: Written): string {
	const braceLine = lineStart(text, block.close);
	const at = placeFor(text, block, added.words[0]);
	// Where the brace has a line of its own, lines go before it.
	if (at > braceLine || indentAt(text, block.close) === undefined || !endsLine(text, at))
		return addBeforeBrace(text, tree, block, added);
	const outer = indentAt(text, block.close) ?? "";
	const unit = unitOf(text, tree);
	const indents = block.items.map(({ from }) => indentAt(text, from)).filter((one) => one !== undefined);
	const lines = inLines(added, indents.at(-1) ?? outer + unit, unit);
	return spliced(text, at, at, lines.map((line) => line + newlineOf(text)).join(""));
}

/** Adds a directive, and the blocks that lead to it where they are not there. */
export function add(text: string, path: Path, added: Written): string {
	const tree = treeOf(text);
	if (path.length === 0) return addToFile(text, tree, added);
	const block = blockAt(tree, path);
	if (block) return addToBlock(text, tree, block, added);
	const owner = blockAt(tree, path.slice(0, -1)), name = path.at(-1) ?? [];
	const bare = find(owner, ...name);
	// A directive may be there that has no block yet: "proxy http://10.0.0.5".
	if (!bare) return add(text, path.slice(0, -1), { words: name, block: [added] });
	return spliced(text, bare.wordsEnd, bare.wordsEnd, ` { ${inOneLine(added)} }`);
}

/** Its lines; where others share them, no more than itself. */
function without(text: string, { from, end }: Directive): string {
	const rest = /^[ \t]*;?[ \t]*(#[^\n]*)?(\r?\n|$)/.exec(text.slice(end));
	if (rest && indentAt(text, from) !== undefined) {
		const start = lineStart(text, from), behind = end + rest[0].length;
		const isBlank = (line: string) => /^[ \t]*\r?\n$/.test(line);
		const lineBefore = start > 0 ? text.slice(lineStart(text, start - 1), start) : "\n";
		const lineBehind = text.slice(behind, lineEnd(text, behind));
		return spliced(text, start, isBlank(lineBefore) && isBlank(lineBehind) ? behind + lineBehind.length : behind, "");
	}
	return spliced(text, from, end + (/^[ \t]*;[ \t]*/.exec(text.slice(end))?.[0].length ?? 0), "");
}

/** Removes all directives that are called so, with their blocks. */
export function remove(text: string, path: Path, which: Which): string {
	return findAll(blockAt(treeOf(text), path), which).reduceRight(without, text);
}

/** The new words in place of the old: what aligned them stays, and so does all behind them. */
function rewritten(text: string, { from, wordsEnd, words }: Directive, fresh: readonly string[]): string {
	if (words.length === fresh.length && words.every((word, i) => word === fresh[i])) return text;
	const gap = /^[^\s"{};]+([ \t]+)/.exec(text.slice(from, wordsEnd))?.[1] ?? " ";
	const [name = "", ...more] = fresh.map(quoted);
	return spliced(text, from, wordsEnd, name + (more.length > 0 ? gap + more.join(" ") : ""));
}

/**
 * Makes the directive that `which` tells, its name alone unless more is said, have these words: in its
 * place if it is there, else added. Others that `which` tells as well are removed; a block stays.
 */
export function set(text: string, path: Path, words: readonly string[], which: Which = words.slice(0, 1)): string {
	const [there, ...more] = findAll(blockAt(treeOf(text), path), which);
	if (!there) return add(text, path, { words });
	return rewritten(more.reduceRight(without, text), there, words);
}

/** The lines of a directive as they are. */
export function linesOf(text: string, { first, last }: Directive): string {
	return text.split("\n").slice(first - 1, last).join("\n");
}
