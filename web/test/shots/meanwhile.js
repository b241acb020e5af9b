// What somebody else was first to change, and addresses that lead nowhere.
import { ask } from "../people.js";

async function elsewhere(page, change) {
	const { text, sha256 } = await ask(page, "GET", "/config");
	await ask(page, "POST", "/config/apply", { text: change(text), base: sha256, confirm_seconds: 0 });
	return text;
}

async function configuration(page, shot, origin) {
	await page.goto(`${origin}/admin/configuration`);
	await page.getByText("As in the file").waitFor();
	const editor = page.getByLabel("The configuration file"), before = await editor.inputValue();
	await editor.fill(`# mine\n${before}`);
	await page.getByText("Can be applied").waitFor();
	await elsewhere(page, (text) => `${text}# another's\n`);
	await page.getByText("The file was changed on the server since you began.").waitFor();
	await shot("meanwhile-file");
	await page.getByRole("link", { name: "See what becomes of that" }).click();
	await page.getByRole("button", { name: "Compare mine" }).waitFor();
	await shot("meanwhile-stale");
	await page.getByRole("button", { name: "Compare mine" }).click();
	await page.getByRole("button", { name: "Apply the change" }).waitFor();
	await shot("meanwhile-joined");
	await page.goto(`${origin}/admin/configuration`);
	await elsewhere(page, () => before);
}

async function person(page, shot, origin) {
	await ask(page, "POST", "/users", { name: "meanwhile" });
	await page.goto(`${origin}/admin/people/meanwhile/edit`);
	await page.getByLabel("Comment").fill("Back in May.");
	await page.evaluate(async () => {
		const { csrf } = await (await fetch("/api/v1/session")).json();
		const headers = { "X-CSRF-Token": csrf, "Content-Type": "application/json", "If-Match": "*" };
		await fetch("/api/v1/users/meanwhile", { method: "PATCH", headers, body: JSON.stringify({ comment: "On leave.", email: "m@example.org" }) });
	});
	await page.getByRole("button", { name: "Save" }).click();
	await page.getByText("Somebody changed this meanwhile").waitFor();
	await shot("meanwhile-refused");
	await page.getByRole("button", { name: "Load it anew" }).click();
	await page.getByText("This is how it is now").waitFor();
	await shot("meanwhile-met");
}

export async function shots(page, shot, origin) {
	await configuration(page, shot, origin);
	await person(page, shot, origin);
	await page.goto(`${origin}/admin/nowhere`);
	await page.getByRole("heading", { name: "There is no such page" }).waitFor();
	await shot("nowhere");
	await page.goto(`${origin}/admin/audit?action=session.`);
	await page.getByRole("button", { name: "Export what is shown" }).click();
	await page.getByText("exported as lines of JSON").waitFor();
	await shot("audit-part");
}
