// Who is in a group, and how one comes in and out.
import { useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { ask, askVersioned } from "../../api/client";
import { useAsked } from "../../api/asked";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { Confirm } from "../../ui/confirm";
import { Field, Form } from "../../ui/form";
import { type Column, List, Nothing, orderOf, PAGE, Search, Tools, useView } from "../../ui/list";
import { Button, Dialog } from "../../ui/parts";
import { type Group, personColumn, stateColumns, useManages, type User } from "./parts";
import { SORTS } from "./Users";

const words = text.groups;

/** Of the version that is there now: nothing but the group changes. */
async function move(name: string, group: string | null): Promise<void> {
	const parts = { user: name };
	const { version } = await askVersioned("/users/{user}", { parts });
	await ask("patch", "/users/{user}", { parts, body: { group }, version });
}

interface AddProps {
	group: Group;
	onDone: (name: string) => void;
	onClose: () => void;
}

function AddMember({ group, onDone, onClose }: AddProps) {
	const [name, setName] = useState("");
	const { busy, refusal, act } = useAct();
	const plain = name.trim().toLowerCase();
	const submit = () => act(async () => {
		await move(plain, group.name);
		onDone(plain);
	});
	return (
		<Dialog title={words.addMember} onClose={onClose}>
			<p class="dim name">{words.addMemberText(group.name)}</p>
			<Form onSubmit={submit}>
				<Field label={words.addMemberName} value={name} onValue={setName} focus maxLength={64} fault={refusal?.message}
					autocomplete="off" autocapitalize="none" spellcheck={false} />
				<div class="actions">
					<Button onClick={onClose}>{text.cancel}</Button>
					<Button look="main" type="submit" busy={busy}>{words.addMemberDo}</Button>
				</div>
			</Form>
		</Dialog>
	);
}

function useMembers(group: Group) {
	const shown = useView({ search: "", sort: "name", descending: "" });
	const query = {
		search: shown.view.search, group: `#${group.id}`, after: shown.after, limit: PAGE, ...orderOf(SORTS, shown.view),
	};
	const asked = useAsked(JSON.stringify(query), (signal) => ask("get", "/users", { query, signal }), ["user", "device"]);
	return { shown, asked };
}

export function Members({ group, onDone }: { group: Group; onDone: (what: string) => void }) {
	const { shown, asked } = useMembers(group);
	const [adds, add] = useState(false);
	const [leaving, leave] = useState<User>();
	const manages = useManages(), may = useMay()("operate");
	const acts: Column<User> = { name: words.acts, silent: true, class: "row-acts", cell: (user) => manages(user) && (
		<Button look="quiet danger" label={words.leaveOf(user.name)} onClick={() => leave(user)}>{words.leave}</Button>
	) };
	const finish = (what: string) => {
		add(false);
		leave(undefined);
		asked.again();
		onDone(what);
	};
	return (
		<div class="stack">
			<Tools>
				<Search label={words.searchMembers} shown={shown} />
				{may && <Button icon="plus" look="main" onClick={() => add(true)}>{words.addMember}</Button>}
			</Tools>
			<List asked={asked} columns={[personColumn, ...stateColumns, acts]} keyOf={(user) => user.id} shown={shown}>
				<Nothing title={words.noMembersTitle} lead={words.noMembersText} />
			</List>
			{adds && (
				<AddMember group={group} onClose={() => add(false)} onDone={(name) => finish(words.memberAdded(name))} />
			)}
			{leaving && (
				<Confirm title={words.leaveTitle(leaving.name, group.name)} verb={words.leave} onClose={() => leave(undefined)}
					act={() => move(leaving.name, null)} onDone={() => finish(words.memberLeft(leaving.name))}>
					<p>{words.leaveText}</p>
				</Confirm>
			)}
		</div>
	);
}
