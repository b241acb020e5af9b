// How one comes back to the console.
export async function shots(page, shot, origin) {
	await page.goto(`${origin}/admin`);
	const told = await page.evaluate(async () => (await fetch("/api/v1/session")).json());
	told.console_until = new Date(Date.now() + 3_600_000).toISOString();
	await page.route("**/api/v1/session", (route) => route.fulfill({ json: told }));
	const ways = { address: "203.0.113.7", admitted: false, vpn: true, local_url: "https://localhost:8943/admin",
		ssh: "ssh -N -L 8943:localhost:943 root@vpn.example.org" };
	await page.route("**/api/v1/console", (route) => route.fulfill({ json: ways }));
	await page.goto(`${origin}/admin/come-back`);
	await page.getByText("203.0.113.7").first().waitFor();
	await shot("console-come-back");
	await page.unroute("**/api/v1/session");
	await page.unroute("**/api/v1/console");
}
