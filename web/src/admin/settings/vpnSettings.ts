// What the block "vpn" says, as a form has it, and how a change of that becomes one of its lines.
import { add, type Block, find, findAll, remove, set, valuesOf } from "../config/lines";

export interface VpnSettings {
	endpoint: string;
	/** By UDP: "1194", "off", or several; "" where nothing is written. */
	listen: string;
	network: string;
	/** A network, "off", or "": a private one is made. */
	network6: string;
	/** A line each: a network, and "nat" or "route". */
	routes: string;
	/** Those that this machine asks. */
	dnsSystem: boolean;
	dns: string;
	domain: string;
	clientToClient: boolean;
}

const BLOCK = [["vpn"]];

const linesOf = (typed: string) => typed.split(/[\n,]+/).map((line) => line.trim()).filter(Boolean);
const wordsOf = (typed: string) => typed.split(/[\s,]+/).filter(Boolean);

export function settingsOf(tree: Block): VpnSettings {
	const block = find(tree, "vpn")?.block;
	const [network = "", network6 = ""] = valuesOf(block, "network");
	const dns = valuesOf(block, "dns");
	return {
		endpoint: valuesOf(block, "endpoint")[0] ?? "",
		listen: valuesOf(block, "listen").join(" "),
		network,
		network6,
		routes: findAll(block, ["route"]).map(({ words }) => words.slice(1).join(" ")).join("\n"),
		dnsSystem: dns.includes("system"),
		dns: dns.filter((word) => word !== "system").join("\n"),
		domain: valuesOf(block, "domain")[0] ?? "",
		clientToClient: valuesOf(block, "client_to_client")[0] === "on",
	};
}

/** Those lines alone that are others now, each in its place. */
function withRoutes(file: string, before: string, after: string): string {
	const old = linesOf(before), fresh = linesOf(after);
	const to = (line: string) => wordsOf(line)[0] ?? "";
	const gone = old.filter((line) => !fresh.some((one) => to(one) === to(line)));
	const kept = gone.reduce((text, line) => remove(text, BLOCK, ["route", to(line)]), file);
	return fresh.filter((line) => !old.includes(line)).reduce((text, line) => (
		old.some((one) => to(one) === to(line))
			? set(text, BLOCK, ["route", ...wordsOf(line)], ["route", to(line)])
			: add(text, BLOCK, { words: ["route", ...wordsOf(line)] })
	), kept);
}

/** What each directive says of them; nothing: it is left out. */
const directives: Record<string, (of: VpnSettings) => string[]> = {
	endpoint: ({ endpoint }) => wordsOf(endpoint),
	listen: ({ listen }) => wordsOf(listen),
	network: ({ network, network6 }) => wordsOf(`${network} ${network6}`),
	dns: ({ dns, dnsSystem }) => [...(dnsSystem ? ["system"] : []), ...wordsOf(dns)],
	domain: ({ domain }) => wordsOf(domain),
	client_to_client: ({ clientToClient }) => (clientToClient ? ["on"] : []),
};

export function withSettings(file: string, before: VpnSettings, after: VpnSettings): string {
	const changed = Object.entries(directives).filter(([, say]) => say(before).join(" ") !== say(after).join(" "));
	const said = changed.reduce((text, [name, say]) => {
		const values = say(after);
		return values.length > 0 ? set(text, BLOCK, [name, ...values]) : remove(text, BLOCK, [name]);
	}, file);
	return withRoutes(said, before.routes, after.routes);
}
