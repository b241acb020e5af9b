// A rule that is made, or changed; its page can be linked to, for whoever may only look at it.
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { ask, askVersioned, type Versioned } from "../../api/client";
import { type Kept, useDraft, useEdited } from "../../api/edited";
import { usePath } from "../../route";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { Form } from "../../ui/form";
import { pick } from "../../ui/list";
import { Head } from "../../ui/page";
import { Button, Notice, Problem, Waiting } from "../../ui/parts";
import { bodyOf, type Draft, draftOf, emptyDraft, newBodyOf, saidOf } from "./draft";
import { Sentence, Verdict } from "./parts";
import { RemoveRule } from "./RemoveRule";
import { FIELDS, ForWhom, RuleFields } from "./RuleFields";
import { PLACE, type Rule, SCOPES } from "./rule";

const words = text.ruleForm;

interface FormPageProps {
	begun: Draft;
	kept: Kept;
	isNew?: boolean;
	verb: string;
	save: (draft: Draft) => Promise<unknown>;
	onSaved: () => void;
	anew?: () => void;
	/** What else can be done. */
	children?: ComponentChildren;
}

function RuleForm({ begun, kept, isNew = false, verb, save, onSaved, anew, children }: FormPageProps) {
	const { draft, type, ...meeting } = useDraft(begun, kept);
	const { busy, refusal, act } = useAct();
	const change = (part: Partial<Draft>) => type({ ...draft, ...part });
	const said = saidOf(draft);
	const isWhole = draft.destination.trim() !== "" && said.of !== "";
	const submit = () => act(async () => {
		await save(draft);
		onSaved();
	});
	return (
		<div class="card padded">
			<Form onSubmit={submit} refusal={refusal} fields={FIELDS} anew={anew} {...meeting}>
				{isNew && <ForWhom draft={draft} change={change} refusal={refusal} />}
				<RuleFields draft={draft} change={change} refusal={refusal} />
				{isWhole && (
					<div class="notice">
						<div><p class="dim small">{words.reads}</p><p><Sentence rule={said} /></p></div>
					</div>
				)}
				<div class="actions">
					<Button look="main" type="submit" busy={busy}>{verb}</Button>
					<a class="button" href={PLACE}>{text.cancel}</a>
					{children}
				</div>
			</Form>
		</div>
	);
}

export function Back() {
	return <p><a class="small" href={PLACE}>{words.back}</a></p>;
}

export function AddRule({ onDone }: { onDone: (what: string) => void }) {
	const query = usePath().searchParams;
	const kept: Kept = useRef();
	const begun = emptyDraft(pick(SCOPES, query.get("scope") ?? ""), query.get("of") ?? "");
	return (
		<div class="stack">
			<div><Back /><Head title={words.addTitle} /></div>
			<RuleForm begun={begun} kept={kept} isNew verb={words.add} save={(draft) => ask("post", "/rules", { body: newBodyOf(draft) })}
				onSaved={() => onDone(text.access.added)} />
		</div>
	);
}

function Facts({ rule }: { rule: Rule }) {
	return (
		<div class="card padded stack">
			<p><Verdict of={rule.action} /></p>
			<p><Sentence rule={rule} /></p>
			{rule.comment !== null && <p class="name">{rule.comment}</p>}
			<p class="dim small">{text.access.place(rule.position)}. {words.readOnly}</p>
		</div>
	);
}

interface EditProps {
	begun: Versioned<Rule>;
	kept: Kept;
	anew: () => void;
	onDone: (what: string) => void;
}

function EditRule({ begun: { thing: rule, version }, kept, anew, onDone }: EditProps) {
	const [removes, remove] = useState(false);
	const save = (draft: Draft) => ask("patch", "/rules/{id}", { parts: { id: String(rule.id) }, body: bodyOf(draft), version });
	return (
		<>
			<p><Sentence rule={rule} /></p>
			<RuleForm begun={draftOf(rule)} kept={kept} verb={words.change} save={save} anew={anew}
				onSaved={() => onDone(text.access.changed)}>
				<Button look="quiet danger" onClick={() => remove(true)}>{text.access.remove}</Button>
			</RuleForm>
			{removes && (
				<RemoveRule rule={rule} onClose={() => remove(false)} onDone={() => onDone(text.access.removed)} />
			)}
		</>
	);
}

export function RulePage({ id, onDone }: { id: string; onDone: (what: string) => void }) {
	const { begun, refusal, edition, kept, anew } = useEdited(id, (signal) => askVersioned("/rules/{id}", { parts: { id: id }, signal }));
	const mayChange = useMay()("admin");
	return (
		<div class="stack">
			<div><Back /><Head title={text.access.ruleNumber(id)} /></div>
			{refusal && (refusal.status === 404
				? <Notice kind="warn">{words.gone}</Notice>
				: <Problem refusal={refusal} again={anew} />)}
			{!begun && !refusal && <Waiting />}
			{begun && (mayChange
				? <EditRule key={edition} begun={begun} kept={kept} anew={anew} onDone={onDone} />
				: <Facts rule={begun.thing} />)}
		</div>
	);
}

