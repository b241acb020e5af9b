import { useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { ask, type Schemas } from "../../api/client";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { Choice, Field, faultOf, Form } from "../../ui/form";
import { pick } from "../../ui/list";
import { Button, Command, Dialog, Notice } from "../../ui/parts";
import { endOf, lastingOptions } from "./lasting";

const words = text.guard.tokens;
const SCOPES = ["read", "operate", "admin"] as const;
const LENGTHS = lastingOptions(["day", "month", "quarter", "year", "ever"], words.ever);

interface NewTokenProps {
	onDone: (made: Schemas["NewToken"]) => void;
	onClose: () => void;
}

export function NewToken({ onDone, onClose }: NewTokenProps) {
	const [name, setName] = useState("");
	const [scope, setScope] = useState("read");
	const [lasting, setLasting] = useState("quarter");
	const { busy, refusal, act } = useAct();
	const may = useMay();
	const submit = () => act(async () => {
		const body = { name: name.trim(), scope: pick(SCOPES, scope), expires: endOf(lasting) };
		onDone(await ask("post", "/tokens", { body }));
	});
	return (
		<Dialog title={words.addTitle} onClose={onClose}>
			<p>{words.addText}</p>
			<Form onSubmit={submit} refusal={refusal} fields={["name", "scope", "expires"]}>
				<Field label={words.name} hint={words.nameHint} value={name} onValue={setName} focus
					fault={faultOf(refusal, "name")} maxLength={64} autocomplete="off" autocapitalize="none" spellcheck={false} />
				<Choice label={words.scope} hint={words.scopeHint[pick(SCOPES, scope)]} value={scope} onValue={setScope}
					fault={faultOf(refusal, "scope")}
					options={SCOPES.filter(may).map((one) => [one, words.scopes[one]] as const)} />
				<Choice label={words.expires} value={lasting} onValue={setLasting} options={LENGTHS} fault={faultOf(refusal, "expires")} />
				<div class="actions">
					<Button onClick={onClose}>{text.cancel}</Button>
					<Button look="main" type="submit" busy={busy}>{words.addDo}</Button>
				</div>
			</Form>
		</Dialog>
	);
}

/** The server keeps a hash of it: who loses it makes another. */
export function ShownOnce({ made, onKept }: { made: Schemas["NewToken"]; onKept: () => void }) {
	return (
		<section class="card padded stack" aria-label={words.madeTitle(made.details.name)}>
			<h2 class="name">{words.madeTitle(made.details.name)}</h2>
			<Notice kind="warn">{words.once}</Notice>
			<Command>{made.token ?? ""}</Command>
			<p class="dim small">{words.example}</p>
			<Command>{`curl -H "Authorization: Bearer $TOKEN" ${location.origin}/api/v1/status`}</Command>
			<div class="actions"><Button look="main" icon="check" onClick={onKept}>{words.kept}</Button></div>
		</section>
	);
}
