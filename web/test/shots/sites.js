// Sites, and who else is behind the port.
import { ask } from "../people.js";

const MORE = `
site docs.example.org www.docs.example.org a-name-that-is-rather-long.but-still-a-name.department.example.org {
    certificate self-signed
    route /app/* { proxy http://127.0.0.1:8081 http://127.0.0.1:8082 }
    route /old/* { redirect 301 https://example.org{uri} }
    respond 404 "nothing here"
}
share {
    ssh 127.0.0.1:22
    sni imap.example.org *.mail.example.org 127.0.0.1:993
    silent 3s ssh
}
`;

export async function shots(page, shot, origin) {
	await page.goto(`${origin}/admin/sites`);
	await page.getByRole("heading", { name: "example.org", exact: true }).waitFor();
	await shot("sites-one");
	const { text, sha256 } = await ask(page, "GET", "/config");
	await ask(page, "POST", "/config/apply", { text: text + MORE, base: sha256, confirm_seconds: 0 });
	await page.goto(`${origin}/admin/sites`);
	await page.getByRole("heading", { name: "docs.example.org" }).waitFor();
	await shot("sites");
	await page.getByRole("link", { name: "Change docs.example.org" }).click();
	await page.getByLabel("Names").waitFor();
	await shot("sites-change");
	await page.goto(`${origin}/admin/sites/share?kind=sni&name=imap.example.org`);
	await page.getByLabel("Server names").waitFor();
	await shot("sites-share");
	const now = await ask(page, "GET", "/config");
	await ask(page, "POST", "/config/apply", { text, base: now.sha256, confirm_seconds: 0 });
}
