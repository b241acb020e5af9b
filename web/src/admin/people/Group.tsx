// A group, what holds for its members, and who they are.
import { useState } from "preact/hooks";
import { ask, askVersioned, type Versioned } from "../../api/client";
import { useAsked } from "../../api/asked";
import { go } from "../../route";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { Confirm } from "../../ui/confirm";
import { Nothing } from "../../ui/list";
import { Head, Section } from "../../ui/page";
import { Button, Dialog, Problem, Waiting } from "../../ui/parts";
import { Said, sayNext, useSaid } from "../../ui/said";
import { Members } from "./Members";
import { BackTo, type Group, pathOfGroup } from "./parts";
import type { Level } from "./policy";
import { PolicyTable } from "./PolicyFields";
import { askWider } from "./wider";

const words = text.groups;

interface RemoveProps {
	is: Versioned<Group>;
	anew: () => void;
	onClose: () => void;
}

function Remove({ is: { thing: group, version }, anew, onClose }: RemoveProps) {
	if (group.members > 0)
		return (
			<Dialog title={words.removeTitle(group.name)} onClose={onClose}>
				<p>{words.removeHasMembers(group.members)}</p>
				<div class="actions"><Button look="main" onClick={onClose}>{text.close}</Button></div>
			</Dialog>
		);
	return (
		<Confirm title={words.removeTitle(group.name)} verb={words.removeDo} anew={anew} onClose={onClose}
			act={() => ask("delete", "/groups/{group}", { parts: { group: group.name }, version })}
			onDone={() => {
				sayNext(text.person.removed(group.name));
				go("/admin/people/groups");
			}}>
			<p>{words.removeText}</p>
		</Confirm>
	);
}

interface BodyProps {
	is: Versioned<Group>;
	wider: readonly Level[];
	again: () => void;
}

function Body({ is, wider, again }: BodyProps) {
	const group = is.thing;
	const [said, say] = useSaid();
	const [removes, remove] = useState(false);
	const may = useMay()("admin");
	return (
		<>
			<Head title={group.name} lead={group.comment ?? undefined}>
				{may && (
					<>
						<a class="button" href={pathOfGroup(group.name, "edit")}>{words.edit}</a>
						<Button look="danger" onClick={() => remove(true)}>{words.remove}</Button>
					</>
				)}
			</Head>
			<Said what={said} />
			<Members group={group} onDone={(what) => {
				say(what);
				again();
			}} />
			<Section title={words.policy} lead={words.policyLead}>
				<PolicyTable levels={[{ source: text.policy.sources.here, policy: group.policy }, ...wider]} />
			</Section>
			{removes && <Remove is={is} anew={again} onClose={() => remove(false)} />}
		</>
	);
}

export function GroupPage({ name }: { name: string }) {
	const { data, refusal, again } = useAsked(`group ${name}`, async (signal) => {
		const [is, wider] = await Promise.all([
			askVersioned("/groups/{group}", { parts: { group: name }, signal }), askWider(null, signal),
		]);
		return { is, wider };
	}, ["group", "user", "settings"]);
	const gone = refusal?.status === 404;
	return (
		<div class="stack">
			<BackTo href="/admin/people/groups">{words.back}</BackTo>
			{refusal && !gone && <Problem refusal={refusal} again={again} />}
			{gone && <Nothing title={words.gone} lead={words.goneText(name)} />}
			{!data && !refusal && <Waiting />}
			{data && !gone && <Body {...data} again={again} />}
		</div>
	);
}
