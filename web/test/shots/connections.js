// Who is connected, what is relayed, and who was refused: openvpn's clients if there is openvpn and root has
// begun all this, and none if not.
import { connectSome, relaySome } from "../company.js";

async function none(page, shot, origin) {
	await page.goto(`${origin}/admin/connections`);
	await page.getByRole("heading", { name: /The VPN is off|Nobody is connected/ }).waitFor();
	await shot("console-connections-none");
	await page.goto(`${origin}/admin/connections/relayed`);
	await page.getByRole("heading", { name: "Nothing is relayed now" }).waitFor();
	await shot("console-relayed-none");
}

async function some(page, shot, origin) {
	await connectSome(page, "127.0.0.1 11194 udp");
	await relaySome(5, 18443, 18022);
	await page.goto(`${origin}/admin/connections`);
	const one = page.getByRole("link", { name: "olu" });
	await one.or(page.getByRole("heading", { name: "The VPN is off" })).waitFor();
	if (await one.isVisible()) {
		await page.getByRole("row").nth(4).waitFor();
		await shot("console-connections");
		await one.click();
		await page.getByText("AES-256-GCM").first().waitFor();
		await shot("console-connection");
	}
	await page.goto(`${origin}/admin/connections/relayed`);
	await page.getByRole("row").nth(5).waitFor();
	await shot("console-relayed");
}

export async function shots(page, shot, origin) {
	await none(page, shot, origin);
	await some(page, shot, origin);
	await page.goto(`${origin}/admin/connections/refused`);
	await page.getByRole("button", { name: "Why is mara refused?" }).waitFor();
	await shot("console-refused");
	await page.getByRole("button", { name: "Why is mara refused?" }).click();
	await page.getByText("No ban and no delay stands now").waitFor();
	await shot("console-refused-why");
}
