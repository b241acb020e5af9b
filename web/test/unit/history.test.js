// history.test.js: the hour of the charts, as it goes on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./modules.js";

const { extended } = await load("admin/history.ts");

const at = (step) => new Date(1_790_000_000_000 + step * 10_000).toISOString();
const history = (steps) => ({ step_ms: 10_000, times: steps.map(at), requests_total: steps.map((n) => 100 + n) });
const steps = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);

test("what came since is added, and no more than an hour is kept", () => {
	assert.deepEqual(extended(history([1, 2]), history([3])), history([1, 2, 3]));
	assert.deepEqual(extended(history(steps(0, 360)), history([360, 361])), history(steps(2, 362)));
	assert.deepEqual(extended(history([]), history([1])), history([1]));
});

test("where nothing came the hour is the same one", () => {
	const before = history([1, 2]);
	assert.equal(extended(before, history([])), before);
});

test("a clock that was set back makes no line go back in time", () => {
	assert.deepEqual(extended(history([5, 6, 7]), history([6, 7, 8])), history([5, 6, 7, 8]));
	assert.deepEqual(extended(history([5, 6, 7]), history([1])), history([1]));
});
