import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { text } from "../../text";
import { Notice } from "../../ui/parts";
import { type Drawn, highest, type Hour, newest, type Values } from "../history";
import { HourTable } from "./HourTable";
import type { Plot } from "./Plot";

const words = text.overview.charts;
type PlotPart = typeof Plot;

/** What draws is large, and comes once the page is there. */
function usePlot(): { There: PlotPart | undefined; failed: boolean } {
	const [There, set] = useState<PlotPart>();
	const [failed, fail] = useState(false);
	useEffect(() => {
		import("./Plot").then((it) => set(() => it.Plot), () => fail(true));
	}, []);
	return { There, failed };
}

function said(say: (value: number) => string, value: number | null | undefined): string {
	return value === null || value === undefined ? words.unknown : say(value);
}

function summary({ kind, values }: Drawn): string {
	return kind.lines.map(({ name }, i) => {
		const line = values[i] ?? [];
		return words.summary(name, said(kind.say, newest(line)), said(kind.say, highest(line)));
	}).join(" ");
}

/** What each line stands for, and how much it is: now, or where it is pointed at. */
function Legend({ drawn: { kind, values }, at }: { drawn: Drawn; at: number | undefined }) {
	const shown = (line: Values) => (at === undefined ? newest(line) : line[at]);
	return (
		<ul class="legend" aria-hidden="true">
			{kind.lines.map(({ name, look }, i) => (
				<li key={name}>
					<span class={`swatch ${look}`} />
					<span class="dim">{name}</span>
					<b class="number">{said(kind.say, shown(values[i] ?? []))}</b>
				</li>
			))}
		</ul>
	);
}

interface ChartProps {
	hour: Hour;
	drawn: Drawn;
	There: PlotPart | undefined;
	at: number | undefined;
	onPoint: (at: number | undefined) => void;
}

function Chart({ hour, drawn, There, at, onPoint }: ChartProps): JSX.Element {
	return (
		<figure class="card chart">
			<figcaption>
				<h3>{drawn.kind.title}</h3>
				<p class="hidden">{summary(drawn)}</p>
			</figcaption>
			<Legend drawn={drawn} at={at} />
			<div class="plot" aria-hidden="true">{There && <There hour={hour} drawn={drawn} onPoint={onPoint} />}</div>
		</figure>
	);
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

export function Charts({ hour }: { hour: Hour }) {
	const { There, failed } = usePlot();
	const [at, point] = useState<number>();
	const time = at === undefined ? undefined : hour.times[at];
	return (
		<section class="stack">
			<div class="head">
				<h2>{words.title}</h2>
				<p class="dim small number" aria-hidden="true">{time === undefined ? words.lead : clock.format(time * 1000)}</p>
			</div>
			{failed && <Notice kind="warn">{text.problem.page}</Notice>}
			<div class="charts">
				{hour.drawn.map((drawn) => (
					<Chart key={drawn.kind.title} hour={hour} drawn={drawn} There={There} at={at} onPoint={point} />
				))}
			</div>
			<HourTable hour={hour} />
		</section>
	);
}
