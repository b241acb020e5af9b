import { useAct } from "../../api/act";
import { ask, type Refusal, type Versioned } from "../../api/client";
import { type Kept, useDraft } from "../../api/edited";
import { text } from "../../text";
import { Area, Check, Field, faultOf, Form } from "../../ui/form";
import { Button } from "../../ui/parts";
import { changeOf, orNull, type Settings, type Typed, typedOf } from "./alertSettings";
import { SecretField } from "./SecretField";

const words = text.settings.alerts;
const RULES = Object.keys(words.rules) as (keyof typeof words.rules)[];
const FIELDS = ["smtp_url", "smtp_user", "smtp_password", "mail_from", "mail_to", "webhook_url", "webhook_secret", "authorities"];

interface PartProps {
	before: Settings;
	now: Typed;
	change: (some: Partial<Typed>) => void;
	refusal: Refusal | undefined;
}

function RulesPart({ now, change }: PartProps) {
	return (
		<section class="card padded form" aria-label={words.rulesTitle}>
			<h2>{words.rulesTitle}</h2>
			<div class="pair">
				{RULES.map((rule) => (
					<Check key={rule} label={words.rules[rule]} checked={now[rule]} onChecked={(on) => change({ [rule]: on })} />
				))}
			</div>
		</section>
	);
}

function Mail({ before, now, change, refusal }: PartProps) {
	const isOn = now.smtpUrl !== "";
	return (
		<section class="card padded form" aria-label={words.mail}>
			<div>
				<h2>{words.mail}</h2>
				<p class="dim">{words.mailText}</p>
			</div>
			<Field label={words.smtpUrl} hint={words.smtpUrlHint} value={now.smtpUrl} optional maxLength={500} autocomplete="off"
				spellcheck={false} fault={faultOf(refusal, "smtp_url")} onValue={(smtpUrl) => change({ smtpUrl })} />
			<div class="pair">
				<Field label={words.smtpUser} hint={words.smtpUserHint} value={now.smtpUser} optional maxLength={500} autocomplete="off"
					spellcheck={false} fault={faultOf(refusal, "smtp_user")} onValue={(smtpUser) => change({ smtpUser })} />
				<SecretField label={words.smtpPassword} value={now.smtpPassword} onValue={(smtpPassword) => change({ smtpPassword })}
					isSet={before.has_smtp_password} isElsewhere={orNull(now.smtpUrl) !== before.smtp_url} isRemoved={now.smtpUser === ""}
					onRemoved={(gone) => change({ smtpUser: gone ? "" : (before.smtp_user ?? "") })} fault={faultOf(refusal, "smtp_password")} />
			</div>
			<div class="pair">
				<Field label={words.mailFrom} value={now.mailFrom} optional={!isOn} maxLength={254} type="email" autocomplete="off"
					fault={faultOf(refusal, "mail_from")} onValue={(mailFrom) => change({ mailFrom })} />
				<Area label={words.mailTo} hint={words.mailToHint} value={now.mailTo} optional={!isOn} rows={2}
					fault={faultOf(refusal, "mail_to")} onValue={(mailTo) => change({ mailTo })} />
			</div>
		</section>
	);
}

function Webhook({ before, now, change, refusal }: PartProps) {
	return (
		<section class="card padded form" aria-label={words.webhook}>
			<div>
				<h2>{words.webhook}</h2>
				<p class="dim">{words.webhookText}</p>
			</div>
			<Field label={words.webhookUrl} value={now.webhookUrl} optional maxLength={500} autocomplete="off" spellcheck={false}
				placeholder="https://hooks.example.org/…" fault={faultOf(refusal, "webhook_url")}
				onValue={(webhookUrl) => change({ webhookUrl })} />
			<SecretField label={words.webhookSecret} hint={words.webhookSecretHint} value={now.webhookSecret}
				onValue={(webhookSecret) => change({ webhookSecret })} fault={faultOf(refusal, "webhook_secret")}
				isSet={before.has_webhook_secret} isElsewhere={orNull(now.webhookUrl) !== before.webhook_url}
				isRemoved={now.removesSecret} onRemoved={(removesSecret) => change({ removesSecret })} />
			<Check label={words.internal} hint={words.internalHint} checked={now.webhookInternal}
				onChecked={(webhookInternal) => change({ webhookInternal })} />
			<details class="more" open={now.authorities !== "" || faultOf(refusal, "authorities") !== undefined}>
				<summary>{words.authorities}</summary>
				<Area label={words.authoritiesPem} hint={words.authoritiesHint} value={now.authorities} optional rows={4} class="mono"
					maxLength={65536} fault={faultOf(refusal, "authorities")} onValue={(authorities) => change({ authorities })} />
			</details>
		</section>
	);
}

interface AlertsFormProps {
	begun: Versioned<Settings>;
	kept: Kept;
	anew: () => void;
	onSaved: () => void;
}

export function AlertsForm({ begun: { thing: before, version }, kept, anew, onSaved }: AlertsFormProps) {
	const { draft: now, type, ...meeting } = useDraft(typedOf(before), kept);
	const { busy, refusal, act } = useAct();
	const change = (some: Partial<Typed>) => type({ ...now, ...some });
	const submit = () => act(async () => {
		await ask("put", "/alerts", { body: changeOf(before, now), version });
		change({ smtpPassword: "", webhookSecret: "" });
		onSaved();
		kept.current = undefined;
		anew();
	});
	const part = { before, now, change, refusal };
	return (
		<Form onSubmit={submit} refusal={refusal} fields={FIELDS} anew={anew} {...meeting}>
			<Mail {...part} />
			<Webhook {...part} />
			<RulesPart {...part} />
			<div class="actions"><Button look="main" type="submit" busy={busy}>{words.save}</Button></div>
		</Form>
	);
}
