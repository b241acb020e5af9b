// lists.js ORIGIN: every list of the console is sorted by its headings, both ways, as the server has it;
// bans are narrowed by kind and by who made them. Prints by what each was sorted, and which way first, as JSON.
import { open } from "./browser.js";
import { ask, onlooker, signIn, weight } from "./people.js";

const [origin] = process.argv.slice(2);
const { browser, page, complaints } = await open();
const { look, found, wide } = onlooker(page);
const sorted = {};

// Of each: its page, the API's list, what a row shows of it, and its headings with what they sort by.
const LISTS = [
	["/admin/people/groups", "/groups", "name", { Name: "name", Members: "members", Added: "created" }],
	["/admin/people/zoe/sessions", "/sessions?user=zoe", "address",
		{ Address: "address", "Signed in": "created", "Last used": "seen" }],
	["/admin/people/mara/links", "/links?user=mara", "made_by",
		{ For: "kind", "Made by": "made_by", Made: "created", "Good until": "expires" }],
	["/admin/security", "/bans", "subject", { "Who is banned": "subject", By: "by", Since: "created", Until: "until" }],
	["/admin/security/lock-outs", "/lock-outs", "subject",
		{ "Who is locked out": "subject", "Failures counted": "failures", "Last failure": "last" }],
	["/admin/security/sessions", "/sessions", "user",
		{ User: "user", Address: "address", "Signed in": "created", "Last used": "seen" }],
	["/admin/security/tokens", "/tokens", "name",
		{ Name: "name", "Acts as": "user", May: "scope", Made: "created", "Good until": "expires", "Last used": "last_used" }],
	["/admin/settings/certificates", "/certificates", "serial", { Name: "name", Since: "created", "Good until": "expires" }],
	["/admin/settings/alerts", "/notices", "subject", { Subject: "subject", By: "channel", When: "created" }],
	["/admin/audit", "/audit", "action", { When: "time" }],
];

/** The table comes to be in the order that the server has. */
async function isSorted(path, shown, sort, descending) {
	const query = `${path.includes("?") ? "&" : "?"}sort=${sort}&descending=${descending}`;
	const { items } = await ask(page, "GET", path + query);
	await page.waitForFunction((want) => {
		const rows = [...document.querySelectorAll("tbody tr")].map((row) => row.textContent);
		return rows.length === want.length && want.every((words, i) => rows[i].includes(words));
	}, items.map((item) => item[shown]));
}

async function turn(heading) {
	const before = await heading.getAttribute("aria-sort");
	await heading.getByRole("button").click();
	await page.waitForFunction(([one, was]) => ![was, null].includes(one.getAttribute("aria-sort")),
		[await heading.elementHandle(), before]);
	return await heading.getAttribute("aria-sort") === "descending";
}

/** By each heading both ways; which it is first. */
async function sortBy(path, shown, headings) {
	const first = {};
	for (const [name, sort] of Object.entries(headings)) {
		const heading = page.getByRole("columnheader", { name: new RegExp(`^${name}( [↑↓])?$`) });
		const ways = [];
		for (let i = 0; i < 2; i++) {
			const descending = await turn(heading);
			await isSorted(path, shown, sort, descending);
			ways.push(descending);
		}
		if (ways[0] !== ways[1]) first[sort] = ways[0] ? "last" : "first";
	}
	return first;
}

await page.goto(`${origin}/admin/people/groups`);
await signIn(page, "zoe", "correct horse battery staple");
await page.getByRole("cell", { name: /^zebras/ }).waitFor();
for (const [address, path, shown, headings] of LISTS) {
	await page.goto(origin + address);
	await page.locator("tbody tr").first().waitFor();
	sorted[address] = await sortBy(path, shown, headings);
	await look();
}

await page.goto(`${origin}/admin/security`);
await page.getByRole("cell", { name: /^mara/ }).waitFor();
await page.getByLabel("Kind", { exact: true }).selectOption("Networks");
await page.getByRole("cell", { name: /^mara/ }).waitFor({ state: "detached" });
const networks = await page.locator("tbody tr").count();
await page.getByLabel("Made by", { exact: true }).selectOption("By a person");
await page.waitForURL((url) => url.searchParams.get("made_by") === "person");
await page.locator("tbody tr").first().waitFor();
await page.reload();
await page.locator("tbody tr").first().waitFor();
await page.getByLabel("Made by", { exact: true }).selectOption("By the server itself");
await page.getByRole("heading", { name: "Nothing found" }).waitFor();
await look();
await page.getByRole("button", { name: "Show everything" }).click();
await page.getByRole("cell", { name: /^mara/ }).waitFor();
// Nothing of what is typed and chosen in one go is lost.
await page.getByLabel("Search by address").fill("m");
await page.getByLabel("Kind", { exact: true }).selectOption("Accounts");
await page.waitForURL((url) => url.searchParams.get("search") === "m" && url.searchParams.get("kind") === "account");
await page.getByRole("cell", { name: /^mara/ }).waitFor();
const bytes = await weight(page);
console.log(JSON.stringify({ sorted, networks, bytes, complaints, found, wide }));
await browser.close();
