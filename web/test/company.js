// Others beside whoever is at the browser: connected to the VPN by openvpn, and relayed to a back end. All
// of them go with this process.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ask } from "./people.js";

const CLIENTS = [["nadia", "laptop", "linux"], ["nadia", "phone 📱", "android"], ["olu", "<b>workstation<b>", "windows"],
	["p".repeat(64), "d".repeat(64), "macos"]];

async function profileOf(page, user, name, platform) {
	const path = `/users/${user}/devices`;
	await ask(page, "POST", path, { name, platform, kind: "auto" });
	return page.evaluate(async (at) => (await fetch(`/api/v1${at}`)).text(), `${path}/${encodeURIComponent(name)}/profile`);
}

/** They are in the server's own network: what they are told of addresses and routes is left alone. */
function joinAs(profile, directory, number, server) {
	const file = join(directory, `${number}.ovpn`);
	writeFileSync(file, profile.replace(/^remote .*\n/gm, "") + `remote ${server}\n`);
	const client = spawn("openvpn", ["--config", file, "--ifconfig-noexec", "--route-noexec"], { stdio: "ignore" });
	client.on("error", () => { /* it is not installed: then nobody is connected */ });
	client.unref();
	process.on("exit", () => client.kill());
}

/** `server` as a profile says it: "127.0.0.1 1194 udp". */
export async function connectSome(page, server) {
	const directory = mkdtempSync(join(tmpdir(), "company-"));
	process.on("exit", () => rmSync(directory, { recursive: true }));
	for (const user of new Set(CLIENTS.map(([name]) => name))) await ask(page, "POST", "/users", { name: user });
	for (const [number, [user, name, platform]] of CLIENTS.entries())
		joinAs(await profileOf(page, user, name, platform), directory, number, server);
}

/** So many to an SSH server on `backend`, which is one by its first line only, by the shared port. */
export async function relaySome(count, port, backend) {
	const server = createServer((socket) => socket.on("error", () => { /* ended by the page */ })
		.unref().write("SSH-2.0-demo\r\n"));
	await new Promise((done) => server.listen(backend, "127.0.0.1", done));
	server.unref();
	for (let i = 0; i < count; i++) {
		const socket = connect(port, "127.0.0.1", () => socket.write(`SSH-2.0-client\r\n${"x".repeat(i * 5000)}`));
		socket.on("error", () => { /* ended by the page */ }).unref();
	}
}
