// The file, to be read and edited; what is typed is no change before it was looked at and applied.
import { useEffect, useRef, useState } from "preact/hooks";
import { usePath } from "../../route";
import { text } from "../../text";
import { Button, Notice } from "../../ui/parts";
import { Diff } from "./Diff";
import { Editor, goTo } from "./Editor";
import type { Configuration } from "./file";
import { type Fault, placeOf } from "./faults";
import { keepProposal, proposed, REVIEW } from "./proposal";
import { useVerdict, type Verdict } from "./verdict";
import { VerdictNotice } from "./Verdict";

const words = text.configuration;

function State({ verdict, value, isChanged }: { verdict: Verdict | undefined; value: string; isChanged: boolean }) {
	if (verdict?.of !== value) return <span class="chip">{words.verdict.looking}</span>;
	if (!verdict.valid) return <span class="chip bad">{words.verdict.bad}</span>;
	return <span class="chip good">{isChanged ? words.verdict.good : words.verdict.unchanged}</span>;
}

/** The file is another one than what runs: that is looked at first. */
function Differs({ diff, readOnly }: { diff: string; readOnly: boolean }) {
	return (
		<section class="card section">
			<div class="head">
				<div>
					<h2>{words.differs}</h2>
					<p class="dim small">{readOnly ? words.differsReadOnly : words.differsText}</p>
				</div>
				{!readOnly && <a class="button" href={REVIEW}>{words.differsDo}</a>}
			</div>
			<Diff of={diff} label={words.differs} />
		</section>
	);
}

/** "?line=12": where somebody was led to. */
function useLineOfAddress(area: { current: HTMLTextAreaElement | null }, value: string): void {
	const line = Number(usePath().searchParams.get("line") ?? 0);
	useEffect(() => {
		const lines = value.split("\n");
		if (line < 1 || line > lines.length) return;
		const from = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
		goTo(area.current, line, from, from + (lines[line - 1] ?? "").length);
	}, [line]);
}

export function FilePage({ file }: { file: Configuration }) {
	const [value, type] = useState(proposed()?.text ?? file.text ?? "");
	const area = useRef<HTMLTextAreaElement>(null);
	const verdict = useVerdict(value);
	useLineOfAddress(area, value);
	const isChanged = proposed() !== undefined, stale = proposed()?.base !== file.sha256 && isChanged;
	useEffect(() => {
		if (!proposed()) type(file.text ?? "");
	}, [file.sha256]);
	const edit = (next: string) => {
		const { file: of, base } = proposed() ?? { file: file.text ?? "", base: file.sha256 ?? "" };
		keepProposal({ text: next, file: of, base });
		type(next);
	};
	const discard = () => {
		keepProposal(undefined);
		type(file.text ?? "");
	};
	const show = (fault: Fault) => goTo(area.current, fault.line, placeOf(value, fault));
	return (
		<div class="stack">
			{file.read_only && <Notice kind="warn">{words.readOnly}</Notice>}
			{file.differs && <Differs diff={file.diff ?? ""} readOnly={file.read_only} />}
			{stale && <Notice kind="warn">{words.stale} <a href={REVIEW}>{words.staleDo}</a></Notice>}
			<section class="card section">
				<div class="head">
					<State verdict={verdict} value={value} isChanged={isChanged} />
					{!file.read_only && (
						<div class="actions">
							{isChanged && <Button look="quiet" onClick={discard}>{stale ? words.discardForTheirs : words.discard}</Button>}
							{isChanged && <a class="button main" href={REVIEW}>{words.review.open}</a>}
						</div>
					)}
				</div>
				<Editor value={value} faults={verdict?.of === value ? verdict.faults : []} readOnly={file.read_only} area={area} onValue={edit} />
			</section>
			<VerdictNotice of={verdict} onShow={show} />
			<p class="dim small">{words.hint}</p>
		</div>
	);
}
