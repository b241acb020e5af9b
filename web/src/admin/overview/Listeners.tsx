import type { Schemas } from "../../api/client";
import { text } from "../../text";
import { useFolded } from "../../ui/folded";
import { type Column, Table } from "../../ui/list";
import { Section } from "../../ui/page";

const words = text.overview;
const MOST = 8;

function addressOf(address: string | null): string {
	return address === "0.0.0.0" || address === "::" ? words.allAddresses : (address ?? "");
}

const columns: readonly Column<Schemas["Listener"]>[] = [
	{ name: words.port, class: "number", cell: (one) => <><b>{one.port}</b> <span class="dim">{one.protocol}</span></> },
	{ name: words.address, class: "number", cell: (one) => addressOf(one.address) },
	{ name: words.holder, class: "name", cell: (one) => one.unit ?? one.process ?? words.unknownHolder },
	{ name: words.reason, cell: (one) => <span class={one.ours ? "" : "dim"}>{one.reason ?? words.others}</span> },
];

export function Listeners({ items }: { items: Schemas["Listener"][] }) {
	const sorted = [...items].sort((a, b) => Number(b.ours) - Number(a.ours) || a.port - b.port);
	const [shown, fold] = useFolded(sorted, MOST);
	return (
		<Section title={words.listeners} lead={words.listenersLead}>
			<Table columns={columns} rows={shown} keyOf={(_, at) => at} />
			{fold}
		</Section>
	);
}
