import { useEffect, useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { ask, askVersioned, type Schemas, type Versioned } from "../../api/client";
import { type Kept, useDraft, useEdited } from "../../api/edited";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { Form } from "../../ui/form";
import { Head, Section } from "../../ui/page";
import { Button, Notice, Problem, Waiting } from "../../ui/parts";
import { PeopleTabs } from "./parts";
import { draftOfPolicy, FIELDS, policyOf } from "./policy";
import { PolicyFields, PolicyTable } from "./PolicyFields";
import { everybodysLevels } from "./wider";

const words = text.policy;

interface EditProps {
	begun: Versioned<Schemas["EverybodysPolicy"]>;
	kept: Kept;
	onSaved: () => void;
	anew: () => void;
}

function Edit({ begun, kept, onSaved, anew }: EditProps) {
	const { draft, type, ...meeting } = useDraft(draftOfPolicy(begun.thing), kept);
	const { busy, refusal, act } = useAct();
	const submit = () => act(async () => {
		await ask("put", "/policy", { body: policyOf(draft), version: begun.version });
		onSaved();
		kept.current = undefined;
		anew();
	});
	return (
		<div class="card padded narrow">
			<Form onSubmit={submit} refusal={refusal} fields={FIELDS} anew={anew} {...meeting}>
				<PolicyFields draft={draft} onDraft={type} wider={everybodysLevels(begun.thing).slice(1)} refusal={refusal} />
				<div class="actions"><Button look="main" type="submit" busy={busy}>{words.save}</Button></div>
			</Form>
		</div>
	);
}

export function EverybodysPolicy() {
	const { begun, refusal, edition, kept, anew } = useEdited("policy", (signal) => askVersioned("/policy", { signal }));
	const [saved, setSaved] = useState(false);
	const may = useMay()("admin");
	useEffect(() => {
		const timer = saved ? window.setTimeout(() => setSaved(false), 8000) : undefined;
		return () => window.clearTimeout(timer);
	}, [saved]);
	return (
		<div class="stack">
			<Head title={words.title} lead={may ? words.lead : words.reader} />
			<PeopleTabs here="/admin/people/policy" />
			{saved && <Notice kind="good">{words.saved}</Notice>}
			{refusal && <Problem refusal={refusal} again={anew} />}
			{!begun && !refusal && <Waiting />}
			{begun && (may
				? <Edit key={edition} begun={begun} kept={kept} anew={anew} onSaved={() => setSaved(true)} />
				: (
					<Section title={words.value}>
						<PolicyTable levels={everybodysLevels(begun.thing)} />
					</Section>
				))}
		</div>
	);
}
