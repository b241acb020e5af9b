// come_back.js ORIGIN: he signs in with codes from now on, revokes his device in the portal, and has a
// look at the console. Prints what came of it as JSON.
import { open } from "./browser.js";
import { ask, onlooker, signIn, signOut, totp, weight } from "./people.js";

const PASSWORD = "correct horse battery staple";
const [origin] = process.argv.slice(2);
const { browser, page, complaints } = await open();
const { look, found, wide } = onlooker(page);

await page.goto(`${origin}/portal`);
await signIn(page, "mara", "not the password");
await page.getByText("whether Caps Lock is on").waitFor();
await look();
await signIn(page, "mara", PASSWORD);
await page.getByText("Connected", { exact: true }).waitFor();
const { secret } = await ask(page, "POST", "/me/totp");
const { codes } = await ask(page, "POST", "/me/totp/confirm", { code: totp(secret) });
await signOut(page, "mara");
await signIn(page, "mara", PASSWORD, codes[0]);
await page.getByText("Connected", { exact: true }).waitFor();
const inside = await page.getByText(/^Address /).innerText();
await look();
await page.getByRole("button", { name: "Revoke laptop" }).click();
await look();
await page.getByRole("button", { name: "Revoke it" }).click();
await page.getByText("laptop is revoked.").waitFor();
await page.getByRole("heading", { name: "Connect your first device" }).waitFor();
await signOut(page, "mara");

await page.goto(`${origin}/admin/people?search=MAR`);
await signIn(page, "mara", PASSWORD, totp(secret, 1));
await page.getByRole("cell", { name: "mara" }).waitFor();
await page.getByText("Live", { exact: true }).waitFor();
await look();
await page.getByLabel("Search by name").fill("nobody at all");
await page.getByRole("heading", { name: "Nothing found" }).waitFor();
await look();
await page.getByRole("link", { name: "Overview" }).click();
await page.getByRole("heading", { name: "Security check" }).waitFor();
await look();
await page.emulateMedia({ colorScheme: "dark" });
await look();
const bytes = await weight(page);
const kept = await page.evaluate(() => localStorage.length + sessionStorage.length);
console.log(JSON.stringify({ inside, bytes, kept, complaints, found, wide }));
await browser.close();
