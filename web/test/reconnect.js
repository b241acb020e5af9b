// reconnect.js ORIGIN: nora looks at lists while the server ends and begins again, then while another adds
// somebody, and then many without a pause. Prints what she was shown as JSON.
import { open } from "./browser.js";
import { onlooker, please, signIn, weight } from "./people.js";

const [origin] = process.argv.slice(2);
const { browser, page, complaints } = await open();
const { look, found, wide } = onlooker(page);

const state = (name) => page.getByRole("status").getByText(name, { exact: true }).or(page.locator(".side .chip", { hasText: name })).first().waitFor();
const cell = (name) => page.getByRole("cell", { name }).waitFor();

await page.goto(`${origin}/admin/people`);
await signIn(page, "nora", "correct horse battery staple");
await cell("bob");
await state("Live");
const bytes = await weight(page);
await please("stop");
await state("Reconnecting…");
await look();
const during = await page.getByRole("cell", { name: "bob" }).count();
// What is asked for meanwhile says what is the matter, and can be asked for again.
await page.getByRole("link", { name: "Audit" }).first().click();
await page.getByText("The server cannot be reached.").or(page.getByText("This page could not be loaded")).first().waitFor();
const offers = await page.locator("main").getByRole("button", { name: /Try again|Load the page again/ }).count();
await look();
await page.goBack();
await please("start");
await state("Live");
await cell("carol");
const problems = await page.locator("main").getByRole("alert").count();
await please("add");
await cell("dave");
await please("hurry");
await cell("erin");
await please("rest");
await page.reload();
await state("Live");
// What could not be reached for a while, or was not ready yet, is no fault of the page's.
const own = complaints.filter((line) => !/net::ERR_|status of 503/.test(line));
console.log(JSON.stringify({ during, offers, problems, bytes, complaints: own, found, wide }));
await browser.close();
