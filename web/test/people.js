// What a person does, step by step; each begins where the one before may end.
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What makes this page hard to use for somebody; nothing, it should be. */
async function barriers(page) {
	await page.evaluate(axe);
	const { violations } = await page.evaluate(() => window.axe.run({
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
	}));
	return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")} (${page.url()})`);
}

async function isWiderThanItsWindow(page, width) {
	const before = page.viewportSize();
	await page.setViewportSize({ width, height: 800 });
	const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
	await page.setViewportSize(before);
	return wide;
}

/** Looks at the pages that are shown: what is wrong with them comes to `found` and `wide`. */
export function onlooker(page) {
	const found = [], wide = [];
	return {
		found,
		wide,
		async look() {
			found.push(...(await barriers(page)));
			if (await isWiderThanItsWindow(page, 360)) wide.push(page.url());
		},
	};
}

/** What was sent for the page that is shown, in bytes. */
export function weight(page) {
	return page.evaluate(() => ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
		.reduce((sum, entry) => sum + entry.encodedBodySize, 0));
}

/** The code that an authenticator app shows (RFC 6238); `later` steps from now. */
export function totp(secret, later = 0) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	const bits = [...secret.replace(/[\s=]/g, "")].map((c) => letters.indexOf(c).toString(2).padStart(5, "0")).join("");
	const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
	const counter = Buffer.alloc(8);
	counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
	const digest = createHmac("sha1", key).update(counter).digest();
	const at = digest[19] & 15;
	return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Asks the API as the page does, for what no page does yet, whatever version there is. */
export function ask(page, method, path, body) {
	return page.evaluate(async ([how, where, what]) => {
		const { csrf } = await (await fetch("/api/v1/session")).json();
		const answer = await fetch(`/api/v1${where}`, {
			method: how,
			headers: { "X-CSRF-Token": csrf, "Content-Type": "application/json", "If-Match": "*" },
			...(what && { body: JSON.stringify(what) }),
		});
		return answer.status === 204 ? null : answer.json();
	}, [method, path, body]);
}

/** Has something done at the server that nobody does in a browser: the test knows what. */
export async function please(what) {
	console.log(`please ${what}`);
	await once(process.stdin.resume(), "data");
	process.stdin.pause();
}

export async function setUp(page, link, name, password) {
	await page.goto(link);
	await page.getByLabel("Name").fill(name);
	await page.getByLabel("Password", { exact: true }).fill(password);
	await page.getByLabel("The same password again").fill(password);
	await page.getByRole("button", { name: "Become the administrator" }).click();
	await page.getByRole("heading", { name: "You are the administrator" }).waitFor();
}

export async function signIn(page, name, password, code) {
	await page.getByLabel("Name").fill(name);
	await page.getByLabel("Password").fill(password);
	await page.getByRole("button", { name: "Sign in" }).click();
	if (code === undefined) return;
	await page.getByLabel("One-time code").waitFor();
	if (!/^\d{6}$/.test(code)) {
		await page.getByRole("button", { name: "I do not have my phone" }).click();
		await page.getByLabel("Recovery code").fill(code);
	} else {
		await page.getByLabel("One-time code").fill(code);
	}
	await page.getByRole("button", { name: "Continue" }).click();
}

export async function signOut(page, name) {
	await page.getByText(`Account of ${name}`).click();
	await page.getByRole("button", { name: "Sign out" }).first().click();
	await page.getByRole("heading", { name: "Sign in" }).waitFor();
}

export async function addDevice(page, name, platform) {
	await page.getByLabel(platform).check();
	await page.getByLabel("Name of the device").fill(name);
	await page.getByRole("button", { name: "Add the device" }).click();
	await page.getByRole("heading", { name: `Set up ${name}` }).waitFor();
}

export async function download(page, file) {
	const [begun] = await Promise.all([
		page.waitForEvent("download"),
		page.getByRole("link", { name: "Download the profile" }).click(),
	]);
	await begun.saveAs(file);
	return begun.suggestedFilename();
}
