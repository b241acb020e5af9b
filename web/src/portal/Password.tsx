import { useState } from "preact/hooks";
import { useAct } from "../api/act";
import { ask, type Schemas } from "../api/client";
import { usePageTitle } from "../route";
import { text } from "../text";
import { Field, Form } from "../ui/form";
import { Button, Problem } from "../ui/parts";

const words = text.password;
const FIELDS = ["old", "password"];

export function Password({ user, onDone }: { user: Schemas["User"]; onDone: () => void }) {
	const [old, setOld] = useState("");
	const [password, setPassword] = useState("");
	const [again, setAgain] = useState("");
	const [differ, setDiffer] = useState(false);
	const { busy, refusal, act } = useAct();
	const faultOf = (field: string) => (refusal?.field === field ? refusal.message : undefined);
	usePageTitle(words.title);

	const submit = () => {
		setDiffer(password !== again);
		if (password !== again) return;
		act(async () => {
			await ask("post", "/me/password", { body: { old, password } });
			onDone();
		});
	};

	return (
		<div class="stack wide">
			<div>
				<a class="small" href="/portal/account">{text.security.title}</a>
				<h1 tabIndex={-1}>{words.title}</h1>
			</div>
			<div class="card padded">
				<Form onSubmit={submit}>
					{refusal && !FIELDS.includes(refusal.field ?? "") && <Problem refusal={refusal} />}
					<input hidden readOnly autocomplete="username" value={user.name} />
					<Field label={words.old} value={old} onValue={setOld} fault={faultOf("old")} type="password"
						autocomplete="current-password" />
					<Field label={words.fresh} hint={words.freshHint} value={password} onValue={setPassword}
						fault={faultOf("password")} type="password" autocomplete="new-password" />
					<Field label={words.again} value={again} fault={differ ? words.differ : undefined} type="password"
						autocomplete="new-password" onValue={(value) => {
							setAgain(value);
							setDiffer(false);
						}} />
					<p class="dim">{words.others}</p>
					<div class="actions">
						<Button look="main" type="submit" busy={busy}>{words.submit}</Button>
						<a class="button" href="/portal/account">{text.cancel}</a>
					</div>
				</Form>
			</div>
		</div>
	);
}
