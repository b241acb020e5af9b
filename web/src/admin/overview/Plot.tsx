// Lines over the last hour, drawn by uPlot. It comes apart from the page, which is of use without it.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Drawn, Hour, Look } from "../history";

const HEIGHT = 132;
const HOUR_S = 3600;
const LEAST_S = 300;
const DASHES: Record<Look, number[]> = { accent: [], good: [5, 3], warn: [2, 3], bad: [] };

function colour(name: string): string {
	return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function axis(): uPlot.Axis {
	return {
		stroke: () => colour("dim"),
		font: "11px system-ui, sans-serif",
		grid: { stroke: () => colour("line"), width: 1 },
		ticks: { show: false },
		gap: 4,
	};
}

/** From nothing up; where nothing happens the line lies at the bottom, not in the middle. */
function fromZero(_: uPlot, __: number, most: number): uPlot.Range.MinMax {
	return [0, most > 0 ? most * 1.1 : 1];
}

/** The last hour; of a server that is younger what there is, so that its lines can be seen. */
function lastHour(plot: uPlot): uPlot.Range.MinMax {
	const [times] = plot.data;
	const end = times.at(-1) ?? Date.now() / 1000;
	const begin = Math.min(times[0] ?? end, end - LEAST_S);
	return [Math.max(begin, end - HOUR_S), end];
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

function optionsFor({ kind }: Drawn, width: number, onPoint: (at: number | undefined) => void): uPlot.Options {
	return {
		width,
		height: HEIGHT,
		padding: [8, 16, 0, 0],
		legend: { show: false },
		// All charts show the same moment.
		cursor: { sync: { key: "hour" }, drag: { x: false, y: false }, y: false, points: { size: 7 } },
		scales: { x: { range: lastHour }, y: { range: fromZero } },
		hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? undefined)] },
		axes: [
			{ ...axis(), size: 22, space: 56, values: (_, at) => at.map((s) => clock.format(s * 1000)) },
			{ ...axis(), size: 58, space: 30, values: (_, at) => at.map((value) => kind.say(value)) },
		],
		series: [{}, ...kind.lines.map(({ look }, i): uPlot.Series => ({
			stroke: () => colour(look),
			width: 1.75,
			dash: DASHES[look],
			points: { show: false },
			...(i === 0 && { fill: () => `${colour(look)}1c` }),
		}))],
	};
}

interface PlotProps {
	hour: Hour;
	drawn: Drawn;
	/** Which sample is pointed at; none any more. */
	onPoint: (at: number | undefined) => void;
}

export function Plot({ hour, drawn, onPoint }: PlotProps) {
	const box = useRef<HTMLDivElement>(null);
	const plot = useRef<uPlot>();
	const data: uPlot.AlignedData = [hour.times, ...drawn.values];
	useEffect(() => {
		const place = box.current;
		if (!place) return;
		const made = new uPlot(optionsFor(drawn, place.clientWidth, onPoint), data, place);
		plot.current = made;
		const size = new ResizeObserver(() => made.setSize({ width: place.clientWidth, height: HEIGHT }));
		size.observe(place);
		const scheme = matchMedia("(prefers-color-scheme: dark)");
		const redraw = () => made.redraw(false);
		scheme.addEventListener("change", redraw);
		return () => {
			size.disconnect();
			scheme.removeEventListener("change", redraw);
			made.destroy();
		};
	}, []);
	useEffect(() => plot.current?.setData(data), [hour]);
	return <div ref={box} />;
}
