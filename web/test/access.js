// access.js ORIGIN: mara makes rules for bob, asks what he reaches, moves, edits and removes them, and
// finds each of these in the audit log, which she verifies and takes away; olga may look on. Prints what
// came of it as JSON.
import { readFileSync } from "node:fs";
import { open } from "./browser.js";
import { onlooker, signIn, signOut, weight } from "./people.js";

const PASSWORD = "correct horse battery staple", COMMENT = "<img src=x onerror=alert(1)> \u202etxt.exe 📛";
const [origin] = process.argv.slice(2);
const { browser, page, complaints } = await open();
const { look, found, wide } = onlooker(page);

const press = (name) => page.getByRole("button", { name, exact: true }).click();
const follow = (name) => page.getByRole("link", { name, exact: true }).first().click();
const fill = (label, value) => page.getByLabel(label, { exact: true }).fill(value);
const reads = (text) => page.getByText(text).first().waitFor();
const titled = (name) => page.getByRole("heading", { name, exact: true }).waitFor();

async function addRule(action, destination, comment = "") {
	await follow("Add a rule");
	await fill("Name of the user", "bob");
	await page.getByLabel("What then?").selectOption(action);
	await fill("Destination", destination);
	await page.getByLabel("Traffic").selectOption("tcp");
	await fill("First port", "443");
	await fill("Comment", comment);
	await press("Add the rule");
}

/** In words, and which rule decides. */
async function reach(to, port) {
	await page.goto(`${origin}/admin/access/reach`);
	await fill("User", "bob");
	await fill("Destination", to);
	await page.getByLabel("By").selectOption("tcp");
	await fill("Port", port);
	await press("Ask");
	const verdict = page.locator(".verdict");
	await verdict.waitFor();
	return (await verdict.innerText()).replace(/\s+/g, " ");
}

async function makeRules() {
	await titled("No rules yet");
	await look();
	await addRule("allow", "10.77.0.1/16");
	await reads("destination is no network like");
	await look();
	await fill("Destination", "10.77.0.0/16");
	await press("Add the rule");
	await reads("The rule is added.");
	await addRule("deny", "10.77.0.9", COMMENT);
	await reads(COMMENT);
	await look();
}

async function changeRules() {
	const before = await reach("10.77.0.9", "443");
	await look();
	await follow("Rules");
	await press("Up: bob may not reach 10.77.0.9/32 by TCP 443");
	await reads("The rule is moved.");
	await page.getByRole("button", { name: "Down: bob may not reach" }).waitFor();
	const after = await reach("10.77.0.9", "443");
	await page.getByRole("link", { name: /^Rule \d+$/ }).first().click();
	await fill("First port", "22");
	await look();
	await press("Save");
	await reads("The rule is changed.");
	const edited = await reach("10.77.0.9", "443");
	await follow("Rules");
	await page.getByRole("button", { name: "Remove: bob may reach 10.77.0.0/16" }).click();
	await titled("Remove this rule?");
	await look();
	await press("Remove it");
	await reads("The rule is removed.");
	return { before, after, edited, removed: await reach("10.77.0.9", "443") };
}

async function ask() {
	await page.goto(`${origin}/admin/access/reach?user=nobody&to=10.0.0.1`);
	await reads("There is no user of that name.");
	await fill("User", "bob");
	await fill("Destination", "no address");
	await press("Ask");
	await reads("no IP address");
	await look();
}

async function download(button) {
	const [begun] = await Promise.all([page.waitForEvent("download"), press(button)]);
	const lines = readFileSync(await begun.path(), "utf8").trim().split("\n").map((line) => JSON.parse(line));
	return { name: begun.suggestedFilename(), lines };
}

/** What the page shows, and then all of it: in so small parts that there are several. */
async function takeAway() {
	const { name: partName, lines: [head, ...found] } = await download("Export what is shown");
	await reads(`${found.length} rows exported as lines of JSON: those that the filters show`);
	await look();
	await page.goto(`${origin}/admin/audit`);
	await page.getByText("rule.remove").first().waitFor();
	let parts = 0;
	await page.route("**/audit/export?*", (route) => {
		parts++;
		return route.continue({ url: route.request().url().replace(/rows=\d+/, "rows=3") });
	});
	const { name, lines } = await download("Export");
	await reads(`${lines.length} rows exported`);
	await page.unroute("**/audit/export?*");
	const isWhole = lines.every(({ id }, i) => id === i + 1);
	const isSame = found.every((row) => JSON.stringify(row) === JSON.stringify(lines[row.id - 1]));
	return { partName, filters: head.filters, found: found.map(({ action }) => action), name, lines: lines.length, parts, isWhole, isSame };
}

async function audit() {
	await follow("Audit");
	await page.getByLabel("What", { exact: true }).selectOption("Access rules");
	await page.getByText("rule.remove").waitFor();
	const rows = page.getByRole("row");
	await rows.filter({ hasText: "session.begin" }).first().waitFor({ state: "detached" });
	const acts = (await rows.locator("td:first-child .mono").allInnerTexts()).map((text) => text.trim());
	const who = new Set(await rows.locator("td:nth-child(2) > .name").allInnerTexts());
	await page.locator("summary", { hasText: /^\d+ values$/ }).nth(1).click();
	const moved = (await rows.filter({ hasText: "rule.change" }).locator(".changes").allInnerTexts()).join(" ");
	await look();
	await press("Verify");
	await reads("The log is whole");
	const head = await page.locator("code.name").innerText();
	await look();
	const file = await takeAway();
	await page.getByRole("button", { name: "mara", exact: true }).first().click();
	await page.waitForURL(/who=mara/);
	await page.getByLabel("Search by").fill("zed");
	await titled("Nothing found");
	await press("Show everything");
	await page.getByText("session.begin").first().waitFor();
	return { acts, who: [...who], moved, head, file };
}

/** Who may look on, and change nothing. */
async function lookOn() {
	await signOut(page, "mara");
	await page.goto(`${origin}/admin/access`);
	await signIn(page, "olga", PASSWORD);
	await reads(COMMENT);
	const offered = await page.getByRole("button", { name: /^(Up|Down|Remove)/ }).count()
		+ await page.getByRole("link", { name: /^Add/ }).count();
	await page.getByRole("link", { name: "10.77.0.9/32", exact: true }).click();
	await reads("Administrators alone may change rules.");
	await look();
	await follow("Audit");
	await reads("rule.remove");
	return offered;
}

await page.goto(`${origin}/admin/access`);
await signIn(page, "mara", PASSWORD);
await makeRules();
const reached = await changeRules();
await ask();
const logged = await audit();
const offered = await lookOn();
const bytes = await weight(page);
console.log(JSON.stringify({ reached, logged, offered, bytes, complaints, found, wide }));
await browser.close();
