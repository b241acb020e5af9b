// What was applied, and the way back to it.
import { ask, type Schemas } from "../../api/client";
import { type Asked, useAsked } from "../../api/asked";
import { go } from "../../route";
import { text } from "../../text";
import { exactly } from "../../time";
import { type Column, List, Nothing, PAGE, useView } from "../../ui/list";
import { Head } from "../../ui/page";
import { Button, Notice, Problem, Time, Waiting } from "../../ui/parts";
import { Diff } from "./Diff";
import type { Configuration } from "./file";
import { keepProposal, PLACE, proposed, REVIEW } from "./proposal";

const words = text.configuration.history;
type Version = Schemas["ConfigurationVersion"];
export const HISTORY = `${PLACE}/history`;

const columns: readonly Column<Version>[] = [
	{ name: words.time, cell: ({ name, time }) => <a href={`${HISTORY}/${name ?? ""}`}>{time ? exactly(time) : name}</a> },
	{ name: words.ago, cell: ({ time }) => <Time of={time} /> },
	{ name: words.size, class: "number", cell: ({ bytes }) => words.bytes(bytes) },
];

/** The server tells all of them at once: a page is what is shown of them. */
function partOf(items: Version[], after: string): { items: Version[]; next: string | null } {
	const from = Number(after) || 0, to = from + PAGE;
	return { items: items.slice(from, to), next: to < items.length ? String(to) : null };
}

export function History() {
	const shown = useView({});
	const { data, refusal, again } = useAsked("history", (signal) => ask("get", "/config/history", { signal }), ["config"]);
	const asked = { again, ...(data && { data: partOf(data.items, shown.after) }), ...(refusal && { refusal }) };
	return (
		<div class="stack">
			<p class="dim">{words.lead}</p>
			<List asked={asked} columns={columns} keyOf={({ name }) => name ?? ""} shown={shown}>
				<Nothing title={words.nothing} lead={words.nothingText} />
			</List>
		</div>
	);
}

async function getVersion(name: string, signal: AbortSignal) {
	const version = await ask("get", "/config/history/{name}", { parts: { name }, signal });
	const { changed, diff } = await ask("post", "/config/diff", { body: { text: version.text ?? "" }, signal });
	return { text: version.text ?? "", sha256: version.sha256, changed, diff: diff ?? "" };
}

/** "20261121T165230Z-7.conf" says when that was. */
function titleOf(name: string): string {
	const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(name);
	if (!parts) return name;
	const [, year, month, day, hour, minute, second] = parts;
	const time = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
	// An address may say anything.
	return Number.isNaN(Date.parse(time)) ? name : words.of(exactly(time));
}

export function VersionPage({ name, file }: { name: string; file: Asked<Configuration> }) {
	const { data, refusal, again } = useAsked(`${name} ${file.data?.sha256}`, (signal) => getVersion(name, signal));
	const now = file.data;
	const goBack = () => {
		if (!now || !data) return;
		keepProposal({ text: data.text, file: now.text ?? "", base: now.sha256 ?? "" });
		go(REVIEW);
	};
	const canGoBack = data?.changed === true && now?.read_only === false;
	return (
		<div class="stack">
			<p><a href={HISTORY}>{words.all}</a></p>
			<Head title={titleOf(name)} lead={data?.sha256 === now?.running_sha256 && data ? words.runs : undefined}>
				{canGoBack && <Button look="main" onClick={goBack}>{words.back}</Button>}
			</Head>
			{canGoBack && proposed() && <Notice kind="warn">{words.discards}</Notice>}
			{refusal && <Problem refusal={refusal} again={again} />}
			{!data && !refusal && <Waiting />}
			{data && (
				<section class="card section">
					<div class="head"><div><h2>{words.compare}</h2><p class="dim small">{data.changed ? words.compareText : words.same}</p></div></div>
					{data.changed && <Diff of={data.diff} label={words.compare} />}
				</section>
			)}
			{data && (
				<details class="card">
					<summary>{words.whole}</summary>
					<ol class="lines mono">{data.text.split("\n").map((line, i) => <li key={i}>{line}</li>)}</ol>
				</details>
			)}
		</div>
	);
}
