// policy.test.js: what holds of a policy, and who says so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./modules.js";

const { decide, draftOfPolicy, policyOf, unset } = await load("admin/people/policy.ts");
const { everybodysLevels } = await load("admin/people/wider.ts");

const everybody = { ...unset, connections_max: 0, usual: { ...unset, devices_max: 10, connections_max: 3, dns: [] } };
const levels = everybodysLevels(everybody);

test("what is set counts before what is usual", () => {
	assert.deepEqual(decide(levels, "connections_max"), { value: "Any number", source: "everybody" });
	assert.deepEqual(decide(levels, "devices_max"), { value: "At most 10", source: "usual" });
	assert.deepEqual(decide(levels, "dns"), { value: "None", source: "usual" });
	assert.equal(decide(levels, "tunnel").source, undefined);
});

test("what is usual does not become what is set", () => {
	assert.deepEqual(policyOf(draftOfPolicy(everybody)), { ...unset, connections_max: 0 });
});
