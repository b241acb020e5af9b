// meanwhile.js ORIGIN: while nora fills in forms about somebody, a group, everybody, a rule and the alerts,
// others change the same. Prints what came of it as JSON.
import { open } from "./browser.js";
import { ask, onlooker, signIn, weight } from "./people.js";

const [origin] = process.argv.slice(2);
const { browser, page, complaints } = await open();
const { look, found, wide } = onlooker(page);

const press = (name) => page.getByRole("button", { name, exact: true }).click();
const reads = (words) => page.getByText(words).first().waitFor();
const field = (name) => page.getByLabel(name, { exact: true });

/** What somebody else does by the API, with the version as it is then. */
function other(method, path, change) {
	return page.evaluate(async ([how, where, what]) => {
		const { csrf } = await (await fetch("/api/v1/session")).json();
		const now = await fetch(`/api/v1${where}`);
		const body = how === "PUT" ? { ...(await now.json()), ...what } : what;
		for (const shown of ["usual", "has_smtp_password", "has_webhook_secret"]) delete body[shown];
		const headers = { "X-CSRF-Token": csrf, "Content-Type": "application/json", "If-Match": now.headers.get("ETag") };
		return (await fetch(`/api/v1${where}`, { method: how, headers, body: JSON.stringify(body) })).status;
	}, [method, path, change]);
}

/** It is said, and offered to have theirs with what one typed. */
async function refused(verb) {
	await press(verb);
	await reads("Somebody changed this meanwhile");
	await look();
	await press("Load it anew");
	await reads("This is how it is now, with what you typed in it.");
	await look();
}

async function somebody() {
	await page.goto(`${origin}/admin/people/bob/edit`);
	await field("Comment").fill("mine");
	await field("Full name").fill("Bob of nora");
	await other("PATCH", "/users/bob", { full_name: "Bob of others <b>", email: "bob@example.org" });
	await refused("Save");
	const seen = {
		name: await field("Full name").inputValue(),
		email: await field("Mail address").inputValue(),
		clash: await page.getByText("“Bob of others <b>”").count(),
	};
	await press("Save");
	await reads("Saved.");
	return seen;
}

async function group() {
	await page.goto(`${origin}/admin/people/groups/staff/edit`);
	await field("Comment").fill("mine");
	await other("PATCH", "/groups/staff", { policy: { totp_required: true } });
	await refused("Save");
	await press("Save");
	await page.getByText("Saved.").first().waitFor();
}

async function everybody() {
	await page.goto(`${origin}/admin/people/policy`);
	await field("Devices").selectOption("0");
	await other("PUT", "/policy", { client_to_client: true });
	await refused("Save");
	await press("Save");
	await reads("Saved.");
	await page.getByText("This is how it is now").waitFor({ state: "detached" });
}

async function rule() {
	const { items: [{ id }] } = await ask(page, "GET", "/rules");
	await page.goto(`${origin}/admin/access/rules/${id}`);
	await field("Comment").fill("mine");
	await other("PATCH", `/rules/${id}`, { destination: "10.78.0.0/16" });
	await refused("Save");
	await press("Save");
	await reads("The rule is changed.");
}

async function alerts() {
	await page.goto(`${origin}/admin/settings/alerts`);
	await field("From").fill("nora@example.org");
	await page.getByLabel("Something new listens").uncheck();
	await other("PUT", "/alerts", { rules: { certificate: false } });
	await refused("Save");
	await press("Save");
	await reads("The alerts are saved.");
	await page.getByText("This is how it is now").waitFor({ state: "detached" });
}

await page.goto(`${origin}/admin/people`);
await signIn(page, "nora", "correct horse battery staple");
await page.getByRole("cell", { name: "bob" }).waitFor();
const bytes = await weight(page);
const seen = await somebody();
await group();
await everybody();
await rule();
await alerts();
console.log(JSON.stringify({ seen, bytes, complaints, found, wide }));
await browser.close();
