// The last look before a change is one: what it does, and what happens unless it is confirmed.
import { useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { ask, asRefusal } from "../../api/client";
import { type Asked, useAsked } from "../../api/asked";
import { go } from "../../route";
import { text } from "../../text";
import { Choice } from "../../ui/form";
import { Head } from "../../ui/page";
import { Button, Notice, Problem, Waiting } from "../../ui/parts";
import { Nothing } from "../../ui/list";
import { Diff } from "./Diff";
import { movesTo } from "./doors";
import type { Configuration } from "./file";
import { keepProposal, meet, PLACE, type Proposal, proposed } from "./proposal";
import type { Trial } from "./trial";
import { useVerdict } from "./verdict";
import { VerdictNotice } from "./Verdict";

const words = text.configuration.review;
const USUAL_S = "60";

interface ReviewProps {
	file: Asked<Configuration>;
	trial: Trial;
	onMoved: (to: string | undefined) => void;
}

/** Nothing of what others wrote into the file meanwhile is lost, nor of what was typed here. */
function Stale({ onMeet }: { onMeet: () => void }) {
	return (
		<Notice kind="bad">
			<p>{words.changed}</p>
			<p>{words.changedText}</p>
			<p><Button look="quiet" onClick={onMeet}>{words.compare}</Button></p>
		</Notice>
	);
}

function Discard() {
	return (
		<Button look="quiet danger" onClick={() => {
			keepProposal(undefined);
			go(PLACE);
		}}>{words.discard}</Button>
	);
}

function Apply({ proposal, isMoving, trial, onMoved, again }: {
	proposal: Proposal; isMoving: boolean; trial: Trial; onMoved: () => void; again: () => void;
}) {
	const [seconds, choose] = useState(USUAL_S);
	const { busy, refusal, act } = useAct();
	const send = async () => {
		const { text: whole, base } = proposal;
		try {
			await ask("post", "/config/apply", { body: { text: whole, base, confirm_seconds: Number(seconds) } });
		} catch (error) {
			if (asRefusal(error).kind === "changed") again();
			throw error;
		}
	};
	const apply = () => act(async () => {
		await send();
		keepProposal(undefined);
		onMoved();
		if (seconds === "0") trial.tell("applied");
		trial.again();
		again();
		go(PLACE, "replace");
	});
	return (
		<section class="card padded stack">
			<h2>{words.apply}</h2>
			<Choice label={words.confirm} hint={seconds === "0" ? words.confirmNever : words.confirmHint} value={seconds} onValue={choose}
				options={words.times} />
			{seconds === "0" && isMoving && <Notice kind="warn">{words.movingNever}</Notice>}
			{refusal && <Problem refusal={refusal} />}
			<div class="actions">
				<Button look="main" busy={busy} onClick={apply}>{words.submit}</Button>
				<a class="button" href={PLACE}>{words.edit}</a>
				<Discard />
			</div>
		</section>
	);
}

function OthersChanges({ diff }: { diff: string }) {
	return (
		<section class="card section">
			<div class="head"><div><h2>{words.others}</h2><p class="dim small">{words.othersText}</p></div></div>
			<Diff of={diff} label={words.others} />
		</section>
	);
}

function Changes({ proposal }: { proposal: Proposal }) {
	const { text: whole } = proposal;
	const { data, refusal, again } = useAsked(`${proposal.base} ${proposal.met ?? ""} ${whole}`,
		(signal) => ask("post", "/config/diff", { body: { text: whole }, signal }));
	if (refusal) return <Problem refusal={refusal} again={again} />;
	return data ? <Diff of={data.diff ?? ""} label={words.yours} /> : <Waiting />;
}

export function Review({ file, trial, onMoved }: ReviewProps) {
	const [, look] = useState(0);
	const now = file.data;
	const proposal = proposed() ?? (now?.differs ? { text: now.text ?? "", file: now.text ?? "", base: now.sha256 ?? "" } : undefined);
	const verdict = useVerdict(proposal?.text ?? now?.text ?? "");
	const again = () => {
		file.again();
		look((n) => n + 1);
	};
	if (!now)
		return file.refusal ? <div class="stack"><Head title={words.title} /><Problem refusal={file.refusal} again={again} /></div> : <Waiting />;
	if (!proposal)
		return (
			<div class="stack">
				<Head title={words.title} />
				<Nothing title={words.nothing} lead={words.nothingText}><a class="button" href={PLACE}>{words.edit}</a></Nothing>
			</div>
		);
	const isMine = proposal.text !== proposal.file, isStale = proposal.base !== now.sha256;
	const to = movesTo(proposal.file, proposal.text, new URL(location.href));
	const compare = () => {
		meet(now.text ?? "", now.sha256 ?? "");
		look((n) => n + 1);
	};
	return (
		<div class="stack">
			<Head title={words.title} lead={words.lead} />
			{now.read_only && <Notice kind="warn">{text.configuration.readOnly}</Notice>}
			{isStale && isMine && <Stale onMeet={compare} />}
			{proposal.met && !isStale && <Notice kind="warn">{words[proposal.met]}</Notice>}
			{now.differs && <OthersChanges diff={now.diff ?? ""} />}
			{isMine && (
				<section class="card section">
					<div class="head"><h2>{words.yours}</h2></div>
					<Changes proposal={proposal} />
				</section>
			)}
			<VerdictNotice of={verdict} />
			{to !== undefined && <Notice kind="warn">{to === "" ? words.nowhere : words.moves(to)}</Notice>}
			{verdict?.valid && verdict.of === proposal.text && !isStale && !now.read_only
				? <Apply proposal={proposal} isMoving={to !== undefined} trial={trial} again={again}
					onMoved={() => onMoved(to ? `${to}${PLACE}` : undefined)} />
				: (
					<div class="actions">
						<a class="button" href={PLACE}>{now.read_only ? words.back : words.edit}</a>
						{isMine && <Discard />}
					</div>
				)}
		</div>
	);
}
