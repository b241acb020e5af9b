// first_run.js ORIGIN LINK FILE: the first administrator makes himself, a device, and its profile.
// Prints what came of it as JSON.
import { open } from "./browser.js";
import { addDevice, download, onlooker, setUp, weight } from "./people.js";

const [origin, link, file] = process.argv.slice(2);
const { browser, page, complaints } = await open();
const { look, found, wide } = onlooker(page);

await page.goto(`${origin}/portal`);
await page.getByRole("heading", { name: "Sign in" }).waitFor();
await look();
await setUp(page, origin + link, "mara", "correct horse battery staple");
await look();
await page.getByRole("link", { name: "Add this device" }).click();
await page.getByRole("heading", { name: "Add a device" }).waitFor();
await look();
await addDevice(page, "laptop", "Linux");
await look();
const name = await download(page, file);
const bytes = await weight(page);

await page.getByText("This page is not open on the device itself").click();
await page.getByRole("button", { name: "Make a one-time link" }).click();
await page.getByText(`${origin}/link/`).waitFor();
await look();
console.log(JSON.stringify({ name, bytes, complaints, found, wide }));
await browser.close();
