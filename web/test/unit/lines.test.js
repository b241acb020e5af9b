// lines.test.js: what a form changes of the configuration's text, and that all else stays.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./modules.js";

const { add, find, linesOf, quoted, readTree, remove, set, Unreadable, valuesOf } = await load("admin/config/lines.ts");

const FILE = `# how we are reached
state_dir /var/lib/sallyport
listen 443                       # everything public
plain { listen 80 }              # redirects

site example.org www.example.org {       # the first
    certificate self-signed
    root "/srv/my files"         # with a space; {not} a "block"
    # a remark {
    route /app/* { proxy http://127.0.0.1:8080{path}; limit_body 100m }
    route /old/* {
        redirect 301 https://example.org{uri}
    }
}

share {
    sni imap.example.org \\
        127.0.0.1:993
    silent 3s ssh
}
`;

/** `before` with the line that has `old` replaced: by nothing, or by others. */
const line = (before, old, ...fresh) => before.split("\n").flatMap((one) => (one.includes(old) ? fresh : [one])).join("\n");

test("blocks and directives are read with where they are", () => {
	const tree = readTree(FILE), site = find(tree, "site", "www.example.org");
	assert.deepEqual(tree.items.map(({ words }) => words[0]), ["state_dir", "listen", "plain", "site", "share"]);
	assert.deepEqual([site.first, site.last], [6, 14]);
	assert.deepEqual(valuesOf(site.block, "root"), ["/srv/my files"]);
	assert.equal(find(site.block, "route", "/app/*").block.items[0].words[1], "http://127.0.0.1:8080{path}");
	const sni = find(find(tree, "share").block, "sni");
	assert.deepEqual([sni.words, sni.first, sni.last], [["sni", "imap.example.org", "127.0.0.1:993"], 17, 18]);
	assert.equal(linesOf(FILE, find(tree, "share")).split("\n").length, 5);
});

test("where braces do not fit, nothing is read and nothing changed", () => {
	for (const text of ["a {", "a { b", "}", "a { } b", "{ a }", "a { \"b }", "site x { # }", "a\n{\n}"]) {
		assert.equal(readTree(text), undefined, text);
		assert.throws(() => set(text, [], ["listen", "443"]), Unreadable);
	}
	for (const text of ["", "\n\n# only that", "a {}", "a { b };c", "\uFEFFa", "a \"}\"", "a \\\n b", "a\r\nb {\r\n}\r\n", "\"\\\"{\" x"])
		assert.ok(readTree(text), text);
});

test("a word is in quotes where it has to be", () => {
	const hard = ["", "a b", "#x", "a;b", "{", "}", "a\"b", "a\\b", "\"", "\\", "{path}", "/x{uri}", "{Path}", "é", "\u202e", "a#b", "***1f"];
	for (const word of hard) assert.deepEqual(readTree(`x ${quoted(word)} y`)?.items[0].words, ["x", word, "y"], word);
	assert.deepEqual(["{path}", "a#b", "é", "/x/*"].map(quoted), ["{path}", "a#b", "é", "/x/*"]);
	assert.equal(readTree(`x ${quoted("a\nb { \u0000")}`).items.length, 1);
});

test("a directive gets other words where it stands, its remark stays", () => {
	assert.equal(set(FILE, [], ["listen", "8443"]), line(FILE, "everything", "listen 8443                       # everything public"));
	assert.equal(set(FILE, [], ["listen", "443"]), FILE);
	const root = [["site", "example.org"]];
	assert.equal(set(FILE, root, ["root", "/srv/x"]), FILE.replace("\"/srv/my files\"", "/srv/x"));
	assert.equal(set(FILE, [...root, ["route", "/app/*"]], ["limit_body", "1g"]), FILE.replace("100m", "1g"));
	assert.equal(set(FILE, root, ["route", "/new/*"], ["route", "/app/*"]), FILE.replace("/app/*", "/new/*"));
	assert.equal(set(FILE, [["share"]], ["sni", "mail.example.org", "10.0.0.1:993"]),
		FILE.replace("sni imap.example.org \\\n        127.0.0.1:993", "sni mail.example.org 10.0.0.1:993"));
	assert.equal(set("allow  loopback   vpn # x\nallow any\n", [], ["allow", "vpn"]), "allow  vpn # x\n");
});

test("what is new stands behind what is like it, set in as the rest is", () => {
	assert.equal(set(FILE, [["share"]], ["ssh", "inetd"]), line(FILE, "silent", "    silent 3s ssh", "    ssh inetd"));
	assert.equal(add(FILE, [["share"]], { words: ["sni", "x.example.org", "10.0.0.1:1"] }),
		line(FILE, "        127.0.0.1:993", "        127.0.0.1:993", "    sni x.example.org 10.0.0.1:1"));
	assert.equal(set(FILE, [["plain"]], ["http2", "loopback"]), FILE.replace("{ listen 80 }", "{ listen 80; http2 loopback }"));
	assert.equal(add(FILE, [["plain"]], { words: ["a"], block: [{ words: ["b", "c d"] }] }),
		FILE.replace("{ listen 80 }", "{ listen 80\n    a {\n        b \"c d\"\n    }\n}"));
	assert.equal(set(FILE, [["site", "example.org"], ["route", "/old/*"]], ["limit_rate", "1/s"]),
		line(FILE, "redirect 301", "        redirect 301 https://example.org{uri}", "        limit_rate 1/s"));
	assert.equal(set(FILE, [["admin"]], ["listen", "943"]), `${FILE}\nadmin {\n    listen 943\n}\n`);
	assert.equal(set("share {\n}\n", [["share"]], ["ssh", "inetd"]), "share {\n    ssh inetd\n}\n");
	assert.equal(set("share {}", [["share"]], ["ssh", "inetd"]), "share { ssh inetd }");
	assert.equal(set("share", [["share"]], ["ssh", "inetd"]), "share { ssh inetd }");
	assert.equal(set("a 1", [], ["b", "2"]), "a 1\nb 2\n");
	assert.equal(set("", [], ["b", "2"]), "b 2\n");
	assert.equal(set("x {\n\tlisten 1 }\n", [["x"]], ["y", "2"]), "x {\n\tlisten 1\n\ty 2\n}\n");
	assert.equal(set("x {\r\n\ty 1\r\n}\r\n", [["z"]], ["y", "2"]), "x {\r\n\ty 1\r\n}\r\nz {\r\n\ty 2\r\n}\r\n");
});

test("a site is added behind the others", () => {
	const site = { words: ["site", "new.example.org"], block: [{ words: ["certificate", "self-signed"] }, { words: ["root", "/srv/new"] }] };
	const lines = "\nsite new.example.org {\n    certificate self-signed\n    root /srv/new\n}\n";
	assert.equal(add(FILE, [], site), FILE.replace("}\n\nshare", `}\n${lines}\nshare`));
	assert.equal(remove(add(FILE, [], site), [], ["site", "new.example.org"]), FILE);
});

test("what is removed takes its own lines along, and no other's", () => {
	assert.equal(remove(FILE, [["site", "example.org"]], ["route", "/app/*"]), line(FILE, "/app/*"));
	assert.equal(remove(FILE, [["share"]], ["sni", "imap.example.org"]), line(line(FILE, "sni"), "        127.0.0.1:993"));
	assert.equal(remove(FILE, [], ["share"]), FILE.slice(0, FILE.indexOf("share")));
	assert.equal(remove(FILE, [["plain"]], ["listen"]), FILE.replace("{ listen 80 }", "{  }"));
	assert.equal(remove(FILE, [["site", "example.org"], ["route", "/app/*"]], ["proxy"]), FILE.replace("proxy http://127.0.0.1:8080{path}; ", ""));
	assert.equal(remove(FILE, [["site", "nobody"]], ["root"]), FILE);
	assert.equal(remove(FILE, [["share"]], ["ssh"]), FILE);
});

/** All that a block says, but for its directives of this name. */
function besides(name, { items }) {
	return items.filter(({ words }) => words[0] !== name).map(({ words, block }) => [words, block && besides("", block)]);
}

test("every change of any text is one that reads back, and changes nothing else", () => {
	const parts = ["listen 443", " ", "\n", "# x {\n", ";", "share {", "}", "ssh inetd", "\"a b\"", "\t", "\\\n", "\r\n", "{uri}"];
	let seed = 7;
	const dice = (n) => (seed = (seed * 48271) % 2147483647) % n;
	for (let i = 0; i < 20000; i++) {
		const text = Array.from({ length: dice(14) }, () => parts[dice(parts.length)]).join("");
		if (!readTree(text)) continue;
		for (const path of [[], [["share"]]]) {
			const changed = set(text, path, ["ssh", "a b"]);
			const block = path.length > 0 ? find(readTree(changed), "share")?.block : readTree(changed);
			assert.deepEqual(valuesOf(block, "ssh"), ["a b"], JSON.stringify([text, changed]));
			if (path.length === 0) assert.deepEqual(besides("ssh", readTree(changed)), besides("ssh", readTree(text)));
			if (!text.includes("ssh")) assert.equal(changed.split("# x {").length, text.split("# x {").length);
			const gone = readTree(remove(changed, path, ["ssh"]));
			assert.deepEqual(valuesOf(path.length > 0 ? find(gone, "share")?.block : gone, "ssh"), [], JSON.stringify([text, changed]));
		}
	}
});
