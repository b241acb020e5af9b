// The text of the configuration as directives, each with where it stands: as src/config/lex.c and
// tree.c read it. What is wrong within a directive is the server's to say; here only braces count.
export interface Directive {
	/** Its name and arguments, without quotes. */
	words: readonly string[];
	/** Lines, counted from 1, its block's among them. */
	first: number;
	last: number;
	/** In the text, from its first word to behind its last; `end` is behind its block, if it has one. */
	from: number;
	wordsEnd: number;
	end: number;
	block?: Block;
}

export interface Block {
	items: readonly Directive[];
	/** Behind its "{", and where its "}" is; of the whole text, where that begins and ends. */
	open: number;
	close: number;
}

type Kind = "word" | "open" | "close" | "end" | "eof";

interface Token {
	kind: Kind;
	from: number;
	end: number;
	word: string;
}

const MARKS: Record<string, Kind> = { "{": "open", "}": "close", ";": "end", "\n": "end" };
/** White space, comments, and lines that go on after a backslash. */
const BLANK = /(?:[ \t]|\\\r?\n|#[^\n]*)*/y;
const QUOTED = /"((?:\\[^\n]|[^"\\\n])*)("?)/y;
/** "{path}" is part of a word and opens no block. */
// eslint-disable-next-line no-control-regex -- they end a word, as blanks do
const WORD = /(?:\{[a-z_]+\}|\\(?!\r?\n)|[^ \x00-\x1f\x7f{};"\\])+/y;
/** What stands where no word can: it is left out. */
const STRAY = /\r\n|[^]/y;

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
	pattern.lastIndex = at;
	return pattern.exec(text);
}

function nextToken(text: string, at: number): Token {
	const from = at + (matchAt(BLANK, text, at)?.[0].length ?? 0);
	const token = (kind: Kind, end: number, word = ""): Token => ({ kind, from, end, word });
	if (from >= text.length) return token("eof", from);
	const quoted = matchAt(QUOTED, text, from);
	if (quoted) return token("word", from + quoted[0].length, (quoted[1] ?? "").replace(/\\(.)/g, "$1"));
	const plain = matchAt(WORD, text, from);
	if (plain) return token("word", from + plain[0].length, plain[0]);
	const stray = matchAt(STRAY, text, from)?.[0] ?? "";
	return token(MARKS[stray === "\r\n" ? "\n" : stray] ?? "word", from + stray.length);
}

/** Where the next line begins, or the "}" is that comes before: a backslash makes lines one. */
export function behindLine(text: string, at: number): number {
	for (let token = nextToken(text, at); ; token = nextToken(text, token.end)) {
		if (token.kind === "close" || token.kind === "eof") return token.from;
		if (token.kind === "end" && text.charAt(token.end - 1) === "\n") return token.end;
	}
}

/** In which line a place of the text is. */
function lineCounter(text: string): (at: number) => number {
	const starts = [0];
	for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
	return (at) => {
		let low = 0, high = starts.length;
		while (high - low > 1) {
			const middle = (low + high) >> 1;
			if ((starts[middle] ?? 0) <= at) low = middle;
			else high = middle;
		}
		return low + 1;
	};
}

class Reader {
	whole = true;
	private token: Token;
	private readonly lineOf: (at: number) => number;

	constructor(private readonly text: string) {
		this.lineOf = lineCounter(text);
		this.token = nextToken(text, text.startsWith("\uFEFF") ? 1 : 0);
	}

	private take(): Token {
		const taken = this.token;
		this.token = nextToken(this.text, taken.end);
		return taken;
	}

	private is(kind: Kind): boolean {
		return this.token.kind === kind;
	}

	private directive(): Directive {
		const start = this.token.from, words: string[] = [];
		let end = start;
		while (this.is("word")) {
			const { end: behind, word } = this.take();
			end = behind;
			words.push(word);
		}
		const at = { words, from: start, wordsEnd: end, first: this.lineOf(start) };
		if (!this.is("open")) return { ...at, end, last: this.lineOf(end) };
		const block = this.block(this.take().end, true);
		// A new line, or ";", must follow.
		if (this.is("word") || this.is("open")) this.whole = false;
		const behind = Math.min(block.close + 1, this.text.length);
		return { ...at, block, end: behind, last: this.lineOf(block.close) };
	}

	block(open: number, inside: boolean): Block {
		const items: Directive[] = [];
		for (;;) {
			if (this.is("word")) {
				items.push(this.directive());
				continue;
			}
			const { kind, from } = this.take();
			if (kind === "eof" || (kind === "close" && inside)) {
				this.whole &&= (kind === "close") === inside;
				return { items, open, close: from };
			}
			if (kind !== "end") this.whole = false;
		}
	}
}

/** Undefined where braces do not fit: what stands in which block is anyone's guess then. */
export function readTree(text: string): Block | undefined {
	const reader = new Reader(text);
	const tree = reader.block(0, false);
	return reader.whole ? tree : undefined;
}

/** Whether it is called so, and has all of these among its words: ["site", "example.org"]. */
export function isCalled(directive: Directive, [name, ...more]: readonly string[]): boolean {
	return directive.words[0] === name && more.every((word) => directive.words.includes(word, 1));
}

export function findAll(block: Block | undefined, which: readonly string[]): Directive[] {
	return block?.items.filter((directive) => isCalled(directive, which)) ?? [];
}

export function find(block: Block | undefined, ...which: readonly string[]): Directive | undefined {
	return block?.items.find((directive) => isCalled(directive, which));
}

/** All that is said by directives of this name, in their order; none: it is not said. */
export function valuesOf(block: Block | undefined, name: string): string[] {
	return findAll(block, [name]).flatMap(({ words }) => words.slice(1));
}
