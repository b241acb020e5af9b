// Who is connected to the VPN.
import { useState } from "preact/hooks";
import { ask, type Schemas } from "../../api/client";
import { useAsked } from "../../api/asked";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { bytes } from "../../units";
import { type Column, List, Nothing, orderOf, PAGE, Search, Tools, useView } from "../../ui/list";
import { Button, Command, Time } from "../../ui/parts";
import { getStatus } from "../status";
import type { PartProps } from "./Connections";
import { EndTunnel } from "./EndTunnel";

const words = text.connections;
const SORTS = ["since", "user", "from", "inside", "client", "bytes"] as const;
type LiveTunnel = Schemas["Tunnel"];

function Who({ of }: { of: LiveTunnel }) {
	return (
		<div class="person">
			<span class="avatar" aria-hidden="true">{of.user_name.charAt(0)}</span>
			<div>
				<a class="name plain" href={`/admin/connections/${of.id}`}><b class="name">{of.user_name}</b></a>
				<div class="dim small name">{of.device_name}</div>
			</div>
		</div>
	);
}

/** Of both directions, as the client sees them. */
export function Carried({ of }: { of: { bytes_in: number; bytes_out: number } }) {
	return (
		<>
			<span class="nowrap"><span aria-label={words.up}>↑</span> {bytes(of.bytes_in)}</span>{" "}
			<span class="nowrap"><span aria-label={words.down}>↓</span> {bytes(of.bytes_out)}</span>
		</>
	);
}

function Origin({ of }: { of: LiveTunnel }) {
	return <><span class="name">{of.from}</span><div class="dim small">{of.protocol.toUpperCase()}</div></>;
}

const columns: readonly Column<LiveTunnel>[] = [
	{ name: words.who, sort: "user", cell: (one) => <Who of={one} /> },
	{ name: words.from, class: "number address", sort: "from", cell: (one) => <Origin of={one} /> },
	{ name: words.inside, class: "number", sort: "inside", cell: (one) => one.inside.map((address) => <div key={address} class="name">{address}</div>) },
	{ name: words.since, sort: "since", lastFirst: true, cell: (one) => <Time of={one.since} /> },
	{ name: words.carried, class: "number", sort: "bytes", lastFirst: true, cell: (one) => <Carried of={one} /> },
	{ name: words.client, class: "small client", sort: "client", cell: (one) => (
		<><div class="name">{one.client ?? words.unknownClient}</div><div class="dim">{one.cipher ?? ""}</div></>
	) },
];

/** Why nobody is connected: there may be no VPN. */
function NoTunnels() {
	const { data } = useAsked("status", getStatus, ["config"]);
	if (data && !data.server.vpn)
		return (
			<Nothing title={words.off} lead={words.offText}>
				<Command>sallyport vpn network</Command>
			</Nothing>
		);
	return (
		<Nothing title={words.nobody} lead={words.nobodyText}>
			<p class="actions">
				<a class="button main" href="/admin/people">{words.toPeople}</a>
				<a class="button" href="/portal">{words.toPortal}</a>
			</p>
		</Nothing>
	);
}

export function Tunnels({ done }: PartProps) {
	const shown = useView({ search: "", sort: "since", descending: "" });
	const { search } = shown.view;
	const [ending, end] = useState<LiveTunnel>();
	const may = useMay();
	const query = { search, ...orderOf(SORTS, shown.view), after: shown.after, limit: PAGE };
	const asked = useAsked(JSON.stringify(query), (signal) => ask("get", "/tunnels", { query, signal }), ["tunnel", "status"]);
	const last: Column<LiveTunnel> = {
		name: words.end, silent: true, class: "does",
		cell: (one) => <Button look="quiet danger" label={words.endOf(one.user_name, one.device_name)} onClick={() => end(one)}>{words.end}</Button>,
	};
	return (
		<>
			<Tools><Search label={words.searchTunnels} shown={shown} /></Tools>
			<List asked={asked} columns={may("operate") ? [...columns, last] : columns} keyOf={(one) => one.id} shown={shown}>
				<NoTunnels />
			</List>
			{ending && (
				<EndTunnel of={ending} onClose={() => end(undefined)} onDone={() => {
					end(undefined);
					done(words.ended(ending.user_name, ending.device_name));
					asked.again();
				}} />
			)}
		</>
	);
}
