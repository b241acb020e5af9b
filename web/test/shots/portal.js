// The portal's pages about devices, as whoever has a computer sees them, and whoever has a phone.
import { addDevice } from "../people.js";

const PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";

/** The same page, by a browser that says it is a phone's. */
async function onPhone(page, what) {
	const session = await page.context().newCDPSession(page);
	await session.send("Network.setUserAgentOverride", { userAgent: PHONE });
	await what();
	await session.detach();
}

/** As if the server's certificate was one that everybody trusts. */
async function trusted(page, what) {
	const told = await page.evaluate(async () => (await fetch("/api/v1/session")).json());
	told.server.certificate_trusted = true;
	await page.route("**/api/v1/session", (route) => route.fulfill({ json: told }));
	await what();
	await page.unroute("**/api/v1/session");
}

async function setUp(page, origin, name) {
	await page.goto(`${origin}/portal/devices/${encodeURIComponent(name)}`);
	await page.getByRole("heading", { name: "This device" }).waitFor();
}

async function phones(page, shot, origin, name) {
	await setUp(page, origin, name);
	await page.getByRole("button", { name: "Show the QR code" }).click();
	await page.getByAltText("QR code").waitFor();
	await shot("portal-set-up-phone");
	await onPhone(page, async () => {
		await setUp(page, origin, name);
		await shot("portal-set-up-phone-here");
	});
	await trusted(page, async () => {
		await setUp(page, origin, name);
		await page.getByRole("button", { name: "Show the QR code" }).click();
		await page.getByAltText("QR code").waitFor();
		await shot("portal-set-up-phone-trusted");
		await onPhone(page, async () => {
			await setUp(page, origin, name);
			await shot("portal-set-up-phone-here-trusted");
		});
	});
}

export async function shots(page, shot, origin) {
	await page.goto(`${origin}/portal/add`);
	await page.getByLabel("Name of the device").waitFor();
	await shot("portal-add");
	await addDevice(page, "laptop", "Linux");
	await shot("portal-set-up-linux");
	await page.getByLabel("Terminal").check();
	await shot("portal-set-up-linux-terminal");
	await page.goto(`${origin}/portal/add`);
	await addDevice(page, "Office computer", "Windows");
	await shot("portal-set-up-windows");
	await page.getByRole("button", { name: "Rename" }).click();
	await shot("portal-rename");
	await page.goto(`${origin}/portal/add`);
	await addDevice(page, "Mara's very own phone 📱", "iPhone");
	await phones(page, shot, origin, "Mara's very own phone 📱");
	await page.goto(`${origin}/portal`);
	await page.getByRole("link", { name: "Set up laptop" }).waitFor();
	await shot("portal-devices");
	await page.getByRole("button", { name: "Revoke laptop" }).click();
	await shot("portal-revoke");
}
