// The configuration: as it is, with mistakes, looked at, on trial, and what there was before.

const MORE = `
site docs.example.org www.docs.example.org a-name-that-is-rather-long.but-still-a-name.department.example.org {
    certificate self-signed      # until there is another
    route /app/* { proxy http://127.0.0.1:8081; limit_body 100m }
    route /old/* { redirect 301 https://example.org{uri} }
    respond 404 "nothing here"
}
`;

export async function shots(page, shot, origin) {
	await page.goto(`${origin}/admin/configuration`);
	await page.getByText("As in the file").waitFor();
	await shot("configuration");
	const editor = page.getByLabel("The configuration file");
	const before = await editor.inputValue();
	const more = `${before.replace("share {", "share {\n    sni imap.example.org 127.0.0.1:993")}${MORE}`;
	await editor.fill(more.replace("redirect", "redirct").replace("ssh 127", "ssh x 127"));
	await page.getByText("Cannot be applied").waitFor();
	await shot("configuration-wrong");
	await editor.fill(more.replace("root ", "index home.html\n    root "));
	await page.getByText("Can be applied").waitFor();
	await shot("configuration-changed");
	await page.getByRole("link", { name: "Review the change" }).click();
	await page.getByRole("button", { name: "Apply the change" }).waitFor();
	await shot("configuration-review");
	await page.getByRole("button", { name: "Apply the change" }).click();
	await page.getByRole("heading", { name: "The change is on trial" }).waitFor();
	await shot("configuration-trial");
	await page.getByRole("button", { name: "Keep it" }).click();
	await page.getByText("The change is kept.").waitFor();
	await page.getByRole("link", { name: "History" }).click();
	await page.getByRole("columnheader", { name: "Applied" }).waitFor();
	await shot("configuration-history");
	await page.locator("tbody a").last().click();
	await page.getByText("What going back would change").waitFor();
	await shot("configuration-version");
	await page.goto(`${origin}/admin/configuration`);
	await page.getByText("As in the file").waitFor();
}

