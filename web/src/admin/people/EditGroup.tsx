import { useRef } from "preact/hooks";
import { useAct } from "../../api/act";
import { ask, askVersioned, type Refusal } from "../../api/client";
import { useAsked } from "../../api/asked";
import { type Kept, useDraft, useEdited } from "../../api/edited";
import { go } from "../../route";
import { text } from "../../text";
import { Area, faultOf, Field, Form } from "../../ui/form";
import { Head } from "../../ui/page";
import { Button, Problem, Waiting } from "../../ui/parts";
import { sayNext } from "../../ui/said";
import { BackTo, type Group, pathOfGroup } from "./parts";
import { draftOfPolicy, type Level, type Policy, POLICY_FIELDS, type PolicyDraft, policyOf, unset } from "./policy";
import { PolicyFields } from "./PolicyFields";
import { askWider } from "./wider";

const words = text.groups;
const GROUP_FIELDS = ["name", "comment", ...POLICY_FIELDS];

interface Body {
	name: string;
	comment: string | null;
	policy: Policy;
}

interface Draft extends PolicyDraft {
	name: string;
	comment: string;
}

function draftOf({ name, comment, policy }: Pick<Group, "name" | "comment" | "policy">): Draft {
	return { name, comment: comment ?? "", ...draftOfPolicy(policy) };
}

function bodyOf({ name, comment, ...policy }: Draft): Body {
	return { name: name.trim(), comment: comment.trim() || null, policy: policyOf(policy) };
}

const nothing = { name: "", comment: "", policy: unset };

interface FormProps {
	/** As it is; none: it is to be added. */
	group?: Group;
	kept: Kept;
	wider: readonly Level[];
	verb: string;
	back: string;
	save: (body: Body) => Promise<void>;
	anew?: () => void;
}

function GroupForm({ group, kept, wider, verb, back, save, anew }: FormProps) {
	const { draft, type, ...meeting } = useDraft(draftOf(group ?? nothing), kept);
	const { busy, refusal, act } = useAct();
	const submit = () => act(() => save(bodyOf(draft)));
	return (
		<div class="card padded narrow">
			<Form onSubmit={submit} refusal={refusal} fields={GROUP_FIELDS} anew={anew} {...meeting}>
				<Field label={words.name} hint={words.nameHint} value={draft.name} focus={!group} maxLength={64}
					onValue={(name) => type({ ...draft, name })} fault={faultOf(refusal, "name")} autocomplete="off" autocapitalize="none" spellcheck={false} />
				<Area label={words.comment} hint={words.commentHint} value={draft.comment} rows={2}
					onValue={(comment) => type({ ...draft, comment })} maxLength={200} fault={faultOf(refusal, "comment")} optional />
				<h2>{words.policy}</h2>
				<PolicyFields draft={draft} onDraft={(policy) => type({ ...draft, ...policy })} wider={wider} refusal={refusal} />
				<div class="actions">
					<Button look="main" type="submit" busy={busy}>{verb}</Button>
					<a class="button" href={back}>{text.cancel}</a>
				</div>
			</Form>
		</div>
	);
}

function Load({ refusal, has, again }: { refusal: Refusal | undefined; has: boolean; again: () => void }) {
	if (refusal) return <Problem refusal={refusal} again={again} />;
	return has ? null : <Waiting />;
}

export function AddGroup() {
	const { data: wider, refusal, again } = useAsked("wider", (signal) => askWider(null, signal));
	const kept: Kept = useRef();
	const save = async (body: Body) => {
		const group = await ask("post", "/groups", { body });
		go(pathOfGroup(group.name));
	};
	return (
		<div class="stack wide">
			<div>
				<BackTo href="/admin/people/groups">{words.back}</BackTo>
				<Head title={words.add} />
			</div>
			<Load refusal={refusal} has={wider !== undefined} again={again} />
			{wider && <GroupForm kept={kept} wider={wider} verb={words.addDo} back="/admin/people/groups" save={save} />}
		</div>
	);
}

export function EditGroup({ name }: { name: string }) {
	const { begun, refusal, edition, kept, anew } = useEdited(name, async (signal) => {
		const [{ thing, version }, wider] = await Promise.all([
			askVersioned("/groups/{group}", { parts: { group: name }, signal }), askWider(null, signal),
		]);
		return { thing: { group: thing, wider }, version };
	});
	const save = async (body: Body) => {
		const group = await ask("patch", "/groups/{group}", { parts: { group: name }, body, version: begun?.version ?? "" });
		sayNext(text.personForm.saved);
		go(pathOfGroup(group.name));
	};
	return (
		<div class="stack wide">
			<div>
				<BackTo href={pathOfGroup(name)}>{name}</BackTo>
				<Head title={words.editTitle(name)} />
			</div>
			<Load refusal={refusal} has={begun !== undefined} again={anew} />
			{begun && (
				<GroupForm key={edition} {...begun.thing} kept={kept} verb={words.editDo} back={pathOfGroup(name)} save={save} anew={anew} />
			)}
		</div>
	);
}
