// tabs.js ORIGIN: omar has the portal open in two tabs, and in one of them he leaves, or somebody else
// comes; and the server is not there when he signs out. Prints what came of it as JSON.
import { open } from "./browser.js";
import { ask, onlooker, signIn, signOut, weight } from "./people.js";

const PASSWORD = "correct horse battery staple";
const [origin] = process.argv.slice(2);
const { browser, context, page, complaints } = await open();
const { look, found, wide } = onlooker(page);
const other = await context.newPage();

const account = (of, name) => of.getByText(`Account of ${name}`).waitFor();

/** As a browser would that has no such pages open, by which the others would hear of it. */
function comeAs(name) {
	return other.evaluate(async (body) => {
		const { csrf } = await (await fetch("/api/v1/session")).json();
		const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
		return (await fetch("/api/v1/session", { method: "POST", headers, body: JSON.stringify(body) })).status;
	}, { name, password: PASSWORD });
}

await page.goto(`${origin}/portal/add`);
await signIn(page, "omar", PASSWORD);
await page.getByLabel("Name of the device").fill("his own");
await other.goto(`${origin}/portal`);
await account(other, "omar");
const came = await comeAs("pia");
await page.getByRole("button", { name: "Add the device" }).click();
await account(page, "pia");
const typed = await page.getByLabel("Name of the device").inputValue();
const { items } = await ask(page, "GET", "/me/devices");

await other.reload();
await signOut(other, "pia");
await page.getByText("Your session has ended.").waitFor();
await look();
await signIn(other, "omar", PASSWORD);
await account(page, "omar");

await page.getByText("Account of omar").click();
await context.setOffline(true);
await page.getByRole("button", { name: "Sign out" }).click();
await page.getByText("The server cannot be reached.").first().waitFor();
const isIn = await page.getByText("Account of omar").isVisible();
await context.setOffline(false);
await page.getByRole("button", { name: "Sign out" }).click();
await page.getByRole("heading", { name: "Sign in" }).waitFor();
await page.goto(`${origin}/portal`);
await page.getByRole("heading", { name: "Sign in" }).waitFor();
const bytes = await weight(page);
const said = complaints.filter((one) => !one.includes("ERR_INTERNET_DISCONNECTED"));
console.log(JSON.stringify({ came, typed, devices: items.length, isIn, bytes, complaints: said, found, wide }));
await browser.close();
