// The two lists of who may come, in the text of the configuration.
import { add, type Block, find, readTree, set, valuesOf } from "../config/lines";

export type ListName = "allow" | "portal";

export function listOf(tree: Block, name: ListName): string[] {
	const written = valuesOf(find(tree, "admin")?.block, name);
	if (written.length > 0) return written;
	return name === "allow" ? ["loopback", "vpn"] : ["any"];
}

/** Where there is no block, sites answer alone: one that is made for a list opens no port. */
export function withList(file: string, name: ListName, list: readonly string[]): string {
	const there = find(readTree(file), "admin")?.block;
	const begun = there ? file : add(file, [], { words: ["admin"], block: [{ words: ["listen", "off"] }] });
	return set(begun, [["admin"]], [name, ...list]);
}

/** What was changed of `before`, of the list as it is now: what others put in stays, and what they took out is out. */
export function changedList(now: readonly string[], before: readonly string[], after: readonly string[]): string[] {
	if (after.includes("any")) return ["any"];
	const kept = now.filter((word) => after.includes(word) || !(before.includes(word) || word === "any"));
	return [...kept, ...after.filter((word) => !kept.includes(word) && (now.includes("any") || !before.includes(word)))];
}
