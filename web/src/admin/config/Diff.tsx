// What a change does, line by line: the signs say it to who sees no colours.
import { text } from "../../text";

const words = text.configuration.diff;

interface Line {
	kind: "same" | "added" | "removed" | "place";
	text: string;
}

const KINDS: Record<string, Line["kind"]> = { "+": "added", "-": "removed", "@": "place", " ": "same" };

/** "@@ -3,7 +3,8 @@" is where it is in the one text and the other. */
function placeOf(line: string): string {
	const [, from = "", count = "1"] = /\+(\d+)(?:,(\d+))?/.exec(line) ?? [];
	return words.lines(Number(from), Math.max(Number(from), Number(from) + Number(count) - 1));
}

function linesOf(diff: string): Line[] {
	const lines = diff.split("\n").filter((line, i) => i > 1 || !/^(---|\+\+\+) /.test(line));
	return lines.flatMap((line) => {
		const kind = KINDS[line.charAt(0)];
		if (kind === undefined) return [];
		return [{ kind, text: kind === "place" ? placeOf(line) : line.slice(1) }];
	});
}

const TAGS = { same: "span", added: "ins", removed: "del", place: "span" } as const;
const SIGNS = { same: " ", added: "+", removed: "−", place: "" };

function DiffLine({ line: { kind, text: said } }: { line: Line }) {
	const Tag = TAGS[kind];
	return (
		<li class={kind}>
			<span class="sign" aria-hidden="true">{SIGNS[kind]}</span>
			{(kind === "added" || kind === "removed") && <span class="hidden">{words[kind]}</span>}
			<Tag>{said}</Tag>
		</li>
	);
}

export function Diff({ of, label }: { of: string; label: string }) {
	return (
		<ol class="diff mono" aria-label={label}>
			{linesOf(of).map((line, i) => <DiffLine key={i} line={line} />)}
		</ol>
	);
}
