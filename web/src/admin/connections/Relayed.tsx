// What is passed on to servers behind this one.
import { useState } from "preact/hooks";
import { ask, type Schemas } from "../../api/client";
import { useAsked } from "../../api/asked";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { Confirm } from "../../ui/confirm";
import { type Column, List, Nothing, orderOf, PAGE, Search, Tools, useView } from "../../ui/list";
import { Button, Time } from "../../ui/parts";
import type { PartProps } from "./Connections";
import { Carried } from "./Tunnels";

const words = text.connections;
const LOOK_MS = 5000; // no event says that one came or went
const SORTS = ["since", "from", "at", "rule", "to", "bytes"] as const;
type Connection = Schemas["Connection"];

const columns: readonly Column<Connection>[] = [
	{ name: words.from, class: "number address", sort: "from", cell: (one) => <b class="name">{one.from}</b> },
	{ name: words.at, class: "number address", sort: "at", cell: (one) => <span class="name">{one.at ?? words.none}</span> },
	{ name: words.rule, sort: "rule", cell: (one) => <code class="name">{one.rule}</code> },
	{ name: words.to, class: "number address", sort: "to", cell: (one) => <span class="name">{one.to ?? words.notReached}</span> },
	{ name: words.since, sort: "since", lastFirst: true, cell: (one) => <Time of={one.since} /> },
	{ name: words.carried, class: "number", sort: "bytes", lastFirst: true, cell: (one) => <Carried of={one} /> },
];

interface EndProps {
	of: Connection;
	onDone: () => void;
	onClose: () => void;
}

function EndConnection({ of, onDone, onClose }: EndProps) {
	return (
		<Confirm title={words.endRelayTitle(of.from)} verb={words.endDo} onDone={onDone} onClose={onClose}
			act={() => ask("delete", "/connections/{id}", { parts: { id: String(of.id) } })}>
			<p>{words.endRelayText(of.rule)}</p>
		</Confirm>
	);
}

export function Relayed({ done }: PartProps) {
	const shown = useView({ search: "", sort: "since", descending: "" });
	const { search } = shown.view;
	const [ending, end] = useState<Connection>();
	const may = useMay();
	const query = { search, ...orderOf(SORTS, shown.view), after: shown.after, limit: PAGE };
	const asked = useAsked(JSON.stringify(query), (signal) => ask("get", "/connections", { query, signal }), ["status"], LOOK_MS);
	const last: Column<Connection> = {
		name: words.end, silent: true, class: "does",
		cell: (one) => <Button look="quiet danger" label={words.endRelayOf(one.from)} onClick={() => end(one)}>{words.end}</Button>,
	};
	return (
		<>
			<Tools><Search label={words.searchRelayed} shown={shown} /></Tools>
			<List asked={asked} columns={may("operate") ? [...columns, last] : columns} keyOf={(one) => one.id} shown={shown}>
				<Nothing title={words.nothingRelayed} lead={words.nothingRelayedText}>
					<a class="button" href="/admin/sites">{words.toSites}</a>
				</Nothing>
			</List>
			{ending && (
				<EndConnection of={ending} onClose={() => end(undefined)} onDone={() => {
					end(undefined);
					done(words.endedRelay(ending.from));
					asked.again();
				}} />
			)}
		</>
	);
}
