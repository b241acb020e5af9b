// Whether an address is in a network, as the server tells it.
interface Network {
	base: bigint;
	bits: number;
	/** Of its addresses: 32 or 128. */
	size: number;
}

function v4(text: string): bigint | undefined {
	const parts = text.split(".");
	if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined;
	return parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function groupsOf(text: string): string[] {
	return text === "" ? [] : text.split(":");
}

function v6(text: string): bigint | undefined {
	const halves = text.split("::");
	const [head, tail] = [groupsOf(halves[0] ?? ""), groupsOf(halves[1] ?? "")];
	const missing = 8 - head.length - tail.length;
	if (halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0)) return undefined;
	const groups = [...head, ...Array<string>(missing).fill("0"), ...tail];
	if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
	return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

/** An address is a network of its own; undefined: it is neither. */
export function networkOf(text: string): Network | undefined {
	const [address = "", prefix, ...more] = text.split("/");
	const small = v4(address);
	const base = small ?? v6(address), size = small === undefined ? 128 : 32;
	if (base === undefined || more.length > 0 || (prefix !== undefined && !/^\d{1,3}$/.test(prefix))) return undefined;
	const bits = prefix === undefined ? size : Number(prefix);
	return bits <= size ? { base, bits, size } : undefined;
}

export function isIn(address: string, network: string): boolean {
	const one = networkOf(address.replace(/^::ffff:(?=[\d.]+$)/i, "")), all = networkOf(network);
	if (!one || one.size !== all?.size) return false;
	const shift = BigInt(all.size - all.bits);
	return one.base >> shift === all.base >> shift;
}
