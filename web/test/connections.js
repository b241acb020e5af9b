// connections.js ORIGIN: mara, who mistypes her password first, looks at a connection of the VPN and ends
// it, ends a relayed one, and finds out why she was refused. Prints what came of it as JSON.
import { open } from "./browser.js";
import { onlooker, signIn, weight } from "./people.js";

const PASSWORD = "correct horse battery staple";
const [origin] = process.argv.slice(2);
const { browser, page, complaints } = await open();
const { look, found, wide } = onlooker(page);

const press = (name) => page.getByRole("button", { name, exact: true }).click();
const headed = (name) => page.getByRole("heading", { name }).waitFor();

await page.goto(`${origin}/admin/connections`);
await signIn(page, "mara", "not the password");
await page.getByRole("alert").waitFor();
await signIn(page, "mara", PASSWORD);

await page.getByRole("link", { name: "demo" }).waitFor();
await look();
const orders = [];
/** By which columns one may sort, each way; what the address says of it then. */
async function sortBy(...columns) {
	for (const column of columns) {
		const heading = page.getByRole("columnheader", { name: column });
		for (let turn = 0; turn < 2; turn++) {
			const before = page.url();
			await heading.getByRole("button").click();
			await page.waitForURL((url) => url.href !== before);
			await page.locator("tbody tr").first().waitFor();
			orders.push(new URL(page.url()).search + " " + await heading.getAttribute("aria-sort"));
		}
	}
}
await sortBy("Who", "From", "Address in the VPN", "Connected", "Data", "Client");
await look();
await page.getByLabel("Search by user").fill("nobody at all");
await headed("Nothing found");
await press("Show everything");
await page.getByRole("link", { name: "demo" }).click();
await page.getByText("AES-256-GCM").or(page.getByText("CHACHA20-POLY1305")).waitFor();
const heading = await page.getByRole("heading", { level: 1 }).innerText();
const facts = await page.locator(".facts").innerText();
await look();
await press("End this connection");
await look();
await press("End it");
await headed("This connection has ended");
await look();
await page.getByRole("link", { name: "All VPN connections" }).click();

await page.getByRole("link", { name: "Relayed" }).click();
const relayed = await page.getByRole("row").nth(1).innerText();
await sortBy("From", "Came to", "Rule", "Passed on to", "Connected", "Data");
await look();
await page.getByRole("button", { name: "End the connection from" }).click();
await look();
await press("End it");
await page.getByRole("status").getByText("is ended.").waitFor();
await headed("Nothing is relayed now");
await look();

await page.getByRole("link", { name: "Refused" }).click();
await page.getByRole("button", { name: "Why is mara refused?" }).waitFor();
const refused = await page.getByRole("row").nth(1).innerText();
await sortBy("When", "Who", "Where", "Why");
await look();
await press("Why is mara refused?");
await page.getByText("No ban and no delay stands now").waitFor();
await look();
const address = new URL(page.url()).search;
await press("Show all");
await page.getByLabel("Why is … refused?").fill("192.0.2.77");
await press("Explain");
await headed("Nothing found");
const bytes = await weight(page);
console.log(JSON.stringify({ heading, facts, relayed, refused, address, orders, bytes, complaints, found, wide }));
await browser.close();
