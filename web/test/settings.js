// settings.js ORIGIN HOOK: nora has alerts posted to HOOK, and sees a test arrive; makes a new
// authority; looks at all else, and changes the VPN's domain. Prints what came of it as JSON.
import { open } from "./browser.js";
import { onlooker, signIn, weight } from "./people.js";

const PASSWORD = "correct horse battery staple";
const [origin, hook] = process.argv.slice(2);
const { browser, page, complaints } = await open();
const { look, found, wide } = onlooker(page);

const press = (name) => page.getByRole("button", { name, exact: true }).click();
const tab = (name) => page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name }).click();
const reads = (words) => page.getByText(words).first().waitFor();

await page.goto(`${origin}/admin/settings`);
await signIn(page, "nora", PASSWORD);
await page.getByLabel("Addresses of clients").waitFor();
await look();

await tab("Alerts");
const webhook = page.getByRole("region", { name: "Webhook" });
await webhook.getByLabel("Address").fill("nowhere");
await press("Save");
await webhook.getByLabel("Address").and(page.locator("[aria-invalid=true]")).waitFor();
await look();
await webhook.getByLabel("Address").fill(hook);
await webhook.getByLabel("Secret", { exact: true }).fill("0123456789abcdef");
await webhook.getByLabel("It may be on this machine").check();
await page.getByLabel("Something new listens").uncheck();
await press("Save");
await reads("The alerts are saved.");
const secret = await webhook.getByLabel("Secret", { exact: true }).inputValue();
await press("Send a test");
await page.getByRole("row", { name: /Webhook .* Delivered$/ }).waitFor();
await look();
await webhook.getByText("Is set, and never shown.").waitFor();
await press("Remove it: Secret");
await webhook.getByText("Is removed when you save.").waitFor();
await look();
await press("Keep it: Secret");
await webhook.getByText("Is set, and never shown.").waitFor();
await press("Remove it: Secret");
await press("Save");
await webhook.getByText("None is set.").waitFor();

await tab("Certificates");
await press("Make a new authority");
await look();
await page.getByLabel("Profiles that people have").selectOption("90 days");
await press("Make it");
await reads("There is a new authority.");
await page.getByLabel("Of").selectOption("Authority");
await reads(/^Retires/);
await look();

await tab("Backup");
await reads("sallyport restore");
await look();
await tab("About");
await reads("Running since");
await look();

await tab("VPN network");
await page.getByLabel("Domain").fill("example.org");
await press("Review the change");
await page.waitForURL("**/admin/configuration/review");
const bytes = await weight(page);
console.log(JSON.stringify({ secret, bytes, complaints, found, wide }));
await browser.close();
