// Who is kept out, what people and programs come in with, and what holds for the whole server.
import { ask } from "../people.js";

const BANS = [["198.51.100.7", "12 failed sign-ins"], ["203.0.113.0/24", "<script>alert(1)</script>"],
	["2001:db8:1:2::/64", "x".repeat(200)], ["dora", "\u202eleft to right?"]];
const PAGES = [["/admin/security", "2001:db8:1:2::/64", "security-bans"],
	["/admin/security/lock-outs", "dora", "security-locked-out"],
	["/admin/security/lock-outs?of=198.51.100.7", "Is refused", "security-lock-outs"],
	["/admin/security/allow", "Clients of the VPN", "security-allow"],
	["/admin/security/sessions", "This browser", "security-sessions"],
	["/admin/security/tokens", "monitoring", "security-tokens"],
	["/admin/settings/vpn", "Addresses of clients", "settings-vpn"],
	["/admin/settings/alerts", "What was sent", "settings-alerts"],
	["/admin/settings/certificates", "Good until", "settings-certificates"],
	["/admin/settings/backup", "sallyport restore", "settings-backup"],
	["/admin/settings/about", "Running since", "settings-about"]];

/** So often that they have to wait. */
function fail(page) {
	return page.evaluate(async () => {
		for (const name of ["dora", "x".repeat(64), "somebody.with.a.long.name@example.org"])
			for (let n = 0; n < 5; n++)
				await fetch("/api/v1/session", {
					method: "POST",
					credentials: "omit",
					headers: { "Content-Type": "application/json" },
					body: JSON.stringify({ name, password: "a wrong one" }),
				});
	});
}

export async function shots(page, shot, origin) {
	await page.goto(`${origin}/admin/security`);
	await page.getByRole("heading", { name: "Nobody is banned" }).waitFor();
	await shot("console-security-empty");
	await fail(page);
	for (const [subject, reason] of BANS) await ask(page, "POST", "/bans", { subject, reason });
	await ask(page, "POST", "/tokens", { name: "monitoring", scope: "read" });
	for (const [path, words, name] of PAGES) {
		await page.goto(origin + path);
		await page.getByText(words).first().waitFor();
		await shot(`console-${name}`);
	}
	await page.goto(`${origin}/admin/settings/certificates`);
	await page.getByRole("button", { name: "Make a new authority" }).click();
	await shot("console-settings-roll-over");
}
