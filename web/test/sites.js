// sites.js LINK: who became the administrator adds a site and a back end by forms, changes one, and
// removes the other. Prints what came of it as JSON.
import { open } from "./browser.js";
import { onlooker, setUp, weight } from "./people.js";

const [origin, link, root] = process.argv.slice(2);
const { browser, page, complaints } = await open();
const { look, found, wide } = onlooker(page);
const form = page.getByRole("button", { name: "Look at the change" });

/** What the change would add, and take away; then it holds. */
async function apply() {
	await page.getByRole("button", { name: "Apply the change" }).waitFor();
	await page.locator(".diff").waitFor();
	const added = await page.locator(".diff .added ins").allInnerTexts();
	const removed = await page.locator(".diff .removed del").allInnerTexts();
	await page.getByLabel("take it back after").selectOption("0");
	await page.getByRole("button", { name: "Apply the change" }).click();
	await page.getByText("The change is applied, and stays.").waitFor();
	await page.getByRole("link", { name: "Sites and sharing" }).click();
	return { added, removed };
}

await setUp(page, new URL(link, origin).href, "mara", "correct horse battery staple");
await page.goto(`${origin}/admin/sites`);
await page.getByRole("heading", { name: "example.org" }).waitFor();
const bytes = await weight(page);
await look();

await page.getByRole("link", { name: "Add a site" }).click();
await page.getByLabel("Names").fill("docs.example.org www.docs.example.org");
await page.getByLabel("Directory").fill(root);
await look();
await form.click();
const site = await apply();
await page.getByRole("heading", { name: "docs.example.org" }).waitFor();

await page.getByRole("link", { name: "Change docs.example.org" }).click();
await page.getByLabel("What it answers with").selectOption({ label: "Always the same" });
await page.getByLabel("Status and text").fill("404 Nothing here");
await form.click();
const changed = await apply();
await page.getByText("404 Nothing here").waitFor();

await page.getByRole("link", { name: "Add a back end" }).click();
await page.getByLabel("Server names").fill("imap.example.org");
await page.getByLabel("Goes to").fill("127.0.0.1:993");
await look();
await form.click();
const rule = await apply();
await page.getByText("127.0.0.1:993").first().waitFor();
await page.getByText("of the configuration").last().click();
await look();

await page.getByRole("button", { name: "Remove TLS by server name imap.example.org" }).click();
const gone = await apply();
await page.getByRole("heading", { name: "docs.example.org" }).waitFor();
console.log(JSON.stringify({ bytes, site, changed, rule, gone, complaints, found, wide }));
await browser.close();
