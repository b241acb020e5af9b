// roles.js ORIGIN: an administrator, an operator and a user go wherever the console leads them. Prints
// what each was offered, what was asked of whom, and what was kept, as JSON.
import { open } from "./browser.js";
import { onlooker, signIn, weight } from "./people.js";

const [origin] = process.argv.slice(2);
const { browser, complaints } = await open();
const found = [], wide = [];
let bytes = 0;

/** What a page asks of elsewhere, and addresses with a secret in them. */
function watch(page) {
	const elsewhere = [], secrets = [], refused = [];
	page.on("request", (request) => {
		const url = new URL(request.url());
		if (url.protocol === "data:") return;
		if (url.origin !== origin) elsewhere.push(url.href);
		if (/csrf|token=|password=|session=/i.test(url.href)) secrets.push(url.href);
	});
	page.on("response", (response) => {
		if (response.status() === 403) refused.push(response.url());
	});
	return { elsewhere, secrets, refused };
}

/** Each page, with the tabs on it. */
async function walk(page, seen) {
	const entries = await page.locator(".side nav a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
	for (const entry of entries) {
		await page.goto(origin + entry);
		await page.locator("main h1").waitFor();
		const tabs = await page.locator(".tabs a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
		for (const path of tabs.length > 0 ? tabs : [entry]) {
			await page.goto(origin + path);
			await page.locator("main h1").waitFor();
			while (await page.locator(".waiting").count() > 0) await page.locator(".waiting").first().waitFor({ state: "detached" });
			const buttons = await page.locator("main").getByRole("button").allInnerTexts();
			const links = await page.locator("main a.button").allInnerTexts();
			seen[path] = [...buttons, ...links].map((name) => name.trim()).filter(Boolean);
		}
	}
}

async function goAs(name) {
	const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: "en-GB" });
	const page = await context.newPage();
	page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type()) && !/status of 4\d\d/.test(message.text()))
			complaints.push(message.text());
	});
	const watched = watch(page), eye = onlooker(page), seen = {};
	await page.goto(`${origin}/admin`);
	await signIn(page, name, "correct horse battery staple");
	await page.getByText(`Account of ${name}`).waitFor();
	await page.locator("main h1").waitFor();
	const title = await page.locator("main h1").innerText();
	if (name === "user") await eye.look();
	await walk(page, seen);
	const kept = await page.evaluate(async () => ({
		local: localStorage.length,
		session: sessionStorage.length,
		databases: (await indexedDB.databases()).length,
		caches: (await caches.keys()).length,
		cookies: document.cookie,
	}));
	found.push(...eye.found);
	wide.push(...eye.wide);
	bytes = Math.max(bytes, await weight(page));
	await context.close();
	return { title, seen, kept, ...watched };
}

const went = {};
for (const name of ["admin", "operator", "user"]) went[name] = await goAs(name);
console.log(JSON.stringify({ ...went, bytes, complaints, found, wide }));
await browser.close();
