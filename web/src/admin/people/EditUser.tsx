import type { ComponentChildren } from "preact";
import { useAct } from "../../api/act";
import { ask, askVersioned, type Versioned } from "../../api/client";
import { type Kept, useDraft, useEdited } from "../../api/edited";
import { go } from "../../route";
import { text } from "../../text";
import { Form } from "../../ui/form";
import { Head } from "../../ui/page";
import { Button, Problem, Waiting } from "../../ui/parts";
import { sayNext } from "../../ui/said";
import { bodyOf, draftOf, USER_FIELDS, UserFields } from "./fields";
import { ForAdministrators } from "../Elsewhere";
import { BackTo, pathOfUser, useManages, type User } from "./parts";
import { draftOfPolicy, type Level, POLICY_FIELDS, policyOf } from "./policy";
import { PolicyFields } from "./PolicyFields";
import { askWider } from "./wider";

const words = text.personForm;

interface EditProps {
	begun: Versioned<User>;
	kept: Kept;
	anew: () => void;
}

async function save({ thing, version }: Versioned<User>, body: object, said: string): Promise<void> {
	await ask("patch", "/users/{user}", { parts: { user: thing.name }, body, version });
	sayNext(said);
	go(pathOfUser(thing));
}

function Buttons({ busy, back }: { busy: boolean; back: string }) {
	return (
		<div class="actions">
			<Button look="main" type="submit" busy={busy}>{words.editDo}</Button>
			<a class="button" href={back}>{text.cancel}</a>
		</div>
	);
}

function FactsForm({ begun, kept, anew }: EditProps) {
	const { draft, type, ...meeting } = useDraft(draftOf(begun.thing), kept);
	const { busy, refusal, act } = useAct();
	const submit = () => act(() => save(begun, bodyOf(draft, begun.thing), words.saved));
	return (
		<Form onSubmit={submit} refusal={refusal} fields={USER_FIELDS} anew={anew} {...meeting}>
			<UserFields draft={draft} onDraft={type} refusal={refusal} />
			<Buttons busy={busy} back={pathOfUser(begun.thing)} />
		</Form>
	);
}

function PolicyForm({ begun, kept, wider, anew }: EditProps & { wider: readonly Level[] }) {
	const { draft, type, ...meeting } = useDraft(draftOfPolicy(begun.thing.policy), kept);
	const { busy, refusal, act } = useAct();
	const submit = () => act(() => save(begun, { policy: policyOf(draft) }, text.person.policyDone));
	return (
		<Form onSubmit={submit} refusal={refusal} fields={POLICY_FIELDS} anew={anew} {...meeting}>
			<PolicyFields draft={draft} onDraft={type} wider={wider} refusal={refusal} />
			<Buttons busy={busy} back={pathOfUser(begun.thing)} />
		</Form>
	);
}

interface AroundProps {
	name: string;
	title: string;
	children: ComponentChildren;
}

function Around({ name, title, children }: AroundProps) {
	return (
		<div class="stack wide">
			<div>
				<BackTo href={pathOfUser({ id: 0, name })}>{name}</BackTo>
				<Head title={title} />
			</div>
			{children}
		</div>
	);
}

export function EditUser({ name }: { name: string }) {
	const { begun, refusal, edition, kept, anew } = useEdited(name,
		(signal) => askVersioned("/users/{user}", { parts: { user: name }, signal }));
	const manages = useManages();
	if (begun && !manages(begun.thing)) return <ForAdministrators />;
	return (
		<Around name={name} title={words.edit(begun?.thing.name ?? name)}>
			{refusal && <Problem refusal={refusal} again={anew} />}
			{!begun && !refusal && <Waiting />}
			{begun && <div class="card padded narrow"><FactsForm key={edition} begun={begun} kept={kept} anew={anew} /></div>}
		</Around>
	);
}

export function EditUserPolicy({ name }: { name: string }) {
	const { begun, refusal, edition, kept, anew } = useEdited(name, async (signal) => {
		const { thing: user, version } = await askVersioned("/users/{user}", { parts: { user: name }, signal });
		return { thing: { user, wider: await askWider(user.group, signal) }, version };
	});
	const manages = useManages();
	if (begun && !manages(begun.thing.user)) return <ForAdministrators />;
	return (
		<Around name={name} title={text.person.policyTitle(begun?.thing.user.name ?? name)}>
			{refusal && <Problem refusal={refusal} again={anew} />}
			{!begun && !refusal && <Waiting />}
			{begun && (
				<div class="card padded narrow">
					<PolicyForm key={edition} begun={{ thing: begun.thing.user, version: begun.version }}
						kept={kept} wider={begun.thing.wider} anew={anew} />
				</div>
			)}
		</Around>
	);
}
