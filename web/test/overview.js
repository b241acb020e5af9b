// overview.js ORIGIN: mara looks at the first page until its numbers have moved. Prints what it says as JSON.
import { open } from "./browser.js";
import { onlooker, signIn, weight } from "./people.js";

const [origin] = process.argv.slice(2);
const { browser, page, complaints } = await open();
const { look, found, wide } = onlooker(page);

/** What a tile says: its value, and the line below it. */
async function tile(name) {
	const one = page.locator(".tile").filter({ has: page.getByText(name, { exact: true }) });
	return one.locator("dd").allInnerTexts();
}

/** The rows of the table below that heading. */
function rowsBelow(name) {
	const section = page.locator("section").filter({ has: page.getByRole("heading", { name }) }).last();
	return section.locator("tbody tr").allInnerTexts();
}

const asked = [], hours = [];
page.on("request", (request) => {
	const { pathname, searchParams } = new URL(request.url());
	if (pathname.endsWith("/status/history")) hours.push(searchParams.has("since"));
	if (request.url().endsWith("/status")) asked.push(request.url());
});
await page.goto(`${origin}/admin`);
await signIn(page, "mara", "correct horse battery staple");
await page.getByRole("heading", { name: "The last hour" }).waitFor();
await page.locator(".plot canvas").last().waitFor();
await page.getByText("Live", { exact: true }).waitFor();
await look();
const tunnels = await tile("VPN connections"), people = await tile("People");
const certificates = await rowsBelow("Certificates"), listeners = await rowsBelow("What listens on this machine");
const before = (await tile("Requests"))[1];
await page.locator(".tile").getByText(before).waitFor({ state: "detached" });
const after = (await tile("Requests"))[1];
await page.getByText("The last hour in numbers").click();
await page.getByRole("columnheader", { name: "Requests: All" }).waitFor();
await page.emulateMedia({ colorScheme: "dark" });
await look();
const charts = await page.locator("figure h3").allInnerTexts();
const connected = await page.getByText(/^Connected: 1 now/).count();
const bytes = await weight(page);
console.log(JSON.stringify({ tunnels, people, certificates, listeners, before, after, charts, connected, asked: asked.length,
	hours, bytes, complaints, found, wide }));
await browser.close();
