// The settings of alerts as a form has them.
import type { Schemas } from "../../api/client";

export type Settings = Schemas["AlertSettingsShown"];
type Rules = Settings["rules"];

/** Each rule for itself: others may change another one meanwhile. */
export interface Typed extends Rules {
	smtpUrl: string;
	smtpUser: string;
	/** "": the one that is there stays. */
	smtpPassword: string;
	mailFrom: string;
	mailTo: string;
	webhookUrl: string;
	webhookSecret: string;
	removesSecret: boolean;
	webhookInternal: boolean;
	authorities: string;
}

export function typedOf(of: Settings): Typed {
	return {
		...of.rules,
		smtpUrl: of.smtp_url ?? "",
		smtpUser: of.smtp_user ?? "",
		smtpPassword: "",
		mailFrom: of.mail_from ?? "",
		mailTo: of.mail_to.join("\n"),
		webhookUrl: of.webhook_url ?? "",
		webhookSecret: "",
		removesSecret: false,
		webhookInternal: of.webhook_internal,
		authorities: of.authorities ?? "",
	};
}

export const orNull = (typed: string) => typed.trim() || null;

/** One that is not typed stays, but for another server: that must not be shown it. */
function secret<N extends string>(name: N, typed: string, stays: boolean): Partial<Record<N, string | null>> {
	if (typed === "" && stays) return {};
	return { [name]: typed || null } as Record<N, string | null>;
}

export function changeOf(before: Settings, typed: Typed): Schemas["AlertSettingsChange"] {
	const smtp_url = orNull(typed.smtpUrl), webhook_url = orNull(typed.webhookUrl), smtp_user = orNull(typed.smtpUser);
	return {
		rules: Object.fromEntries((Object.keys(before.rules) as (keyof Rules)[]).map((rule) => [rule, typed[rule]])),
		smtp_url,
		smtp_user,
		mail_from: orNull(typed.mailFrom),
		mail_to: typed.mailTo.split(/[\s,;]+/).filter(Boolean),
		webhook_url,
		webhook_internal: typed.webhookInternal,
		authorities: orNull(typed.authorities),
		// The name and the password there go together.
		...secret("smtp_password", typed.smtpPassword, smtp_url === before.smtp_url && smtp_user !== null),
		...secret("webhook_secret", typed.webhookSecret, webhook_url === before.webhook_url && !typed.removesSecret),
	};
}
