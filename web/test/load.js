// load.js ORIGIN NAME: what pages cost who opens them for the first time, by 1.5 Mbit/s and 100 ms: bytes,
// how many answers had to be waited for one after the other, what moved, and the time until the page can be
// used. The administrator NAME has the usual password. Prints it as JSON.
import { open } from "./browser.js";
import { signIn } from "./people.js";

const LINE = { offline: false, latency: 100, downloadThroughput: 1_500_000 / 8, uploadThroughput: 1_500_000 / 8 };
const [origin, name] = process.argv.slice(2);
const { browser, page, complaints } = await open();

await page.goto(`${origin}/portal`);
await signIn(page, name, "correct horse battery staple");
await page.getByText(`Account of ${name}`).waitFor();
const signedIn = await page.context().storageState();

/** Counted by the page itself, from before its first byte: who asks it from here asks now and then. */
function count(ready) {
	const seen = new MutationObserver(() => {
		if (!document.querySelector(ready)) return;
		seen.disconnect();
		requestAnimationFrame(() => setTimeout(() => { // then it is painted
			window.usable = performance.now();
		}));
	});
	seen.observe(document, { childList: true, subtree: true });
	window.moved = [];
	new PerformanceObserver((list) => {
		for (const { value, sources } of list.getEntries())
			window.moved.push([value, sources.map(({ node }) => node?.className ?? node?.nodeName)]);
	}).observe({ type: "layout-shift", buffered: true });
}

/** Each waits for the longest row of those that had ended before it began. */
function inARow(requests) {
	const rows = new Map();
	for (const one of [...requests].sort((a, b) => a.from - b.from)) {
		const before = [...rows].filter(([other]) => other.to <= one.from + 1).map(([, row]) => row);
		rows.set(one, 1 + Math.max(0, ...before));
	}
	return rows;
}

/** What is under way, but for the stream of events, which never ends. */
function under(page) {
	const pending = new Set();
	page.on("request", (request) => {
		if (!request.url().endsWith("/events")) pending.add(request);
	});
	for (const end of ["requestfinished", "requestfailed"]) page.on(end, (request) => pending.delete(request));
	return pending;
}

async function load(path, storageState, ready) {
	const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: "en-GB", storageState });
	const fresh = await context.newPage();
	await fresh.addInitScript(count, ready);
	const pending = under(fresh);
	const session = await context.newCDPSession(fresh);
	await session.send("Network.enable");
	await session.send("Network.emulateNetworkConditions", LINE);
	await fresh.goto(origin + path, { waitUntil: "commit" });
	await fresh.locator(ready).first().waitFor();
	const usable = await fresh.evaluate(async () => {
		while (window.usable === undefined) await new Promise(requestAnimationFrame);
		return window.usable;
	});
	while (pending.size > 0) await fresh.waitForEvent("requestfinished");
	const { requests, moved } = await fresh.evaluate(() => ({
		requests: ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
			.filter(({ name }) => !name.endsWith("/events"))
			.map((one) => ({ name: new URL(one.name).pathname, from: one.requestStart, to: one.responseEnd,
				bytes: one.encodedBodySize })),
		moved: window.moved,
	}));
	await context.close();
	const rows = inARow(requests);
	return {
		path,
		usable: Math.round(usable),
		bytes: requests.reduce((sum, one) => sum + one.bytes, 0),
		moved: moved.reduce((sum, [value]) => sum + value, 0),
		row: Math.max(...[...rows].filter(([{ to }]) => to <= usable).map(([, row]) => row)),
		/** Who it is, is asked once, right behind the page itself. */
		session: requests.filter(({ name }) => name === "/api/v1/session").map((one) => rows.get(one)),
		requests: requests.map(({ name, from, to, bytes }) => `${Math.round(from)}-${Math.round(to)} ms ${bytes} ${name}`),
	};
}

const nobody = { cookies: [], origins: [] };
const loads = [
	await load("/portal", nobody, "input[type=password]"),
	await load("/portal", signedIn, ".page h1"),
	await load("/admin", nobody, "input[type=password]"),
	await load("/admin", signedIn, ".tiles"),
];
console.log(JSON.stringify({ loads, complaints }));
await browser.close();
