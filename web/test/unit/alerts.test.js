// alerts.test.js: what the form of the alerts sends of secrets, which it is never shown.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./modules.js";

const { changeOf, typedOf } = await load("admin/settings/alertSettings.ts");

const before = {
	rules: { failures: true }, smtp_url: "smtps://mail.example.org", smtp_user: "alerts", mail_from: "s@example.org",
	mail_to: ["a@example.org"], webhook_url: "https://example.org/hook", webhook_internal: false, authorities: null,
	has_smtp_password: true, has_webhook_secret: true,
};
const sent = (some) => changeOf(before, { ...typedOf(before), ...some });

test("a secret that is not typed is not sent, and stays", () => {
	const change = sent({});
	assert.ok(!("smtp_password" in change) && !("webhook_secret" in change));
	assert.ok(!("has_smtp_password" in change) && !("has_webhook_secret" in change));
});

test("what is typed is sent", () => {
	const change = sent({ smtpPassword: "one", webhookSecret: "another" });
	assert.deepEqual([change.smtp_password, change.webhook_secret], ["one", "another"]);
});

test("for another server it is gone, unless it is typed again", () => {
	const change = sent({ smtpUrl: "smtps://other.example.org", webhookUrl: "https://other.example.org/" });
	assert.deepEqual([change.smtp_password, change.webhook_secret], [null, null]);
	assert.equal(sent({ webhookUrl: "https://other.example.org/", webhookSecret: "another" }).webhook_secret, "another");
});

test("it is removed when one wants that, the password with its name", () => {
	assert.equal(sent({ removesSecret: true }).webhook_secret, null);
	const change = sent({ smtpUser: "" });
	assert.deepEqual([change.smtp_user, change.smtp_password], [null, null]);
});

test("of the rules those are sent that are chosen, and none is left out", () => {
	assert.deepEqual(sent({ failures: false }).rules, { failures: false });
});
