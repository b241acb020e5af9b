// The console's first page.
export async function shots(page, shot, origin) {
	await page.goto(`${origin}/admin`);
	await page.getByRole("heading", { name: "Security check" }).waitFor();
	await page.getByText("Live", { exact: true }).waitFor();
	await shot("console-overview");
	await page.getByText("Account of mara").click();
	await shot("console-account");
}
