// Amounts as people read them, in the numerals of their browser.
import { text } from "./text";

const names = ["B", "kB", "MB", "GB", "TB"] as const;
const STEP = 1000;

/** Three digits that count, and no more: "1.24 MB", "12.4 MB", "124 MB". */
function short(n: number): string {
	return n.toLocaleString(undefined, { maximumFractionDigits: n < 10 ? 2 : n < 100 ? 1 : 0 });
}

export function bytes(n: number): string {
	let unit = 0;
	while (n >= STEP - 0.5 && unit < names.length - 1) {
		n /= STEP;
		unit++;
	}
	return `${unit === 0 ? Math.round(n).toLocaleString() : short(n)} ${names[unit] ?? ""}`;
}

export function bytesPerSecond(n: number): string {
	return text.units.perSecond(bytes(n));
}

export function perSecond(n: number): string {
	return text.units.perSecond(short(n));
}

export function perMinute(n: number): string {
	return text.units.perMinute(short(n));
}

export function plain(n: number): string {
	return short(n);
}
