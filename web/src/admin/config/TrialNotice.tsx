import { useAct } from "../../api/act";
import { ask } from "../../api/client";
import { text } from "../../text";
import { Icon } from "../../ui/Icon";
import { Button, Notice, Problem } from "../../ui/parts";
import { keepChange, type Trial, useCountdown } from "./trial";

const words = text.configuration.trial;

function OnTrial({ trial, until, movedTo }: { trial: Trial; until: number; movedTo: string | undefined }) {
	const left = useCountdown(until);
	const { busy, refusal, act } = useAct();
	const end = (how: () => Promise<unknown>) => act(async () => {
		await how();
		trial.again();
	});
	return (
		<section class="card padded trial stack" aria-label={words.title}>
			<div class="head">
				<div>
					<h2>{words.title}</h2>
					<p>{words.lead}</p>
				</div>
				<p class="left"><span role="timer" class="number">{words.left(left)}</span><small class="dim">{words.until}</small></p>
			</div>
			{trial.lost && <Notice kind="warn">{words.lost}</Notice>}
			{movedTo && <Notice kind="warn">{words.moved} <a class="name" href={movedTo}>{movedTo}</a></Notice>}
			{refusal && <Problem refusal={refusal} />}
			<div class="actions">
				<Button look="main" icon="check" busy={busy} onClick={() => end(keepChange)}>{words.keep}</Button>
				<Button busy={busy} onClick={() => end(() => ask("post", "/config/rollback"))}>{words.back}</Button>
			</div>
			<p class="dim small">{words.closed}</p>
		</section>
	);
}

/** What is on trial, or what became of it. */
export function TrialNotice({ trial, movedTo }: { trial: Trial; movedTo: string | undefined }) {
	const { until, outcome, tell } = trial;
	if (until !== undefined) return <OnTrial trial={trial} until={until} movedTo={movedTo} />;
	if (!outcome) return null;
	return (
		<div class={`notice ${outcome === "taken back" ? "warn" : "good"}`} role="status">
			<Icon name={outcome === "taken back" ? "alert" : "check"} />
			<div>
				<p>{words.outcomes[outcome]}</p>
				{outcome === "taken back" && <p>{words.aside}</p>}
			</div>
			<Button look="quiet" label={text.close} onClick={() => tell(undefined)}><Icon name="close" /></Button>
		</div>
	);
}
