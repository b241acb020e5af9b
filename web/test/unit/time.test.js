// time.test.js: times as people say them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./modules.js";

process.env.TZ = "Europe/Berlin";
const { ago, ahead, withZone } = await load("time.ts");
const now = Date.parse("2026-11-22T12:00:00Z");
const at = (seconds) => new Date(now + seconds * 1000).toISOString();

test("what one has to wait for is not just now", () => {
	assert.equal(ahead(at(42), now), "in 42 seconds");
	assert.equal(ahead(at(0.4), now), "in 1 second");
	assert.equal(ahead(at(150), now), "in 2 minutes");
	assert.equal(ahead(at(-1), now), "just now");
});

test("what was made a moment ago by a clock that is ahead of ours is not to come", () => {
	assert.equal(ago(at(20), now), "just now");
	assert.equal(ago(at(-59), now), "just now");
	assert.equal(ago(at(-3600), now), "1 hour ago");
});

test("who reads a time elsewhere is told of which zone it is", () => {
	assert.match(withZone("2026-11-22T12:00:00Z"), /22.*(1:00|13:00).*(GMT\+1|CET)/);
});
