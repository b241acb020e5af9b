// shots.js ORIGIN LINK DIRECTORY [PART...]: every page as a picture, light and dark, for a phone and for a
// desk. A file of shots/ has the pages of a part, and all parts are made unless some are named.
import { readdirSync } from "node:fs";
import { open } from "./browser.js";
import { setUp, signIn } from "./people.js";

const [origin, link, directory, ...named] = process.argv.slice(2);
const { browser, page } = await open();

async function shot(name) {
	for (const colorScheme of ["light", "dark"])
		for (const width of [1280, 360]) {
			await page.emulateMedia({ colorScheme });
			await page.setViewportSize({ width, height: 800 });
			await page.screenshot({ path: `${directory}/${name}-${colorScheme}-${width}.png`, fullPage: true });
		}
	await page.setViewportSize({ width: 1280, height: 800 });
}

/** Before there is anybody, and as he comes in; he stays, and each part begins with him signed in. */
async function entrance() {
	await page.goto(`${origin}/portal`);
	await page.getByRole("heading", { name: "Sign in" }).waitFor();
	await shot("sign-in");
	await signIn(page, "mara", "not the password");
	await page.getByRole("alert").waitFor();
	await shot("sign-in-wrong");
	await page.goto(origin + link);
	await shot("set-up");
	await setUp(page, origin + link, "mara", "correct horse battery staple");
	await shot("welcome");
	await page.goto(`${origin}/portal`);
	await page.getByRole("heading", { name: "Connect your first device" }).waitFor();
	await shot("portal-empty");
}

await entrance();
// The overview comes last: by then it has something to show.
const isLate = (part) => part === "overview";
const parts = readdirSync(new URL("shots/", import.meta.url)).map((file) => file.replace(/\.js$/, "")).sort()
	.sort((one, other) => isLate(one) - isLate(other));
for (const part of named.length > 0 ? named : parts) {
	const { shots } = await import(`./shots/${part}.js`);
	await shots(page, shot, origin);
}
await browser.close();
