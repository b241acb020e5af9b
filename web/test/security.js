// security.js ORIGIN: nora bans omar, who is kept out until she lifts it; lets dora try again, who
// failed to sign in too often; ends his session; makes a
// token and revokes it; and is warned before she shuts out herself. Prints what came of it as JSON.
import { open } from "./browser.js";
import { ask, onlooker, signIn, weight } from "./people.js";

const PASSWORD = "correct horse battery staple";
const [origin] = process.argv.slice(2);
const { browser, page, complaints } = await open();
const { look, found, wide } = onlooker(page);

const press = (name) => page.getByRole("button", { name, exact: true }).click();
const tab = (name) => page.getByRole("navigation", { name: "Security" }).getByRole("link", { name }).click();
const reads = (words) => page.getByText(words).first().waitFor();

async function ban(whom, why) {
	await page.getByRole("button", { name: "Ban somebody" }).first().click();
	await page.getByLabel("Address, network or name").fill(whom);
	await page.getByLabel("Why").fill(why);
	await press("Ban it");
}

const omar = await (await browser.newContext({ ignoreHTTPSErrors: true, locale: "en-GB" })).newPage();
await omar.goto(`${origin}/portal`);
await signIn(omar, "omar", PASSWORD);
await omar.getByText("Account of omar").waitFor();

await page.goto(`${origin}/admin/security`);
await signIn(page, "nora", PASSWORD);
await page.getByRole("heading", { name: "Nobody is banned" }).waitFor();
await look();
await ban("203.0.112.0/23", "");
await reads("A network to ban is a /8, /16 or /24");
await look();
await page.getByLabel("Address, network or name").fill("203.0.113.0/24");
await press("Ban it");
await reads("203.0.113.0/24 is banned.");
await ban("omar", "<script>alert(1)</script>");
await reads("omar is banned.");
await page.getByRole("cell", { name: "<script>alert(1)</script>" }).waitFor();
await look();
await omar.reload();
await signIn(omar, "omar", PASSWORD);
await omar.getByText("you have been shut out").or(omar.getByText(/Too many attempts/)).first().waitFor();

await tab("Lock-outs");
await page.getByRole("heading", { name: "Nobody is locked out" }).waitFor();
await look();
await page.evaluate(async () => {
	const body = JSON.stringify({ name: "dora", password: "a wrong one" });
	const headers = { "Content-Type": "application/json" };
	for (let status = 0; status !== 429;)
		({ status } = await fetch("/api/v1/session", { method: "POST", credentials: "omit", headers, body }));
});
await page.getByRole("row", { name: /^dora\s*Account/ }).waitFor();
await look();
await press("Lift the lock-out of dora");
await look();
await press("Lift the lock-out");
await reads("dora may try to sign in again.");
await page.getByRole("heading", { name: "Nobody is locked out" }).waitFor();
await page.getByLabel("Address or name").fill("omar");
await press("Look");
await reads("Is refused");
await look();
await press("Lift the ban of omar");
await press("Lift the ban");
await reads("Would be looked at");
await page.getByRole("link", { name: "All who are locked out" }).click();
await page.getByRole("heading", { name: "Nobody is locked out" }).waitFor();
await tab("Bans");
await page.getByLabel("Search by address").fill("omar");
await page.getByRole("heading", { name: "Nothing found" }).waitFor();
await page.getByLabel("Which bans").selectOption("All, with former ones");
await page.getByRole("cell", { name: /^Lifted/ }).waitFor();
await look();

await omar.reload();
await signIn(omar, "omar", PASSWORD);
await omar.getByText("Account of omar").waitFor();
await tab("Sessions");
await page.getByRole("button", { name: /^End the session of omar at/ }).click();
await look();
await press("End the session");
await reads("A session of omar is ended.");
await page.getByRole("cell", { name: "omar", exact: true }).waitFor({ state: "detached" });
await look();
await omar.reload();
await omar.getByRole("heading", { name: "Sign in" }).waitFor();

await tab("API tokens");
await page.getByRole("heading", { name: "No API tokens yet" }).waitFor();
await page.getByRole("button", { name: "Make a token" }).first().click();
await page.getByLabel("Name", { exact: true }).fill("<b>bot</b>");
await press("Make the token");
await reads("The name has something else in it");
await look();
await page.getByLabel("Name", { exact: true }).fill("bot");
await press("Make the token");
const token = await page.locator(".command code").first().innerText();
await look();
const use = () => page.evaluate(async (word) => (await fetch("/api/v1/bans", {
	credentials: "omit",
	headers: { Authorization: `Bearer ${word}` },
})).status, token);
const statuses = [await use()];
await press("I have kept it");
const isKept = (await page.content()).includes(token);
await press("Revoke bot");
await press("Revoke the token");
await reads("bot is revoked.");
statuses.push(await use());

await tab("Who gets in");
const list = page.getByRole("region", { name: "The console and" });
await list.getByLabel("This machine").uncheck();
await list.getByLabel("Addresses and networks").fill("203.0.113.7/33");
await list.getByRole("button", { name: "Review the change" }).click();
await reads('"203.0.113.7/33" is no address and no network.');
await list.getByLabel("Addresses and networks").fill("203.0.113.7");
await reads("you would be shut out");
await look();
await press("Let 127.0.0.1 in as well");
await page.getByText("you would be shut out").waitFor({ state: "detached" });
await list.getByRole("button", { name: "Review the change" }).click();
await page.waitForURL("**/admin/configuration/review");
const { items } = await ask(page, "GET", "/bans?all=true");
const bytes = await weight(page);
console.log(JSON.stringify({ statuses, isKept, bans: items.length, bytes, complaints, found, wide }));
await browser.close();
