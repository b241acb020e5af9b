// portal.js ORIGIN: nora, who has never seen a VPN, sets up her phone and her computer, renames one,
// renews the profile of another that ends soon, and revokes one. Prints what came of it as JSON.
import { open } from "./browser.js";
import { addDevice, onlooker, signIn, weight } from "./people.js";

const PHONE = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36";
const [origin] = process.argv.slice(2);
const { browser, page, complaints } = await open();
const { look, found, wide } = onlooker(page);

const press = (name) => page.getByRole("button", { name, exact: true }).click();
const reads = (text) => page.getByText(text).waitFor();
const steps = () => page.locator(".steps > li").allInnerTexts();

/** What the page of a device of `platform` says, when it was just added. */
async function add(name, platform) {
	await page.goto(`${origin}/portal/add`);
	await addDevice(page, name, platform);
	await page.getByRole("heading", { name: "This device" }).waitFor();
	const [install, profile, connect] = await steps();
	await look();
	return { install, profile, connect };
}

await page.goto(`${origin}/portal/add`);
await signIn(page, "nora", "correct horse battery staple");
await page.getByRole("heading", { name: "Add a device" }).waitFor();
const windows = await add("computer", "Windows");
await page.getByText("Is it the right file?").click();
await look();
const said = { windows, macos: await add("macbook", "macOS"), linux: await add("laptop", "Linux") };
await page.getByLabel("Terminal").check();
await reads("sudo openvpn --config nora-laptop.ovpn");
await look();

said.ios = await add("<b>tablet", "iPhone");
await press("Show the QR code");
await page.getByAltText("QR code").waitFor();
await look();

// The same, on the device itself: nothing to scan there.
const hand = await (await browser.newContext({ ignoreHTTPSErrors: true, userAgent: PHONE, viewport: { width: 360, height: 740 } })).newPage();
await hand.goto(`${origin}/portal/add`);
await signIn(hand, "nora", "correct horse battery staple");
const checked = await hand.locator("input:checked").getAttribute("value");
await hand.getByRole("button", { name: "Add the device" }).click();
await hand.getByRole("link", { name: "Download the profile" }).waitFor();
const scans = await hand.getByRole("button", { name: "Show the QR code" }).count();

await page.goto(`${origin}/portal/devices/computer`);
await press("Rename");
await look();
await page.getByLabel("Name of the device").fill("macbook");
await press("Rename it");
await page.locator("dialog .fault").waitFor();
await page.getByLabel("Name of the device").fill("office 🖥");
await press("Rename it");
await reads("It is called office 🖥 from now on.");
await page.getByRole("heading", { name: "Set up office 🖥" }).waitFor();

await page.goto(`${origin}/portal`);
await reads("Profile expires soon");
await look();
await page.getByRole("link", { name: "Set up old" }).click();
await reads("Renew it before");
await look();
await press("Renew the profile");
await press("Renew it");
await reads("The new profile is good until");
await page.getByText("Renew it before").waitFor({ state: "detached" });
await press("Revoke");
await look();
await press("Revoke it");
await reads("old is revoked.");
await page.getByRole("link", { name: "Set up office 🖥" }).waitFor();
const bytes = await weight(page);
console.log(JSON.stringify({ said, checked, scans, bytes, complaints, found, wide }));
await browser.close();
