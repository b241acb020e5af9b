// addresses.js ORIGIN RULE: an operator and a user open each page of the console by its address. Prints what
// each page was called, what it offered, and what was asked for, as JSON.
import { open } from "./browser.js";
import { onlooker, signIn, weight } from "./people.js";

const PATHS = ["", "/connections", "/connections/refused", "/people", "/people/add", "/people/import", "/people/groups",
	"/people/policy", "/people/add-group", "/people/groups/staff", "/people/groups/staff/edit", "/people/boss",
	"/people/boss/edit", "/people/boss/policy", "/people/bob/edit", "/people/bob/devices", "/people/nobody",
	"/people/nobody/edit", "/access", "/access/add", "/access/reach", "/sites", "/sites/add", "/configuration",
	"/configuration/review", "/configuration/history", "/security", "/security/lock-outs", "/security/allow",
	"/security/sessions", "/security/tokens", "/audit", "/settings", "/settings/vpn", "/settings/alerts",
	"/settings/certificates", "/settings/backup", "/settings/about", "/come-back", "/nowhere", "/%ff"];
const [origin, rule] = process.argv.slice(2);
const { browser, complaints } = await open();
const found = [], wide = [];
let bytes = 0;

async function settled(page) {
	await page.locator("main h1").first().waitFor();
	while (await page.locator(".waiting").count() > 0) await page.locator(".waiting").first().waitFor({ state: "detached" });
}

async function seenAt(page, path) {
	await page.goto(`${origin}/admin${path}`);
	await settled(page);
	const main = page.locator("main");
	return {
		title: await main.locator("h1").innerText(),
		said: (await main.locator(".nothing h2").allInnerTexts()).join(),
		alerts: await main.getByRole("alert").allInnerTexts(),
		buttons: await main.getByRole("button").allInnerTexts(),
	};
}

async function goAs(name, paths) {
	const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: "en-GB" });
	const page = await context.newPage(), seen = {}, refused = [], asked = new Set();
	const eye = onlooker(page);
	page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
	await page.goto(`${origin}/portal`);
	await signIn(page, name, "correct horse battery staple");
	await page.getByText(`Account of ${name}`).waitFor();
	page.on("request", (request) => asked.add(new URL(request.url()).pathname));
	page.on("response", (response) => {
		if ([401, 403, 500].includes(response.status())) refused.push(`${page.url()}: ${response.url()}`);
	});
	for (const path of paths) seen[path] = await seenAt(page, path);
	await page.goto(`${origin}/admin/configuration`);
	await settled(page);
	await eye.look();
	found.push(...eye.found);
	wide.push(...eye.wide);
	bytes = Math.max(bytes, await weight(page));
	await context.close();
	return { seen, refused, asked: [...asked].filter((path) => path.startsWith("/api/")) };
}

const operator = await goAs("otto", [...PATHS, `/access/rules/${rule}`]);
const user = await goAs("bob", ["", "/people", "/people/boss/edit", "/configuration", "/settings/vpn", "/audit", "/come-back", "/nowhere"]);
console.log(JSON.stringify({ operator, user, bytes, complaints, found, wide }));
await browser.close();
