// The password once more, before what would do lasting harm if it was somebody else at this browser.
import { useEffect, useState } from "preact/hooks";
import { useAct } from "../api/act";
import { ask, onProofNeeded } from "../api/client";
import { text } from "../text";
import { Field, Form } from "../ui/form";
import { Button, Dialog, Problem } from "../ui/parts";

const words = text.prove;
const waiting = new Set<(given: boolean) => void>();
let show: (asks: boolean) => void = () => undefined;

/** Several that need it at once ask once. */
function askPassword(): Promise<boolean> {
	show(true);
	return new Promise((resolve) => waiting.add(resolve));
}

function answer(given: boolean): void {
	show(false);
	for (const resolve of waiting) resolve(given);
	waiting.clear();
}

function PasswordDialog() {
	const [password, setPassword] = useState("");
	const { busy, refusal, act } = useAct();
	const fault = refusal?.field === "password" ? refusal.message : undefined;
	const submit = () => act(async () => {
		await ask("post", "/session/prove", { body: { password } });
		answer(true);
	});
	return (
		<Dialog title={words.title} onClose={() => answer(false)}>
			<p>{words.text}</p>
			{refusal && !fault && <Problem refusal={refusal} />}
			<Form onSubmit={submit}>
				<Field label={words.password} value={password} onValue={setPassword} fault={fault} type="password"
					autocomplete="current-password" />
				<div class="actions">
					<Button onClick={() => answer(false)}>{text.cancel}</Button>
					<Button look="main" type="submit" busy={busy}>{words.submit}</Button>
				</div>
			</Form>
		</Dialog>
	);
}

export function Prove() {
	const [asks, set] = useState(false);
	useEffect(() => {
		show = set;
		onProofNeeded(askPassword);
		return () => answer(false);
	}, []);
	return asks ? <PasswordDialog /> : null;
}
