// Who did what: searched, exported, and verified.
import { useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { useAsked } from "../../api/asked";
import { ask, type Schemas } from "../../api/client";
import { text } from "../../text";
import { toTheSecond } from "../../time";
import { type Column, List, Nothing, orderOf, type Shown, useView } from "../../ui/list";
import { Head } from "../../ui/page";
import { Button, Notice, Problem } from "../../ui/parts";
import { Chain } from "./Chain";
import { Changes } from "./Changes";
import { Export, type ExportEnd } from "./Export";
import { Filters } from "./Filters";
import { gather } from "./gather";

const words = text.audit;
type Row = Schemas["AuditRow"];

/** A value that the log can be narrowed to, by pressing it. */
function Only({ of, value, shown }: { of: string; value: string; shown: Shown }) {
	return shown.view[of] === value
		? <span class="name">{value}</span>
		: (
			<button type="button" class="only name" title={words.only(value)} onClick={() => shown.show({ [of]: value })}>
				{value}
			</button>
		);
}

function What({ row: { action, object }, shown }: { row: Row; shown: Shown }) {
	const named = words.actions[action ?? ""];
	return (
		<>
			<b class="name">{named ?? action}</b>
			{named && <span class="dim small mono"> {action}</span>}
			{object !== null && <div><Only of="object" value={object} shown={shown} /></div>}
		</>
	);
}

function Who({ row: { who, address }, shown }: { row: Row; shown: Shown }) {
	return (
		<>
			{who !== null && <Only of="who" value={who} shown={shown} />}
			<div class="dim small">
				{address === null ? words.machine : <Only of="address" value={address} shown={shown} />}
			</div>
		</>
	);
}

function columnsOf(shown: Shown): readonly Column<Row>[] {
	return [
		{ name: words.what, cell: (row) => <What row={row} shown={shown} /> },
		{ name: words.who, cell: (row) => <Who row={row} shown={shown} /> },
		{
			name: words.time, class: "number time", sort: "time", lastFirst: true,
			cell: ({ time }) => time !== null && <time dateTime={time} title={time}>{toTheSecond(time)}</time>,
		},
		{ name: words.change, class: "change", cell: (row) => <Changes of={row} /> },
	];
}

function Verified({ shown }: { shown: Shown }) {
	const [verdict, set] = useState<Schemas["AuditVerdict"]>();
	const [end, exported] = useState<ExportEnd>();
	const { busy, refusal, act } = useAct();
	const verify = () => act(async () => set(await ask("get", "/audit/verify")));
	return (
		<>
			<Head title={words.title} lead={words.lead}>
				<Button icon="check" busy={busy} onClick={verify}>{words.verify}</Button>
				<Export shown={shown} onEnd={exported} />
			</Head>
			{end?.rows !== undefined && <Notice kind="good">{(end.isPart ? words.exportedPart : words.exported)(end.rows)}</Notice>}
			{end?.refusal && <Problem refusal={end.refusal} />}
			{refusal && <Problem refusal={refusal} again={verify} />}
			{verdict && <Chain of={verdict} />}
		</>
	);
}

export function Audit() {
	const shown = useView({
		search: "", action: "", who: "", object: "", address: "", since: "", until: "", sort: "time", descending: "true",
	});
	const query = { ...shown.view, ...orderOf(["time"], shown.view), after: shown.after };
	const asked = useAsked(JSON.stringify(query), (signal) => gather(query, signal), ["audit"]);
	return (
		<div class="stack">
			<Verified shown={shown} />
			<Filters shown={shown} />
			<List asked={asked} columns={columnsOf(shown)} keyOf={(row) => row.id} shown={shown}>
				<Nothing title={words.emptyTitle} lead={words.emptyText} />
			</List>
		</div>
	);
}
