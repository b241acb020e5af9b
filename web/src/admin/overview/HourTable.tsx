// The charts in numbers, for those who do not see them, or want to copy them.
import { useState } from "preact/hooks";
import { text } from "../../text";
import { average, type Hour } from "../history";

const words = text.overview.charts;
const PART_S = 300;
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

interface Part {
	/** When it ends. */
	time: number;
	cells: string[];
}

/** Five minutes each, the newest first. */
function partsOf({ times, drawn }: Hour): Part[] {
	const last = times.at(-1);
	if (last === undefined) return [];
	const numbers = [...new Set(times.map((time) => Math.floor((last - time) / PART_S)))].sort((a, b) => a - b);
	return numbers.map((n) => {
		const within = <T,>(values: T[]) => values.filter((_, i) => Math.floor((last - (times[i] ?? 0)) / PART_S) === n);
		const cells = drawn.flatMap(({ kind, values }) => values.map((line) => {
			const value = average(within(line));
			return value === undefined ? words.unknown : kind.say(value);
		}));
		return { time: last - n * PART_S, cells };
	});
}

function Table({ hour }: { hour: Hour }) {
	const lines = hour.drawn.flatMap(({ kind }) => kind.lines.map(({ name }) => `${kind.title}: ${name}`));
	return (
		<div class="card table" role="region" aria-label={words.table} tabIndex={0}>
			<table class="cards hour">
				<thead>
					<tr>
						<th scope="col">{words.until}</th>
						{lines.map((name) => <th scope="col" key={name}>{name}</th>)}
					</tr>
				</thead>
				<tbody>
					{partsOf(hour).map(({ time, cells }) => (
						<tr key={time}>
							<td class="number"><b>{clock.format(time * 1000)}</b></td>
							{cells.map((cell, i) => <td key={i} class="number" data-label={lines[i]}>{cell}</td>)}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

export function HourTable({ hour }: { hour: Hour }) {
	const [open, set] = useState(false);
	return (
		<details class="more" onToggle={(event) => set(event.currentTarget.open)}>
			<summary>{words.table}</summary>
			{open && <Table hour={hour} />}
		</details>
	);
}
