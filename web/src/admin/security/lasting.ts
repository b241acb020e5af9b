// How long something is to last, as people choose it.
import { text } from "../../text";
import type { Option } from "../../ui/form";

const HOUR = 3600_000, DAY = 24 * HOUR;
const lengths = { hour: HOUR, day: DAY, week: 7 * DAY, month: 30 * DAY, quarter: 90 * DAY, year: 365 * DAY };

export type Lasting = keyof typeof lengths | "ever";

/** `ever`: what it is called that there is no end. */
export function lastingOptions(some: readonly Lasting[], ever: string): Option[] {
	return some.map((one) => [one, one === "ever" ? ever : text.guard.lasting[one]] as const);
}

/** When what begins now will be over; null: never. */
export function endOf(lasting: string): string | null {
	const length = Object.entries(lengths).find(([name]) => name === lasting)?.[1];
	return length === undefined ? null : new Date(Date.now() + length).toISOString();
}
