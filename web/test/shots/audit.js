// What was done, and that it stands as it was written.
export async function shots(page, shot, origin) {
	await page.goto(`${origin}/admin/audit`);
	await page.getByRole("cell", { name: "session.begin" }).first().waitFor();
	await shot("console-audit");
	await page.getByText("More filters").click();
	await page.getByRole("group").first().waitFor();
	await page.getByRole("button", { name: "Verify" }).click();
	await page.getByText("The log is whole").waitFor();
	await page.getByText(/^\d+ values$/).first().click();
	await shot("console-audit-verified");
	await page.goto(`${origin}/admin/audit?search=zed`);
	await page.getByRole("heading", { name: "Nothing found" }).waitFor();
	await shot("console-audit-none");
}
