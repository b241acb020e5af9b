import { useLayoutEffect, useState } from "preact/hooks";
import { go, usePath } from "../../route";
import { text } from "../../text";
import { Choice, Field, faultOf } from "../../ui/form";
import { pick } from "../../ui/list";
import { Button, Problem, Waiting } from "../../ui/parts";
import { Grant } from "./Grant";
import { Sentence } from "./parts";
import { type Answer, addressOf, type Question, questionOf, type Reached, useAnswer } from "./question";
import { hasPorts, pathOf, PROTOCOLS } from "./rule";
import { SubjectField } from "./Subject";

const words = text.reach;
const FIELDS = ["user", "to", "port", "protocol"];

function isUnknown({ refusal }: Answer): boolean {
	return refusal?.status === 404;
}

/** Whether what went wrong stands beside a field already. */
function isTold(answer: Answer): boolean {
	return isUnknown(answer) || faultOf(answer.refusal, ...FIELDS) !== undefined;
}

function Ask({ question, answer }: { question: Question; answer: Answer }) {
	const [typed, set] = useState(question);
	// At once: after the paint it would take back what was typed meanwhile.
	useLayoutEffect(() => set(question), [addressOf(question)]);
	const change = (part: Partial<Question>) => set((before) => ({ ...before, ...part }));
	const { refusal } = answer;
	return (
		<form class="card padded form" role="search" aria-label={words.title} onSubmit={(event) => {
			event.preventDefault();
			const address = addressOf(typed);
			if (address === location.pathname + location.search) answer.again();
			else go(address);
		}}>
			<div class="question">
				<SubjectField of="user" label={words.user} value={typed.user} focus={question.user === ""}
					fault={isUnknown(answer) ? words.unknown : faultOf(refusal, "user")}
					onValue={(user) => change({ user })} />
				<Field label={words.to} hint={words.toHint} value={typed.to} optional class="mono" autocomplete="off"
					autocapitalize="none" spellcheck={false} maxLength={64} fault={faultOf(refusal, "to")}
					onValue={(to) => change({ to })} />
				<Choice label={words.protocol} value={typed.protocol} fault={faultOf(refusal, "protocol")}
					options={PROTOCOLS.map((one) => [one, words.protocols[one]] as const)}
					onValue={(value) => change({ protocol: pick(PROTOCOLS, value) })} />
				{hasPorts(typed.protocol) && (
					<Field label={words.port} value={typed.port} optional type="number" inputMode="numeric" min={1} max={65535}
						fault={faultOf(refusal, "port")} onValue={(port) => change({ port })} />
				)}
			</div>
			<div class="actions"><Button look="main" icon="search" type="submit">{words.submit}</Button></div>
		</form>
	);
}

function Verdict({ of: { question, reach, rule } }: { of: Reached }) {
	const { user, to, protocol, port } = question;
	const name = protocol === "any" ? "" : words.protocols[protocol];
	return (
		<section class={`card padded verdict ${reach.reached ? "good" : "bad"}`} role="status">
			<p class="answer">{reach.reached ? words.yes : words.no}</p>
			<div class="stack">
				<h2>
					<span class="name">{user}</span>
					{reach.reached ? words.reaches : words.reachesNot}
					<span class="name mono">{to}</span>
					{words.traffic(name, port)}.
				</h2>
				{rule ? (
					<p>
						{words.decides} <Sentence rule={rule} />{" "}
						<a href={pathOf(rule)}>{text.access.ruleNumber(rule.id)}</a>
						{rule.comment !== null && <span class="dim name"> ({rule.comment})</span>}
					</p>
				) : <p>{reach.why}</p>}
			</div>
		</section>
	);
}

function Answered({ question, answer }: { question: Question; answer: Answer }) {
	const { grant, reached, refusal, again } = answer;
	return (
		<>
			{refusal && !isTold(answer) && <Problem refusal={refusal} again={again} />}
			{!grant && !refusal && <Waiting />}
			{reached && <Verdict of={reached} />}
			{grant && <Grant of={grant} user={question.user} decider={reached?.reach.rule ?? undefined} />}
		</>
	);
}

export function Reach() {
	const question = questionOf(usePath().searchParams);
	const answer = useAnswer(question);
	return (
		<>
			<Ask question={question} answer={answer} />
			{question.user !== "" && <Answered question={question} answer={answer} />}
		</>
	);
}
