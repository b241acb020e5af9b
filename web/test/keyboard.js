// keyboard.js ORIGIN: nora goes through the console without a mouse: past the navigation, from page to page,
// into dialogs and out again. Prints what had the focus as JSON.
import { open } from "./browser.js";
import { onlooker, signIn, weight } from "./people.js";

const [origin] = process.argv.slice(2);
const { browser, page, complaints } = await open();
const { look, found, wide } = onlooker(page);

const key = (name) => page.keyboard.press(name);
/** What has it, in the words that a screen reader begins with. */
const focus = () => page.evaluate(() => {
	const at = document.activeElement;
	return at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? (at === document.body ? "" : at.textContent.trim());
});
const headingHasIt = (name) => page.locator("h1:focus", { hasText: name }).waitFor();

async function skip() {
	await page.goto(`${origin}/admin/people`);
	await page.getByRole("cell", { name: "bob" }).waitFor();
	await key("Tab");
	const first = await focus();
	await look();
	await key("Enter");
	await key("Tab");
	const inside = await page.evaluate(() => document.querySelector("main").contains(document.activeElement));
	return { first, inside };
}

/** By a link of the navigation, and of a list: the heading has it then, and is what a reader begins with. */
async function travel() {
	const at = [];
	for (const name of ["Access", "Security", "Audit", "Settings", "Connections", "Overview", "People"]) {
		await page.getByRole("link", { name, exact: true }).first().focus();
		await key("Enter");
		await page.waitForURL(`**/admin${name === "Overview" ? "" : `/${name.toLowerCase()}`}`);
		await headingHasIt("");
		at.push(await focus());
	}
	await page.getByRole("link", { name: "bob", exact: true }).focus();
	await key("Enter");
	await headingHasIt("bob");
	await page.goBack();
	await headingHasIt("People");
	return at;
}

async function sort() {
	const heading = page.getByRole("columnheader", { name: "Name" }).getByRole("button"), orders = [];
	for (const order of ["descending", "ascending"]) {
		await heading.focus();
		await key("Enter");
		await page.locator(`th[aria-sort=${order}]`).waitFor();
		await page.locator("tbody tr:first-child", { hasText: order === "descending" ? "nora" : "bob" }).waitFor();
		orders.push([order, await focus()]);
	}
	return orders;
}

/** Wherever Tab leads, it is not behind the dialog. */
async function isHeld() {
	for (let i = 0; i < 12; i++) {
		await key(i % 4 === 3 ? "Shift+Tab" : "Tab");
		const out = await page.evaluate(() => {
			const at = document.activeElement;
			return at !== document.body && !at.closest("dialog[open]") ? at.outerHTML : "";
		});
		if (out) return out;
	}
	return "";
}

async function dialog(path, name) {
	await page.goto(origin + path);
	const opener = page.getByRole("button", { name }).first();
	await opener.focus();
	await key("Enter");
	await page.locator("dialog[open]").waitFor();
	const begins = await page.evaluate(() => document.activeElement.closest("dialog") !== null);
	const held = await isHeld();
	await key("Escape");
	await page.locator("dialog").waitFor({ state: "detached" });
	return { begins, held, back: (await focus()).startsWith(name) };
}

/** What is removed takes its button away: the heading has the focus then, not the top of the document. */
async function removed() {
	await page.goto(`${origin}/admin/security/tokens`);
	await page.getByRole("button", { name: "Revoke bot", exact: true }).focus();
	await key("Enter");
	await page.getByRole("button", { name: "Revoke the token" }).focus();
	await key("Enter");
	await page.getByText("bot is revoked.").waitFor();
	await page.getByRole("button", { name: "Revoke bot", exact: true }).waitFor({ state: "detached" });
	await headingHasIt("");
	return focus();
}

/** What takes itself away when it is pressed: of a form that is loaded anew, and of a list that was empty. */
async function vanished() {
	await page.goto(`${origin}/admin/people/policy`);
	await page.getByRole("button", { name: "Save" }).focus();
	await key("Enter");
	await page.getByText("It holds from now on").waitFor();
	await headingHasIt("Policy");
	await page.goto(`${origin}/admin/people?search=nobody`);
	await page.getByRole("button", { name: "Show everything" }).focus();
	await key("Enter");
	await page.getByRole("cell", { name: "bob" }).waitFor();
	await headingHasIt("People");
	return focus();
}

/** What is to be copied says so to who does not see its button. */
async function copies() {
	await page.goto(`${origin}/admin/settings/backup`);
	await page.getByRole("button", { name: "Copy", exact: true }).first().waitFor();
	await look();
}

async function menu() {
	const button = page.getByRole("button", { name: "Account of nora" });
	await button.focus();
	await key("Enter");
	await page.getByRole("button", { name: "Sign out" }).waitFor();
	await key("Escape");
	await page.getByRole("button", { name: "Sign out" }).waitFor({ state: "detached" });
	return button.evaluate((element) => element === document.activeElement);
}

await page.goto(`${origin}/admin/people`);
await signIn(page, "nora", "correct horse battery staple");
await page.getByRole("cell", { name: "bob" }).waitFor();
const bytes = await weight(page);
const skipped = await skip();
const travelled = await travel();
const sorted = await sort();
const dialogs = [
	await dialog("/admin/people/bob", "Delete"),
	await dialog("/admin/access", "Remove: bob may reach 10.77.0.0/16"),
	await dialog("/admin/security", "Ban somebody"),
	await dialog("/admin/security/tokens", "Revoke bot"),
	await dialog("/admin/settings/certificates", "Make a new authority"),
];
const after = await removed();
const gone = await vanished();
await copies();
const account = await menu();
console.log(JSON.stringify({ skipped, travelled, sorted, dialogs, after, gone, account, bytes, complaints, found, wide }));
await browser.close();
