// Who there is, whatever he calls himself; what he has, and what holds for him.
import { ask } from "../people.js";

const PEOPLE = [
	["alice", { full_name: "Alice Anderson", email: "alice@example.org", role: "operator", group: "staff" }],
	["bob", { full_name: "<script>alert(1)</script>", group: "contractors", expires: "2031-01-31T00:00:00Z" }],
	["chidi", { full_name: "\u202eidihC rtl", group: "staff", comment: "\u202eworks from home 🏡 <b>on Fridays</b>" }],
	["dora", { full_name: "D".repeat(150), comment: "c".repeat(200) }],
	["emre", { expires: "2020-01-01T00:00:00Z" }],
	["x".repeat(64), { full_name: "🏳️‍🌈 שלום עולם", enabled: false }],
];
const GROUPS = [
	["staff", "Who works here", { totp_required: true, session_minutes: 480 }],
	["contractors", "<img src=x> \u202eare not ours", { tunnel: "split", devices_max: 2, dns: ["10.0.0.53", "2001:db8::53"] }],
	["g".repeat(64), null, {}],
];
const CSV = "name,full_name,email,group\nfatou,Fatou Diop,fatou@example.org,staff\nbob,Bob,,\ngita,Gita,no address,\n"
	+ "hana,<script>alert(1)</script>,,nowhere\niris,Iris,,";

async function seed(page) {
	for (const [name, comment, policy] of GROUPS) await ask(page, "POST", "/groups", { name, comment, policy });
	for (const [name, more] of PEOPLE) await ask(page, "POST", "/users", { name, ...more });
	await ask(page, "POST", "/users/chidi/devices", { name: "phone 📱", platform: "android" });
	await ask(page, "POST", "/users/chidi/devices", { name: "<script>alert(1)<script>", platform: "linux", kind: "auto" });
	await ask(page, "POST", "/users/chidi/invite");
}

async function shotsOfOne(page, shot, at) {
	const go = async (path, ready) => {
		await page.goto(at + path);
		await ready.first().waitFor();
	};
	const press = (name) => page.getByRole("button", { name, exact: true }).click();
	await go("/chidi", page.getByRole("cell", { name: "All traffic" }).or(page.getByText("As the configuration says")));
	await shot("people-person");
	await press("Delete");
	await shot("people-delete");
	await press("Cancel");
	await press("Invitation link");
	await page.getByText("It is shown this once").waitFor();
	await shot("people-invitation");
	await go("/chidi/devices", page.getByRole("button", { name: "Revoke phone" }));
	await shot("people-devices");
	await press("Add a device");
	await shot("people-add-device");
	await page.getByLabel("Name of the device").fill("laptop");
	await press("Add it");
	await page.getByAltText("QR code").waitFor();
	await shot("people-device-link");
	await go("/dora/devices", page.getByText("No devices yet"));
	await shot("people-devices-none");
	await go("/mara/sessions", page.getByText("This browser"));
	await shot("people-sessions");
	await go("/chidi/links", page.getByText("Not used yet"));
	await shot("people-links");
	await go("/chidi/edit", page.getByLabel("Full name"));
	await shot("people-edit");
	await go("/bob/policy", page.getByLabel("One-time codes"));
	await page.getByLabel("Devices", { exact: true }).selectOption("some");
	await shot("people-policy");
	await go(`/${"x".repeat(64)}`, page.getByRole("heading", { name: "About" }));
	await shot("people-person-hostile");
}

export async function shots(page, shot, origin) {
	const at = `${origin}/admin/people`;
	await page.goto(at);
	await page.getByRole("cell", { name: "mara" }).waitFor();
	await seed(page);
	await page.getByRole("cell", { name: "emre" }).waitFor();
	await shot("people");
	await page.getByLabel("Search by name").fill("zed");
	await page.getByRole("heading", { name: "Nothing found" }).waitFor();
	await shot("people-none");
	await shotsOfOne(page, shot, at);
	await page.goto(`${at}/add`);
	await page.getByLabel("Name to sign in with").fill("Not A Name");
	await page.getByRole("button", { name: "Add", exact: true }).click();
	await page.getByText("has something else in it").waitFor();
	await shot("people-add");
	await page.getByLabel("Name to sign in with").fill("zora");
	await page.getByLabel("Mail address").fill("zora@example.org");
	await page.getByRole("button", { name: "Add", exact: true }).click();
	await page.getByText("zora is added.").waitFor();
	await shot("people-added");
	await page.goto(`${at}/import`);
	await page.getByLabel("Table").fill(CSV);
	await page.getByRole("button", { name: "Preview" }).click();
	await page.getByRole("heading", { name: "What would be done" }).waitFor();
	await shot("people-import");
	await page.getByLabel("Table").fill("name\nfatou\ngita");
	await page.getByRole("button", { name: "Preview" }).click();
	await page.getByRole("button", { name: "Import 2 people" }).click();
	await page.getByRole("button", { name: "Make 2 links" }).click();
	await page.getByRole("button", { name: "Save the links" }).waitFor();
	await shot("people-imported");
	await page.goto(`${at}/groups`);
	await page.getByRole("link", { name: "contractors" }).waitFor();
	await shot("people-groups");
	await page.goto(`${at}/groups/contractors`);
	await page.getByRole("link", { name: "bob" }).waitFor();
	await shot("people-group");
	await page.goto(`${at}/groups/contractors/edit`);
	await page.getByLabel("One-time codes").waitFor();
	await shot("people-group-edit");
	await page.goto(`${at}/policy`);
	await page.getByLabel("One-time codes").waitFor();
	await shot("people-policy-everybody");
}
