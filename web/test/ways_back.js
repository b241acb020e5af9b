// ways_back.js ORIGIN LINK: who has set the server up sees to it that he can come back. Prints what came
// of it as JSON.
import { open } from "./browser.js";
import { onlooker, setUp, weight } from "./people.js";

const [origin, link] = process.argv.slice(2);
const { browser, page, complaints } = await open();
const { look, found, wide } = onlooker(page);

/** What somebody else at the same address gets of the console. */
async function stranger() {
	const context = await browser.newContext({ ignoreHTTPSErrors: true });
	const status = (await (await context.newPage()).goto(`${origin}/admin`)).status();
	await context.close();
	return status;
}

await setUp(page, origin + link, "mara", "correct horse battery staple");
await look();
const before = await stranger();
await page.getByRole("link", { name: "Go to the console" }).click();
await page.getByText("since you have set the server up").waitFor();
await look();
await page.getByRole("link", { name: "Choose how you come back" }).click();
await page.getByRole("heading", { name: "How you come back" }).waitFor();
const ssh = await page.getByText("ssh -N -L").count();
await page.getByRole("link", { name: "Add this device" }).waitFor();
await look();
await page.getByRole("button", { name: "Let 127.0.0.1 in" }).click();
await page.getByText("stands in the configuration from now on").waitFor();
await page.getByText("since you have set the server up").waitFor({ state: "detached" });
await look();
const after = await stranger();
const bytes = await weight(page);
console.log(JSON.stringify({ before, after, ssh, bytes, complaints, found, wide }));
await browser.close();
