// config.test.js: what forms for sites and back ends write, where a change moves the console to, and at
// which place of the text a fault is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./modules.js";

const { readTree } = await load("admin/config/lines.ts");
const { rulesOf, sitesOf } = await load("admin/sites/model.ts");
const { addSite, changeSite, removeRule, removeSite, setRule } = await load("admin/sites/changes.ts");
const { movesTo } = await load("admin/config/doors.ts");
const { placeOf, readFaults } = await load("admin/config/faults.ts");

const FILE = `listen 443
site example.org www.example.org {   # the first
    certificate a.pem a.key          # of the authority
    certificate b.pem b.key
    # where it is
    root /srv/www
    route /app/* { proxy http://127.0.0.1:8080 }
}
share {
    sni imap.example.org mail.example.org 127.0.0.1:993 127.0.0.2:993  # mail
    ssh inetd { command /usr/sbin/sshd -i }
}
admin {
    listen 127.0.0.1:943 [::1]:943
}
`;
const [SITE] = sitesOf(readTree(FILE));
const same = { names: [...SITE.names], files: ["a.pem", "a.key"], by: "root", to: ["/srv/www"], accessServer: false };

test("a form that nothing was changed in changes nothing", () => {
	assert.equal(changeSite(FILE, SITE, same), FILE);
	for (const rule of rulesOf(readTree(FILE)).filter(({ at }) => at))
		assert.equal(setRule(FILE, rule.kind, [...rule.names], [...rule.to], rule), FILE);
});

test("a site gets what was typed, its remarks and routes stay", () => {
	const other = changeSite(FILE, SITE, { ...same, names: ["new.example.org"], by: "redirect", to: ["https://x.example/{uri}"], accessServer: true });
	assert.equal(other, FILE.replace("site example.org www.example.org {", "site new.example.org {")
		.replace("    root /srv/www\n", "").replace("8080 }\n}", "8080 }\n    redirect https://x.example/{uri}\n    access_server\n}"));
	assert.equal(changeSite(FILE, SITE, { ...same, files: [] }),
		FILE.replace("certificate a.pem a.key ", "certificate self-signed ").replace("    certificate b.pem b.key\n", ""));
	assert.equal(removeSite(addSite(FILE, { ...same, names: ["n.example", "m.example"] }), { names: ["n.example"] }), FILE);
});

test("what people type opens no block and ends no line", () => {
	const hostile = addSite(FILE, { ...same, names: ["x.example"], to: ["/srv/} site y {\n\"\\"] });
	const sites = sitesOf(readTree(hostile));
	assert.deepEqual(sites.map(({ names }) => names[0]), ["example.org", "x.example"]);
	assert.equal(sites[1].answers[0].to, "/srv/} site y { \"\\");
});

test("back ends are told from the names before them", () => {
	const [ssh, sni] = ["ssh", "sni"].map((kind) => rulesOf(readTree(FILE)).find((rule) => rule.kind === kind));
	assert.deepEqual([sni.names, sni.to], [["imap.example.org", "mail.example.org"], ["127.0.0.1:993", "127.0.0.2:993"]]);
	assert.equal(setRule(FILE, "ssh", [], ["127.0.0.1:22"], ssh), FILE.replace("ssh inetd {", "ssh 127.0.0.1:22 {"));
	assert.equal(setRule(FILE, "sni", ["x.example"], ["unix:/run/x"]), FILE.replace("  # mail\n", "  # mail\n    sni x.example unix:/run/x\n"));
	assert.ok(!removeRule(FILE, sni).includes("# mail") && removeRule(FILE, sni).includes("ssh inetd"));
});

test("where the console goes is told before it goes there", () => {
	const here = new URL("https://example.org:943/admin"), site = new URL("https://example.org/admin");
	const console443 = FILE.replace("    # where", "    access_server\n    # where");
	assert.equal(movesTo(FILE, FILE, here), undefined);
	assert.equal(movesTo(FILE, FILE.replaceAll(":943", ":9443"), here), "https://example.org:9443");
	assert.equal(movesTo(FILE, FILE.replace("listen 127.0.0.1:943 [::1]:943", "listen off"), here), "");
	assert.equal(movesTo(FILE, console443.replace("listen 127.0.0.1:943 [::1]:943", "listen off"), here), "https://example.org");
	assert.equal(movesTo(console443, FILE, site), "https://example.org:943");
	assert.equal(movesTo(console443, console443.replace("listen 443", "listen 8443"), site), "https://example.org:943");
	assert.equal(movesTo(FILE, "site {", here), undefined);
	assert.equal(movesTo(FILE, "listen 1\n", site), undefined);
});

test("a fault is where the server says", () => {
	const [fault, loose] = [readFaults("/etc/x:y.conf:2:6: it says \"a:1:2: b\"\n  é😀é x\n     ^\n"), readFaults("no place\nat all\n")];
	assert.deepEqual(fault, [{ line: 2, column: 6, message: "it says \"a:1:2: b\"" }]);
	assert.equal("a\né😀é x".slice(placeOf("a\né😀é x", { ...fault[0], column: 5 })), "x");
	assert.deepEqual(loose, [{ line: 0, column: 0, message: "no place\nat all" }]);
	assert.deepEqual([readFaults(""), readFaults(null)], [[], []]);
});
