// account.js ORIGIN: nora changes her password, sets up one-time codes, ends a session that is not
// hers, and has enough of codes; omar must set them up to come in. Prints what came of it as JSON.
import { readFileSync } from "node:fs";
import { open } from "./browser.js";
import { onlooker, signIn, signOut, totp, weight } from "./people.js";

const OLD = "correct horse battery staple", NEW = "a quieter horse altogether";
const [origin] = process.argv.slice(2);
const { browser, page, complaints } = await open();
const { look, found, wide } = onlooker(page);

const press = (name) => page.getByRole("button", { name, exact: true }).click();
const follow = (name) => page.getByRole("link", { name, exact: true }).click();
const reads = (name) => page.getByText(name).waitFor();

async function changePassword(old, password, again = password) {
	await page.getByLabel("Your password now").fill(old);
	await page.getByLabel("The new password", { exact: true }).fill(password);
	await page.getByLabel("The new password again").fill(again);
	await press("Change it");
}

/** It was some time ago that this browser signed in. */
async function prove(password) {
	await page.getByRole("heading", { name: "Is it you?" }).waitFor();
	await page.getByLabel("Your password", { exact: true }).fill(password);
	await press("Go on");
}

/** What the app would read from the picture. */
async function secretOf() {
	await page.getByAltText("QR code").waitFor();
	await page.getByText("Type it instead").click();
	return page.locator(".command code").innerText();
}

async function confirm(secret) {
	await page.getByLabel("One-time code").fill(totp(secret));
	await press("Switch codes on");
	await page.getByRole("heading", { name: "Keep your recovery codes" }).waitFor();
}

await page.goto(`${origin}/portal`);
await signIn(page, "nora", OLD);
await page.getByText("Account of nora").click();
await follow("Account and security");
await page.getByText("This browser").waitFor();
await look();
await follow("Change the password");
await changePassword(OLD, NEW, `${NEW}?`);
await reads("The two are not the same.");
await changePassword("not the password", NEW);
await reads("The old password is wrong.");
await look();
await changePassword(OLD, NEW);
await reads("Your password is changed.");

await follow("Set up one-time codes");
await press("Show the QR code");
await prove("not the password");
await reads("The password is wrong.");
await look();
await prove(NEW);
const secret = await secretOf();
await look();
await page.getByLabel("One-time code").fill("12");
await press("Switch codes on");
await reads("The code is not right");
await confirm(secret);
await look();
const codes = await page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem").allInnerTexts();
const [begun] = await Promise.all([page.waitForEvent("download"), press("Download as text")]);
const file = readFileSync(await begun.path(), "utf8");
const kept = codes.filter((code) => file.includes(code)).length;
await press("I have kept them");
await reads("One-time codes are on.");
await signOut(page, "nora");

const stranger = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
await stranger.goto(`${origin}/portal`);
await signIn(stranger, "nora", NEW, codes[0]);
await stranger.getByText("Account of nora").waitFor();
await page.goto(`${origin}/portal/account`);
await signIn(page, "nora", NEW, totp(secret, 1));
await page.getByRole("button", { name: "End Chrome on Linux at" }).waitFor();
await look();
await press("End all others");
await reads("1 other session is ended.");
await stranger.getByText("Account of nora").click();
await stranger.getByRole("link", { name: "Account and security" }).click();
await stranger.getByText("Your session has ended.").waitFor();

await press("Switch off");
await press("Switch them off");
await prove(NEW);
await reads("One-time codes are off.");
await signOut(page, "nora");

await page.goto(`${origin}/portal`);
await signIn(page, "omar", OLD);
await reads("This server requires one-time codes.");
await look();
await press("Show the QR code");
await prove(OLD);
await confirm(await secretOf());
await press("I have kept them");
await page.getByRole("heading", { name: "Connect your first device" }).waitFor();
const bytes = await weight(page);
const stored = await page.evaluate(() => localStorage.length + sessionStorage.length);
console.log(JSON.stringify({ kept, stored, bytes, complaints, found, wide }));
await browser.close();
