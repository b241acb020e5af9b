// configuration_others.js ORIGIN: nora changes the configuration while others do: in its file, which the
// test writes when it is asked to, and by the API. Prints what came of it as JSON.
import { open } from "./browser.js";
import { ask, onlooker, please, signIn, weight } from "./people.js";

const [origin] = process.argv.slice(2);
const { browser, page, complaints } = await open();
const { look, found, wide } = onlooker(page);
const editor = page.getByLabel("The configuration file");

const press = (name) => page.getByRole("button", { name, exact: true }).click();
const follow = (name) => page.getByRole("link", { name, exact: true }).click();
const reads = (words) => page.getByText(words).first().waitFor();
const offers = (name) => page.getByRole("button", { name }).or(page.getByRole("link", { name })).count();
const lines = (which) => page.getByRole("list", { name: which }).locator("ins, del")
	.evaluateAll((all) => all.map(({ tagName, innerText }) => `${tagName === "INS" ? "+" : "-"}${innerText}`));

async function type(change) {
	await editor.fill(change(await editor.inputValue()));
	await reads("Can be applied");
}

async function applyForGood() {
	await page.getByLabel("take it back after").selectOption("0");
	await press("Apply the change");
}

/** What stands in the file and does not run, is looked at and brought into force. */
async function fileIsAnother() {
	await please("write");
	await page.reload();
	await page.getByRole("heading", { name: "The file is not what runs" }).waitFor();
	await look();
	await follow("Look at it and apply it");
	await reads("Changed in the file already");
	const shown = await lines("Changed in the file already");
	await applyForGood();
	await reads("The change is applied, and stays.");
	await page.getByRole("heading", { name: "The file is not what runs" }).waitFor({ state: "detached" });
	return shown;
}

/** The file is written between a look at the change and its being applied. */
async function both(change) {
	await type(change);
	await follow("Review the change");
	await page.getByRole("button", { name: "Apply the change" }).waitFor();
	await please("write");
	await press("Apply the change");
	await reads("The file was changed on the server since you began.");
	await look();
}

async function changedElsewhere() {
	await both((text) => `# mine\n${text}`);
	await press("Compare mine with the file as it is now");
	await reads("Your change is made to the file as it is now.");
	await page.getByRole("list", { name: "Your change" }).waitFor();
	await look();
	const joined = await lines("Your change");
	await applyForGood();
	await reads("The change is applied, and stays.");
	await page.locator(".behind", { hasText: "# mine" }).waitFor();
	return joined;
}

async function changedThere() {
	await both((text) => `${text.trimEnd()}\n# mine, at the end\n`);
	await press("Compare mine with the file as it is now");
	await reads("where you change it too");
	await look();
	const clash = await lines("Your change");
	await follow("Go on editing");
	const kept = (await editor.inputValue()).includes("# mine, at the end");
	await please("write");
	await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))"); // one comes back to the tab
	await reads("The file was changed on the server since you began.");
	await look();
	await press("Discard mine, show the file as it is now");
	await reads("As in the file");
	const theirs = await editor.inputValue();
	return { clash, kept, theirs };
}

/** A trial is the server's: it ends without anybody who looks on. */
async function browserGoesAway() {
	const { text, sha256 } = await ask(page, "GET", "/config"), other = await page.context().newPage();
	await other.goto(`${origin}/admin/configuration`);
	await other.getByText("As in the file").waitFor();
	const before = await ask(page, "GET", "/config/running");
	await ask(page, "POST", "/config/apply", { text: `${text}server_name gone\n`, base: sha256, confirm_seconds: 3 });
	await other.getByRole("heading", { name: "The change is on trial" }).waitFor();
	await other.close();
	await page.reload();
	await page.getByRole("heading", { name: "The change is on trial" }).waitFor();
	await page.goto("about:blank");
	await please("wait");
	await page.goto(`${origin}/admin/configuration`);
	await reads("As in the file");
	return (await ask(page, "GET", "/config/running")).sha256 === before.sha256;
}

/** Pages that would change it say why they do not. */
async function readOnly() {
	await please("lock");
	await reads("config read_only");
	const seen = { typed: await editor.getAttribute("readonly") !== null };
	await please("write");
	await page.reload();
	await reads("“sallyport reload” applies it.");
	await look();
	for (const path of ["configuration", "configuration/review", "security/allow", "settings/vpn", "sites", "sites/add"]) {
		await page.goto(`${origin}/admin/${path}`);
		await reads("config read_only");
		seen[path] = await offers(/^(Apply|Review|Look at|Add a|Change |Remove |Go on editing)/);
		await look();
	}
	await page.goto(`${origin}/admin/configuration/history`);
	await page.locator("tbody a").last().click();
	await reads("What going back would change");
	seen.history = await offers("Go back to this one");
	return seen;
}

await page.goto(`${origin}/admin/configuration`);
await signIn(page, "nora", "correct horse battery staple");
await reads("As in the file");
const bytes = await weight(page);
const shown = await fileIsAnother();
const joined = await changedElsewhere();
const there = await changedThere();
const back = await browserGoesAway();
const locked = await readOnly();
console.log(JSON.stringify({ shown, joined, ...there, back, locked, bytes, complaints, found, wide }));
await browser.close();
