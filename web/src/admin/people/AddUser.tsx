// Somebody new, and at once the link by which he comes in.
import { useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { ask, asRefusal, type Schemas } from "../../api/client";
import { go } from "../../route";
import { text } from "../../text";
import { Check, faultOf, Field, Form } from "../../ui/form";
import { Head } from "../../ui/page";
import { Button, Notice } from "../../ui/parts";
import { bodyOf, nobody, USER_FIELDS, UserFields } from "./fields";
import { LinkText } from "./NewLink";
import { BackTo, pathOfUser, type User } from "./parts";

const words = text.personForm;

interface Added {
	user: User;
	link?: Schemas["NewLink"];
	/** Why there is no link, though one was asked for. */
	why?: string;
}

async function invited(user: User): Promise<Added> {
	try {
		return { user, link: await ask("post", "/users/{user}/invite", { parts: { user: user.name } }) };
	} catch (error) {
		return { user, why: asRefusal(error).message };
	}
}

function Welcome({ added: { user, link, why }, onAnother }: { added: Added; onAnother: () => void }) {
	return (
		<div class="stack wide">
			<div>
				<BackTo href="/admin/people">{text.people.title}</BackTo>
				<Head title={text.newLink.titles.invite(user.name)} />
			</div>
			<Notice kind="good"><span class="name">{words.added(user.name)}</span></Notice>
			<div class="card padded narrow stack">
				{link && <LinkText link={link} email={user.email} />}
				{why && <Notice kind="bad">{words.notInvited(why)}</Notice>}
				<div class="actions">
					<a class="button main" href={pathOfUser(user)}>{words.open}</a>
					<Button onClick={onAnother}>{words.another}</Button>
				</div>
			</div>
		</div>
	);
}

function NewUser({ onAdded }: { onAdded: (added: Added) => void }) {
	const [name, setName] = useState("");
	const [draft, setDraft] = useState(nobody);
	const [invites, setInvites] = useState(true);
	const { busy, refusal, act } = useAct();
	const submit = () => act(async () => {
		const user = await ask("post", "/users", { body: { name: name.trim(), ...bodyOf(draft) } });
		if (invites) onAdded(await invited(user));
		else go(pathOfUser(user));
	});
	return (
		<div class="stack wide">
			<div>
				<BackTo href="/admin/people">{text.people.title}</BackTo>
				<Head title={words.add} />
			</div>
			<div class="card padded narrow">
				<Form onSubmit={submit} refusal={refusal} fields={USER_FIELDS}>
					<Field label={words.name} hint={words.nameHint} value={name} onValue={setName} focus maxLength={64}
						fault={faultOf(refusal, "name")} autocomplete="off" autocapitalize="none" spellcheck={false} />
					<UserFields draft={draft} onDraft={setDraft} refusal={refusal} />
					<Check label={words.invite} hint={words.inviteHint} checked={invites} onChecked={setInvites} />
					<div class="actions">
						<Button look="main" type="submit" busy={busy}>{words.addDo}</Button>
						<a class="button" href="/admin/people">{text.cancel}</a>
					</div>
				</Form>
			</div>
		</div>
	);
}

export function AddUser() {
	const [added, set] = useState<Added>();
	return added
		? <Welcome added={added} onAnother={() => set(undefined)} />
		: <NewUser onAdded={set} />;
}
