// Times as people say them, in the language of their browser.
import { text } from "./text";

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const second = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const zoned = new Intl.DateTimeFormat(undefined, {
	year: "numeric", month: "short", day: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "short",
});
const steps: [Intl.RelativeTimeFormatUnit, number, number][] = [
	["minute", 60, 60],
	["hour", 3600, 24],
	["day", 86400, 30],
];

/** Of what was, "2 hours ago"; of what will be, "in 2 hours". */
export function ago(time: string | null | undefined, now = Date.now()): string {
	if (!time) return text.time.never;
	const seconds = (Date.parse(time) - now) / 1000, far = Math.abs(seconds);
	if (far < 60) return text.time.now;
	for (const [unit, length, most] of steps)
		if (far < length * most) return relative.format(Math.trunc(seconds / length), unit);
	return dayOf(time);
}

/** Of what is waited for: the seconds of the last minute count. Of what is over, as ago() has it. */
export function ahead(time: string, now = Date.now()): string {
	const seconds = Math.ceil((Date.parse(time) - now) / 1000);
	return seconds > 0 && seconds < 60 ? relative.format(seconds, "second") : ago(time, now);
}

export function dayOf(time: string): string {
	return day.format(new Date(time));
}

export function exactly(time: string): string {
	return exact.format(new Date(time));
}

/** For who reads it elsewhere, as in a mail. */
export function withZone(time: string): string {
	return zoned.format(new Date(time));
}

export function toTheSecond(time: string): string {
	return second.format(new Date(time));
}

/** As a field for a day and a time has it, which knows no zone but its reader's; "": none. */
export function toField(time: string): string {
	const at = new Date(time);
	if (Number.isNaN(at.getTime())) return "";
	return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function fromField(typed: string): string {
	const at = new Date(typed);
	return Number.isNaN(at.getTime()) ? "" : at.toISOString();
}
