// join.test.js: two changes of the same text, made apart from each other.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./modules.js";

const { join } = await load("admin/config/join.ts");
const BASE = "a\nb\nc\nd\ne\n";

test("changes of different lines are both there, whichever is first", () => {
	assert.equal(join(BASE, "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\nF\n"), "A\nb\nc\nd\nE\nF\n");
	assert.equal(join(BASE, "a\nb\nc\nd\nE\n", "b\nc\nd\ne\n"), "b\nc\nd\nE\n");
	assert.equal(join(BASE, "a\nb\nd\ne\n", "0\n1\na\nb\nc\nd\ne\n"), "0\n1\na\nb\nd\ne\n");
	assert.equal(join(BASE, BASE, "a\n"), "a\n");
});

test("what others did not change is mine, and the same is the same", () => {
	assert.equal(join(BASE, "a\nx\nc\nd\ne\n", BASE), "a\nx\nc\nd\ne\n");
	assert.equal(join(BASE, `${BASE}x`, BASE), `${BASE}x`);
	assert.equal(join(BASE, "x\n", "x\n"), "x\n");
});

test("changes of the same lines, or at the same place, are somebody's to look at", () => {
	assert.equal(join(BASE, "a\nx\nc\nd\ne\n", "a\ny\nc\nd\ne\n"), undefined);
	assert.equal(join(BASE, `${BASE}mine\n`, `${BASE}theirs\n`), undefined);
	assert.equal(join(BASE, "a\nx\nc\nd\ny\n", "a\nb\nz\nd\ne\n"), undefined);
	assert.equal(join(BASE, "a\nc\nd\ne\n", "a\nb\nx\nc\nd\ne\n"), undefined);
});
