import { useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { text } from "../../text";
import { Choice, Field, Form } from "../../ui/form";
import { Button } from "../../ui/parts";
import { propose } from "../config/proposal";
import { setRule, wordsOf } from "./changes";
import { type Rule, type RuleKind, RULES } from "./model";

const words = text.sites.ruleForm;
const NAMES: Partial<Record<RuleKind, { label: string; hint: string }>> = words.names;

export function RuleForm({ rule }: { rule?: Rule | undefined }) {
	const [kind, choose] = useState<RuleKind>(rule?.kind ?? "sni");
	const [names, typeNames] = useState(rule?.names.join(" ") ?? "");
	const [to, typeTo] = useState(rule?.to.join(" ") ?? "");
	const { busy, refusal, act } = useAct();
	const named = NAMES[kind];
	const submit = () => act(() => propose((file) => setRule(file, kind, named ? wordsOf(names) : [], wordsOf(to), rule)));
	return (
		<section class="card padded narrow">
			<Form onSubmit={submit} refusal={refusal}>
				<Choice label={words.kind} hint={text.sites.rules[kind].what} value={kind}
					onValue={(value) => choose(RULES.find((one) => one === value) ?? "sni")}
					options={RULES.map((one) => [one, text.sites.rules[one].name] as const)} />
				{named && <Field key={kind} label={named.label} hint={named.hint} value={names} onValue={typeNames} class="mono" spellcheck={false} />}
				<Field label={words.to} hint={`${words.toHint} ${words.more[kind] ?? ""}`} value={to} onValue={typeTo}
					class="mono" spellcheck={false} autocapitalize="off" />
				<div class="actions">
					<Button look="main" type="submit" busy={busy}>{text.sites.form.submit}</Button>
					<a class="button" href="/admin/sites">{text.cancel}</a>
				</div>
			</Form>
		</section>
	);
}
