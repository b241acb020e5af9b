// Debian's Chromium, by Playwright, as a person with hands would use it.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const PROGRAMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Opens a window; what its pages were not allowed to do, or did wrong, comes to `complaints`. */
export async function open(options = {}) {
	const browser = await chromium.launch({
		executablePath: PROGRAMS.find((program) => existsSync(program)),
		// Root has no sandbox, and a container little shared memory.
		args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
			"--host-resolver-rules=MAP example.org 127.0.0.1"],
	});
	const context = await browser.newContext({ ignoreHTTPSErrors: true, acceptDownloads: true, locale: "en-GB", ...options });
	context.setDefaultTimeout(15_000);
	const page = await context.newPage();
	const complaints = [];
	page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
	page.on("console", (message) => {
		// That a request was refused is the page's to say, and no fault of it.
		if (["error", "warning"].includes(message.type()) && !/status of 4\d\d/.test(message.text()))
			complaints.push(message.text());
	});
	return { browser, context, page, complaints };
}
