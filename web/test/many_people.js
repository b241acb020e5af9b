// many_people.js ORIGIN: a list of ten thousand is paged, sorted and searched. Prints what was shown, and
// the longest that one waited, in milliseconds, as JSON.
import { open } from "./browser.js";
import { onlooker, signIn, weight } from "./people.js";

const [origin] = process.argv.slice(2);
const { browser, page, complaints } = await open();
const { look, found, wide } = onlooker(page);
const rows = page.locator("tbody tr");
const shows = (name) => page.getByRole("row").nth(1).getByRole("link", { name, exact: true }).waitFor();
let slowest = 0;

async function timed(what, name) {
	const began = performance.now();
	await what();
	await shows(name);
	slowest = Math.max(slowest, performance.now() - began);
}

await page.goto(`${origin}/admin/people`);
await signIn(page, "mara", "correct horse battery staple");
await shows("mara");
const count = await rows.count();
await look();
const press = (name) => () => page.getByRole("button", { name, exact: true }).click();
await timed(press("Next"), "p00099");
await timed(press("Next"), "p00199");
await timed(press("Previous"), "p00099");
await timed(press("First page"), "mara");
await timed(() => page.getByRole("columnheader", { name: "Name" }).getByRole("button").click(), "p09998");
await timed(() => page.getByLabel("Search by name").fill("p0731"), "p07319");
const searched = await rows.count();
await timed(() => page.reload(), "p07319");
await page.getByLabel("Role").selectOption("admin");
await page.getByRole("heading", { name: "Nothing found" }).waitFor();
await timed(press("Show everything"), "p09998");
const bytes = await weight(page);
console.log(JSON.stringify({ count, searched, slowest, bytes, complaints, found, wide }));
await browser.close();
