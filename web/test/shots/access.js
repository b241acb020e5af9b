// Access rules, and what they come to.
import { ask } from "../people.js";

const RULES = [
	{ scope: "user", of: "alice", action: "deny", destination: "10.20.0.5", protocol: "tcp", port_from: 22, comment: "The bastion is for the night shift alone." },
	{ scope: "user", of: "alice", action: "allow", destination: "10.20.0.0/16", protocol: "tcp", port_from: 1, port_to: 1024 },
	{ scope: "user", of: "alice", action: "allow", destination: "2001:db8:1234:5678:9abc:def0:1234:0/112", way: "route" },
	{ scope: "group", of: "engineering.and.friends.of.the.northern.office.whoever.they.are", action: "allow", destination: "192.168.10.0/24", comment: "<script>alert(1)</script> \u202egnp.exe" },
	{ scope: "group", of: "engineering.and.friends.of.the.northern.office.whoever.they.are", action: "allow", destination: "192.168.20.0/24", protocol: "udp", port_from: 5000, port_to: 5010, comment: "V".repeat(200) },
	{ scope: "global", action: "deny", destination: "169.254.169.254", comment: "Metadata of the cloud" },
	{ scope: "global", action: "allow", destination: "10.1.0.53", protocol: "udp", port_from: 53 },
];

export async function shots(page, shot, origin) {
	await page.goto(`${origin}/admin/access`);
	await page.getByRole("heading", { name: "No rules yet" }).waitFor();
	await shot("console-access-empty");
	await ask(page, "POST", "/groups", { name: "engineering.and.friends.of.the.northern.office.whoever.they.are" });
	await ask(page, "POST", "/users", { name: "alice", role: "operator", group: "engineering.and.friends.of.the.northern.office.whoever.they.are" });
	for (const rule of RULES) await ask(page, "POST", "/rules", rule);
	await page.getByText("Metadata of the cloud").waitFor();
	await shot("console-access");
	await page.getByRole("button", { name: "Remove: alice may not reach" }).click();
	await shot("console-access-remove");
	await page.goto(`${origin}/admin/access/add?scope=user&of=alice`);
	await page.getByLabel("Destination", { exact: true }).fill("10.30.0.0/33");
	await page.getByLabel("Traffic").selectOption("TCP");
	await page.getByRole("button", { name: "Add the rule" }).click();
	await page.getByText("is no network like").waitFor();
	await shot("console-access-add-wrong");
	await page.goto(`${origin}/admin/access?scope=user`);
	await page.getByRole("link", { name: "10.20.0.0/16", exact: true }).click();
	await page.getByRole("button", { name: "Save" }).waitFor();
	await shot("console-access-rule");
	await page.goto(`${origin}/admin/access/reach?user=alice&to=10.20.0.5&protocol=tcp&port=443`);
	await page.getByText("Yes", { exact: true }).waitFor();
	await shot("console-access-reach");
	await page.goto(`${origin}/admin/access/reach?user=alice&to=169.254.169.254&protocol=tcp&port=80`);
	await page.getByText("No", { exact: true }).waitFor();
	await shot("console-access-reach-no");
	await page.goto(`${origin}/admin/access/reach`);
	await page.getByRole("button", { name: "Ask" }).waitFor();
	await shot("console-access-reach-empty");
}
