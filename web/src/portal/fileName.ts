// What the server calls a profile that is downloaded, byte for byte: it stands in commands too.
const MOST = 70;

function plain(part: string): string {
	const bytes = new TextEncoder().encode(part).subarray(0, MOST);
	return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("").replace(/^\.|[^A-Za-z0-9._-]/g, "_");
}

export function fileName(user: string, device: string): string {
	return `${plain(user)}-${plain(device)}.ovpn`;
}
