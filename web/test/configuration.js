// configuration.js LINK: who became the administrator changes the configuration: with a mistake and
// without, on trial, taken back by itself, and back to what was. Prints what came of it as JSON.
import { open } from "./browser.js";
import { ask, onlooker, setUp, weight } from "./people.js";

const PASSWORD = "correct horse battery staple";
const [origin, link] = process.argv.slice(2);
const { browser, page, complaints } = await open();
const { look, found, wide } = onlooker(page);
const editor = page.getByLabel("The configuration file");

await setUp(page, new URL(link, origin).href, "mara", PASSWORD);
await page.goto(`${origin}/admin/configuration`);
await page.getByText("As in the file").waitFor();
const bytes = await weight(page);
await look();

const before = await editor.inputValue();
const after = before.replace(/\s*$/, "\n# looked at in a browser\nserver_name tested\n");
await editor.fill(after.replace("server_name", "server_nom"));
await page.getByText("Cannot be applied").waitFor();
const line = after.split("\n").indexOf("server_name tested") + 1;
await page.locator(`.bad[data-line="${line}"]`).waitFor();
await page.getByRole("button", { name: `Line ${line}, column 1:` }).click();
const selected = await editor.evaluate((area) => area.value.slice(area.selectionStart, area.selectionStart + 11));
await look();

await editor.fill(after);
await page.getByText("Can be applied").waitFor();
await page.getByRole("link", { name: "Review the change" }).click();
await page.getByText("server_name tested").waitFor();
const added = await page.locator(".diff .added ins").allInnerTexts();
const removed = await page.locator(".diff .removed del").allInnerTexts();
await look();
await page.getByRole("button", { name: "Apply the change" }).click();
await page.getByRole("heading", { name: "The change is on trial" }).waitFor();
await look();
await page.getByRole("button", { name: "Keep it" }).click();
await page.getByText("The change is kept.").waitFor();
await look();

// Another, which nobody confirms.
const { sha256 } = await ask(page, "GET", "/config");
await ask(page, "POST", "/config/apply", { text: after.replace("tested", "tried"), base: sha256, confirm_seconds: 4 });
await page.getByRole("heading", { name: "The change is on trial" }).waitFor();
await page.getByText("The change was taken back.").waitFor();
const kept = (await ask(page, "GET", "/config/running")).text.includes("server_name tested");

await page.getByRole("link", { name: "History" }).click();
await page.getByRole("columnheader", { name: "Applied" }).waitFor();
await look();
await page.locator("tbody a").last().click();
await page.getByText("What going back would change").waitFor();
await look();
await page.getByRole("button", { name: "Go back to this one" }).click();
await page.getByLabel("take it back after").selectOption({ label: "never: it stays at once" });
await page.getByRole("button", { name: "Apply the change" }).click();
await page.getByText("The change is applied, and stays.").waitFor();
await page.locator(".behind", { hasNotText: "server_name" }).waitFor();
const back = (await editor.inputValue()) === before;
await page.goto(`${origin}/admin/configuration/history/20269999T000000Z-1.conf`);
await page.getByRole("heading", { name: "20269999T000000Z-1.conf" }).waitFor();
console.log(JSON.stringify({ bytes, selected, added, removed, kept, back, complaints, found, wide }));
await browser.close();
