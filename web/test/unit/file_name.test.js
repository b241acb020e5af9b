// file_name.test.js: what a downloaded profile is called, as src/pki/profile.c has it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./modules.js";

const { fileName } = await load("portal/fileName.ts");

test("what is plain stays, and all else is a mark for each of its bytes", () => {
	assert.equal(fileName("mara", "laptop"), "mara-laptop.ovpn");
	assert.equal(fileName("m.b@c", ".my phone"), "m.b_c-_my_phone.ovpn");
	assert.equal(fileName("mara", "Zo\u00eb"), "mara-Zo__.ovpn");
	assert.equal(fileName("mara", "\u{1F4F1}"), "mara-____.ovpn");
});

test("of a long name there are as many as the server takes", () => {
	assert.equal(fileName("mara", "\u00eb".repeat(40)), `mara-${"_".repeat(70)}.ovpn`);
});
