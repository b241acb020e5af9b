// What one signs in with. Codes are on for a while, and off again in the end.
import { totp } from "../people.js";

async function setUpCodes(page, shot, origin) {
	await page.goto(`${origin}/portal/account/codes`);
	await page.getByRole("button", { name: "Show the QR code" }).click();
	await page.getByText("Type it instead").click();
	await shot("portal-codes");
	await page.getByLabel("One-time code").fill(totp(await page.locator(".command code").innerText()));
	await page.getByRole("button", { name: "Switch codes on" }).click();
	await page.getByRole("heading", { name: "Keep your recovery codes" }).waitFor();
	await shot("portal-recovery-codes");
	await page.getByRole("button", { name: "I have kept them" }).click();
	await page.getByText("This browser").waitFor();
}

export async function shots(page, shot, origin) {
	await page.goto(`${origin}/portal/account`);
	await page.getByText("This browser").waitFor();
	await shot("portal-account");
	await page.getByRole("link", { name: "Change the password" }).click();
	await shot("portal-password");
	await setUpCodes(page, shot, origin);
	await shot("portal-account-codes");
	await page.getByRole("button", { name: "Switch off" }).click();
	await shot("portal-codes-off");
	await page.getByRole("button", { name: "Switch them off" }).click();
	await page.getByText("One-time codes are off.").waitFor();
}
