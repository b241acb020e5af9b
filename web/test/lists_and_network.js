// lists_and_network.js ORIGIN: nora changes who may come to the console, and what the VPN gives out, by
// forms: each on trial, one taken back and others kept. Prints what came of it as JSON.
import { open } from "./browser.js";
import { ask, onlooker, signIn, weight } from "./people.js";

const [origin] = process.argv.slice(2);
const { browser, page, complaints } = await open();
const { look, found, wide } = onlooker(page);

const press = (name) => page.getByRole("button", { name, exact: true }).click();
const reads = (words) => page.getByText(words).first().waitFor();
const list = page.getByRole("region", { name: "The console and" });
const addresses = list.getByLabel("Addresses and networks");
const running = async () => (await ask(page, "GET", "/config/running")).text;

/** On trial, as the form leads to it; what it adds and takes away. */
async function onTrial() {
	await page.waitForURL("**/admin/configuration/review");
	await page.getByRole("button", { name: "Apply the change" }).waitFor();
	await page.locator(".diff").waitFor();
	const diff = await page.locator(".diff :is(ins, del)").allInnerTexts();
	await press("Apply the change");
	await page.getByRole("heading", { name: "The change is on trial" }).waitFor();
	return diff.map((line) => line.trim());
}

async function keep() {
	await press("Keep it");
	await reads("The change is kept.");
}

async function letIn(address) {
	await page.goto(`${origin}/admin/security/allow`);
	await addresses.fill(address);
	await list.getByRole("button", { name: "Review the change" }).click();
	return onTrial();
}

/** Somebody else changes the list while nora types. */
async function atOnce() {
	await page.goto(`${origin}/admin/security/allow`);
	await addresses.fill("203.0.113.7\n198.51.100.0/24");
	const { text, sha256 } = await ask(page, "GET", "/config");
	await ask(page, "POST", "/config/apply",
		{ text: text.replace(" 203.0.113.7", " 203.0.113.7 2001:db8::/48"), base: sha256, confirm_seconds: 0 });
	await list.getByText("This is what is in force.").waitFor({ state: "detached" });
	const typed = await addresses.inputValue();
	await list.getByRole("button", { name: "Review the change" }).click();
	const diff = await onTrial();
	await keep();
	return { typed, diff };
}

async function shutOut() {
	await page.goto(`${origin}/admin/security/allow`);
	await list.getByLabel("This machine").uncheck();
	await reads("you would be shut out");
	await look();
	await page.reload();
	return list.getByText("you would be shut out").count();
}

async function vpn(fill) {
	await page.goto(`${origin}/admin/settings/vpn`);
	await page.getByLabel("Addresses of clients").waitFor();
	await fill();
	await look();
	await press("Review the change");
	const diff = await onTrial();
	await keep();
	return diff;
}

await page.goto(`${origin}/admin/security/allow`);
await signIn(page, "nora", "correct horse battery staple");
await addresses.waitFor();
const bytes = await weight(page);
const tried = await letIn("203.0.113.7");
const during = await running();
await look();
await press("Take it back now");
await reads("The change was taken back.");
const back = await running();
await letIn("203.0.113.7");
await keep();
const both = await atOnce();
const warned = await shutOut();
const names = await vpn(async () => {
	await page.getByLabel("Resolvers", { exact: true }).fill("10.0.0.53\n2001:db8::53");
	await page.getByLabel("Domain").fill("example.org");
});
const network = await vpn(async () => {
	await page.getByLabel("Addresses of clients").fill("10.99.0.0/24");
	await reads("is applied by a restart only");
});
console.log(JSON.stringify({
	tried, during: during.includes("203.0.113.7"), back: back.includes("203.0.113.7"), both, warned, names, network,
	bytes, complaints, found, wide,
}));
await browser.close();
