// Where the console is to be found, as a configuration has it: a change may move it.
import { type Block, find, findAll, readTree, valuesOf } from "./tree";

interface Doors {
	admin: string[];
	shared: string[];
	/** Names of the sites that the access server answers on. */
	names: string[];
}

const portOf = (endpoint: string) => /(?:^|:)(\d+)$/.exec(endpoint)?.[1];
const portsOf = (block: Block | undefined) => valuesOf(block, "listen").map(portOf).filter((port) => port !== undefined);

function doorsOf(tree: Block): Doors {
	const sites = findAll(tree, ["site"]).filter(({ block }) => find(block, "access_server"));
	return {
		admin: portsOf(find(tree, "admin")?.block),
		shared: portsOf(tree),
		names: sites.flatMap(({ words }) => words.slice(1)).filter((name) => !name.startsWith("*")),
	};
}

function leadsHere({ admin, shared, names }: Doors, port: string, host: string): boolean {
	return admin.includes(port) || (shared.includes(port) && names.includes(host));
}

/**
 * The origin of the console after a change, seen from `url`, where it is now: undefined if it stays
 * there, or if that cannot be told; "" where it will be nowhere.
 */
export function movesTo(before: string, after: string, url: URL): string | undefined {
	const old = readTree(before), fresh = readTree(after);
	if (!old || !fresh) return undefined;
	const port = url.port || "443", next = doorsOf(fresh);
	if (!leadsHere(doorsOf(old), port, url.hostname) || leadsHere(next, port, url.hostname)) return undefined;
	const at = (host: string, where: string) => `https://${host}${where === "443" ? "" : `:${where}`}`;
	const admin = next.admin[0], name = next.names.includes(url.hostname) ? url.hostname : next.names[0];
	if (admin !== undefined) return at(url.hostname, admin);
	return name === undefined ? "" : at(name, next.shared.includes(port) ? port : (next.shared[0] ?? "443"));
}
