// vpn.test.js: what the form of the VPN's settings changes of the configuration, and who a list lets in.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./modules.js";

const { settingsOf, withSettings } = await load("admin/settings/vpnSettings.ts");
const { readTree } = await load("admin/config/lines.ts");
const { changedList } = await load("admin/security/lists.ts");
const { isIn, networkOf } = await load("admin/security/network.ts");

const FILE = `listen 443
vpn {
    network 10.86.0.0/20   # of clients
    route 192.168.10.0/24 nat  # the office
    route 192.168.20.0/24 route
    dns system 9.9.9.9
}
`;
const before = settingsOf(readTree(FILE));
const changed = (some) => withSettings(FILE, before, { ...before, ...some });

test("what is as it was leaves the file as it was", () => {
	assert.equal(changed({}), FILE);
	assert.equal(before.routes, "192.168.10.0/24 nat\n192.168.20.0/24 route");
	assert.deepEqual([before.dnsSystem, before.dns, before.network6], [true, "9.9.9.9", ""]);
});

test("each changes its own lines", () => {
	assert.equal(changed({ network6: "off" }), FILE.replace("/20 ", "/20 off "));
	assert.equal(changed({ dns: "" }), FILE.replace("system 9.9.9.9", "system"));
	assert.equal(changed({ dns: "", dnsSystem: false }), FILE.replace("    dns system 9.9.9.9\n", ""));
	assert.equal(changed({ clientToClient: true }), FILE.replace("9.9.9.9\n", "9.9.9.9\n    client_to_client on\n"));
});

test("of the routes, those that are others", () => {
	assert.equal(changed({ routes: "192.168.10.0/24 route\n192.168.20.0/24 route" }), FILE.replace(" nat  #", " route  #"));
	assert.equal(changed({ routes: "192.168.10.0/24 nat" }), FILE.replace("    route 192.168.20.0/24 route\n", ""));
	assert.equal(changed({ routes: `${before.routes}\n10.0.0.0/8` }),
		FILE.replace("/24 route\n", "/24 route\n    route 10.0.0.0/8\n"));
});

test("a VPN begins with a block of its own", () => {
	const none = settingsOf(readTree("listen 443\n"));
	const text = withSettings("listen 443\n", none, { ...none, network: "10.1.0.0/16" });
	assert.equal(settingsOf(readTree(text)).network, "10.1.0.0/16");
});

test("addresses are in the networks that have them", () => {
	for (const [address, network] of [["192.0.2.7", "192.0.2.0/24"], ["::ffff:192.0.2.7", "192.0.2.7"], ["127.8.8.8", "127.0.0.0/8"],
		["2001:db8::1", "2001:db8::/32"], ["::1", "::1"], ["203.0.113.9", "0.0.0.0/0"]])
		assert.ok(isIn(address, network), `${address} in ${network}`);
	for (const [address, network] of [["192.0.3.7", "192.0.2.0/24"], ["192.0.2.7", "::/0"], ["2001:db9::1", "2001:db8::/32"],
		["nobody", "0.0.0.0/0"]])
		assert.ok(!isIn(address, network), `${address} not in ${network}`);
	for (const wrong of ["", "1.2.3", "1.2.3.256", "1.2.3.4/33", "1.2.3.4/", "::1::", "1:2:3", "12345::", "::/129", "1.2.3.4/8/8"])
		assert.equal(networkOf(wrong), undefined, wrong);
});

test("what is changed of a list is changed of it as others made it", () => {
	const mine = (now, before, after) => changedList(now.split(" "), before.split(" "), after.split(" ")).join(" ");
	assert.equal(mine("loopback vpn", "loopback vpn", "vpn 10.0.0.1"), "vpn 10.0.0.1");
	assert.equal(mine("loopback vpn 10.0.0.2", "loopback vpn", "vpn 10.0.0.1"), "vpn 10.0.0.2 10.0.0.1");
	assert.equal(mine("vpn", "loopback vpn", "loopback vpn 10.0.0.1"), "vpn 10.0.0.1");
	assert.equal(mine("loopback 10.0.0.2", "any", "vpn"), "loopback 10.0.0.2 vpn");
	assert.equal(mine("any", "loopback vpn", "loopback vpn 10.0.0.1"), "loopback vpn 10.0.0.1");
	assert.equal(mine("loopback vpn", "loopback vpn", "any"), "any");
});
