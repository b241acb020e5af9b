// people_pages.js ORIGIN: an administrator invites somebody, who chooses a password by the link and is in
// the portal; gives him a group, a policy and a device, imports a table, and deletes what he made. An
// operator is offered less. Prints what came of it as JSON.
import { readFileSync } from "node:fs";
import { open } from "./browser.js";
import { ask, onlooker, signIn, weight } from "./people.js";

const PASSWORD = "correct horse battery staple";
const HOSTILE = "<script>alert(1)</script> \u202e🏳️‍🌈 " + "w".repeat(120);
const [origin] = process.argv.slice(2);
const { browser, page, complaints } = await open();
const { look, found, wide } = onlooker(page);
const at = `${origin}/admin/people`;

const press = (name) => page.getByRole("button", { name, exact: true }).click();
const follow = (name) => page.getByRole("link", { name, exact: true }).first().click();
const reads = (name) => page.getByText(name).first().waitFor();
const fill = (label, value) => page.getByLabel(label, { exact: true }).fill(value);
const heading = (name) => page.getByRole("heading", { name }).first().waitFor();

async function invite() {
	await follow("Add somebody");
	await fill("Name to sign in with", "Not a name");
	await press("Add");
	await reads("has something else in it");
	await look();
	await fill("Name to sign in with", "zora");
	await fill("Full name", HOSTILE);
	await fill("Mail address", "zora@example.org");
	await fill("Comment", HOSTILE);
	await press("Add");
	await reads("zora is added.");
	await look();
	return page.locator(".command code").innerText();
}

/** Who was invited, at a browser of his own. */
async function choosePassword(link) {
	const guest = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
	await guest.goto(link);
	await guest.getByLabel("Password", { exact: true }).fill(PASSWORD);
	await guest.getByLabel("The same password again").fill(PASSWORD);
	await guest.getByRole("button", { name: "Set the password" }).click();
	await guest.getByRole("link", { name: "Go to the portal" }).click();
	await signIn(guest, "zora", PASSWORD);
	await guest.getByRole("heading", { name: "Connect your first device" }).waitFor();
}

/** Somebody else is quicker, once. */
async function edit() {
	await follow("Edit");
	await page.getByLabel("Full name").waitFor();
	await page.evaluate(async (body) => {
		const { csrf } = await (await fetch("/api/v1/session")).json();
		const headers = { "X-CSRF-Token": csrf, "Content-Type": "application/json", "If-Match": "*" };
		await fetch("/api/v1/users/zora", { method: "PATCH", headers, body: JSON.stringify(body) });
	}, { email: "z@example.org" });
	await fill("Comment", "mine");
	await press("Save");
	await reads("Somebody changed this meanwhile");
	await look();
	await press("Load it anew");
	await page.getByText("Somebody changed this meanwhile").waitFor({ state: "detached" });
	await fill("Comment", "mine");
	await fill("Access ends on", "2099-01-01");
	await press("Save");
	await reads("Saved.");
}

async function setPolicy() {
	await follow("Change the policy");
	await page.getByLabel("Devices", { exact: true }).selectOption("some");
	await fill("Devices: how many at most", "3");
	await page.getByLabel("DNS servers").selectOption("some");
	await fill("Addresses of DNS servers", "10.0.0.53 not-one");
	await press("Save");
	await reads("is no IP address");
	await look();
	await fill("Addresses of DNS servers", "10.0.0.53, 2001:db8::53");
	await press("Save");
	await reads("The policy is changed.");
	await page.getByRole("cell", { name: "At most 3" }).waitFor();
	await look();
}

async function giveDevice() {
	await page.getByRole("link", { name: "Devices" }).click();
	await heading("No devices yet");
	await look();
	await press("Add a device");
	await fill("Name of the device", "<b>laptop");
	await look();
	await press("Add it");
	await page.getByAltText("QR code of the link").waitFor();
	await look();
	await press("Close");
	const [begun] = await Promise.all([page.waitForEvent("download"),
		page.getByRole("link", { name: "Download the profile of <b>laptop" }).click()]);
	const profile = readFileSync(await begun.path(), "utf8");
	await press("Change <b>laptop");
	await page.getByLabel("Fixed address").fill("192.0.2.7");
	await press("Save");
	await reads("is none that a client of");
	await look();
	await fill("Name of the device", "<b>tablet");
	await fill("Fixed address", "10.86.0.77");
	await press("Save");
	await reads("<b>tablet is changed.");
	await page.getByRole("cell", { name: "10.86.0.77" }).waitFor();
	await press("Renew the profile of <b>tablet");
	await look();
	await press("Renew it");
	await reads("The new profile of <b>tablet is good until");
	await look();
	await press("Revoke <b>tablet");
	await look();
	await press("Revoke it");
	await reads("<b>tablet is revoked.");
	return profile.includes("<cert>");
}

async function links() {
	await follow("Links");
	await reads("Used");
	await press("Password link");
	await reads("A new password for zora");
	await press("Close");
	await press("Void the link: Another password");
	await press("Void");
	await reads("The link is void.");
	await follow("Sessions");
	await page.getByRole("button", { name: "End the session of Chrome on Linux" }).click();
	await look();
	await press("End");
	await heading("Not signed in anywhere");
}

async function group() {
	await page.goto(`${at}/groups`);
	await heading("No groups yet");
	await look();
	await follow("Add a group");
	await fill("Name", "staff");
	await fill("Comment", HOSTILE);
	await page.getByLabel("One-time codes").selectOption("false");
	await press("Add the group");
	await heading("Nobody is in it yet");
	await press("Add a member");
	await fill("Name they sign in with", "nobody-here");
	await press("Add");
	await reads("there is no user nobody-here");
	await fill("Name they sign in with", "Zora");
	await press("Add");
	await page.getByRole("link", { name: "zora", exact: true }).waitFor();
	await look();
	await press("Delete the group");
	await reads("It has 1 member.");
	await press("Close");
}

async function table() {
	await page.goto(`${at}/import`);
	await page.getByLabel("Choose a file").setInputFiles({
		name: "new.csv", mimeType: "text/csv",
		buffer: Buffer.from(`name,full_name,email,group\nadam,${HOSTILE},,staff\nzora,,,\neve,Eve,no address,\n`),
	});
	await reads("new.csv is read in below.");
	await press("Preview");
	await reads("2 rows of 3 cannot be taken");
	await reads("there is a user zora already");
	await look();
	await fill("Table", `name,full_name,group\nadam,${HOSTILE},staff\nina,,\neve,Eve,`);
	await reads("The table was changed since");
	await press("Preview");
	await press("Import 3 people");
	await reads("3 people are added.");
	await ask(page, "delete", "/users/ina");
	await press("Make 3 links");
	await reads("1 person was not invited.");
	await reads("ina: There is no user ina.");
	const [begun] = await Promise.all([page.waitForEvent("download"), press("Save the links")]);
	await look();
	return readFileSync(await begun.path(), "utf8").trim().split("\r\n").length;
}

async function end() {
	await page.goto(`${at}/zora`);
	await press("Disable");
	await look();
	await page.getByRole("dialog").getByRole("button", { name: "Disable" }).click();
	await reads("zora is disabled.");
	await page.goto(`${at}/eve`);
	await press("Delete");
	await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
	await reads("eve is deleted.");
	await page.goto(`${at}/eve`);
	await heading("There is nobody of this name");
	await look();
}

async function everybody() {
	await page.goto(`${at}/policy`);
	await page.getByLabel("Devices", { exact: true }).selectOption("Usual: At most 10");
	await page.getByLabel("Connections at once").selectOption("some");
	await fill("Connections at once: how many at most", "7");
	await press("Save");
	await reads("It holds from now on.");
	await look();
}

/** What an operator is offered. */
async function operator() {
	const other = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
	await other.goto(`${at}/mara`);
	await signIn(other, "otto", PASSWORD);
	await other.getByRole("cell", { name: "At most 10" }).waitFor();
	const offers = async (name) => (await other.getByText(name, { exact: true }).count()) > 0;
	const ofAdmin = (await offers("Edit")) || (await offers("Delete"));
	await other.goto(`${at}/policy`);
	await other.getByText("Only administrators may change it.").waitFor();
	const ofPolicy = await offers("Save");
	await other.goto(`${at}/adam`);
	await other.getByText("Change the policy").waitFor();
	return { ofAdmin, ofPolicy, ofUser: (await offers("Edit")) && (await offers("Delete")) };
}

await page.goto(at);
await signIn(page, "mara", PASSWORD);
await page.getByRole("cell", { name: "otto" }).waitFor();
await look();
const link = await invite();
await follow("Open their page");
await page.getByText("No password yet").waitFor();
await choosePassword(link);
await page.getByText("Active", { exact: true }).waitFor();
await edit();
await setPolicy();
const hasProfile = await giveDevice();
await links();
await group();
const lines = await table();
await end();
await everybody();
const offered = await operator();
const bytes = await weight(page);
const scripts = await page.evaluate(() => document.querySelectorAll("script:not([src])").length);
const { items } = await ask(page, "GET", "/users");
console.log(JSON.stringify({
	hasProfile, lines, offered, bytes, scripts, users: items.map((user) => user.name), complaints, found, wide,
}));
await browser.close();
