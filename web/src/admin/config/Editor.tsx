// The text, with its lines numbered and what is wrong marked where it is. What one types in is a plain
// text area, so that keyboards and screen readers know it; behind it lies the same text in colours.
import { Component, type RefObject } from "preact";
import { text } from "../../text";
import type { Fault } from "./faults";

const words = text.configuration;
const TOO_LONG = 3000;
const WORDS = /^((?:\s+|"(?:\\.|[^"\\])*"?|[^\s"#][^\s"]*)*)(#.*)?$/;

function Coloured({ line }: { line: string }) {
	const [, said = line, remark] = WORDS.exec(line) ?? [];
	const [, indent = "", name = ""] = /^(\s*)([a-z0-9_]*)/.exec(said) ?? [];
	return (
		<>
			{indent}
			{name && <b>{name}</b>}
			{said.slice(indent.length + name.length)}
			{remark && <i>{remark}</i>}
		</>
	);
}

interface LineProps {
	n: number;
	line: string;
	fault: string | undefined;
	plain: boolean;
}

/** A line that is as it was is not made anew: there may be thousands, at each letter. */
class Line extends Component<LineProps> {
	override shouldComponentUpdate(next: LineProps): boolean {
		const { line, fault, plain } = this.props;
		return next.line !== line || next.fault !== fault || next.plain !== plain;
	}

	render({ n, line, fault, plain }: LineProps) {
		return (
			<div class={fault === undefined ? "line" : "line bad"} data-line={n}>
				<span class="n">{n}</span>
				{plain ? line : <Coloured line={line} />}
				{fault !== undefined && <span class="said"> ◂ {fault}</span>}
				{"\n"}
			</div>
		);
	}
}

interface EditorProps {
	value: string;
	faults: readonly Fault[];
	readOnly: boolean;
	area: RefObject<HTMLTextAreaElement>;
	onValue: (value: string) => void;
}

export function Editor({ value, faults, readOnly, area, onValue }: EditorProps) {
	const lines = value.split("\n");
	const at = new Map(faults.map(({ line, message }) => [line, message]));
	return (
		<div class="editor mono">
			<div class="sheet-of-lines">
				<div class="behind" aria-hidden="true">
					{lines.map((line, i) => (
						<Line key={i} n={i + 1} line={line} fault={at.get(i + 1)} plain={lines.length > TOO_LONG} />
					))}
				</div>
				<textarea ref={area} aria-label={words.file} aria-invalid={faults.length > 0} aria-describedby="verdict"
					spellcheck={false} autocapitalize="off" autocomplete="off" wrap="off" readOnly={readOnly} value={value}
					onInput={(event) => onValue(event.currentTarget.value)} />
			</div>
		</div>
	);
}

/** Brings the cursor to a place of the text, and what is there into sight. */
export function goTo(area: HTMLTextAreaElement | null, line: number, from: number, to = from): void {
	area?.focus({ preventScroll: true });
	area?.setSelectionRange(from, to);
	area?.parentElement?.querySelector(`[data-line="${line}"]`)?.scrollIntoView({ block: "center", inline: "nearest" });
}
