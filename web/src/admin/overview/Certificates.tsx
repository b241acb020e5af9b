// When what others trust us by expires.
import { ask, type Schemas } from "../../api/client";
import { useAsked } from "../../api/asked";
import { text } from "../../text";
import { dayOf } from "../../time";
import { useFolded } from "../../ui/folded";
import { type Column, Table } from "../../ui/list";
import { Section } from "../../ui/page";
import { Problem } from "../../ui/parts";

const words = text.overview.certificates;
const DAY_MS = 86_400_000;
const SOON_DAYS = 14;
const MOST = 6;

interface Row {
	name: string;
	/** What it is for. */
	use: string;
	expires: string | null;
	/** What is wrong with it, or to be known of it. */
	note?: { look: string; name: string } | undefined;
}

function siteNote(one: Schemas["SiteCertificate"]): Row["note"] {
	if (one.problem !== null) return { look: "bad", name: one.problem };
	return one.self_signed ? { look: "warn", name: words.selfSigned } : undefined;
}

function siteRow(one: Schemas["SiteCertificate"]): Row {
	return { name: one.names.join(", ") || (one.site ?? ""), use: words.site, expires: one.not_after, note: siteNote(one) };
}

function ownRow(one: Schemas["Certificate"]): Row {
	return { name: one.name ?? "", use: one.kind === "ca" ? words.authority : words.vpnServer, expires: one.not_after };
}

async function getRows(signal: AbortSignal): Promise<Row[]> {
	const [sites, authorities, servers] = await Promise.all([
		ask("get", "/site-certificates", { signal }),
		ask("get", "/certificates", { query: { kind: "ca" }, signal }),
		ask("get", "/certificates", { query: { kind: "server" }, signal }),
	]);
	const own = [...authorities.items, ...servers.items].filter((one) => one.current && one.revoked === null);
	const at = (row: Row) => (row.expires === null ? 0 : Date.parse(row.expires));
	return [...sites.items.map(siteRow), ...own.map(ownRow)].sort((a, b) => at(a) - at(b));
}

function Left({ until }: { until: string | null }) {
	if (until === null) return <span class="chip bad">{words.unknown}</span>;
	const days = Math.floor((Date.parse(until) - Date.now()) / DAY_MS);
	const look = days < 0 ? "bad" : days < SOON_DAYS ? "warn" : "good";
	return <span class={`chip ${look}`}>{days < 0 ? words.expired : words.days(days)}</span>;
}

const columns: readonly Column<Row>[] = [
	{
		name: words.certificate,
		cell: ({ name, note }) => (
			<>
				<b class="name">{name}</b>
				{note && <> <span class={`note small ${note.look}`}>{note.name}</span></>}
			</>
		),
	},
	{ name: words.use, cell: (row) => row.use },
	{ name: words.expires, class: "number", cell: (row) => (row.expires ? dayOf(row.expires) : text.time.never) },
	{ name: words.left, cell: (row) => <Left until={row.expires} /> },
];

export function Certificates() {
	const { data, refusal, again } = useAsked("certificates", getRows, ["certificate", "config"]);
	const [shown, fold] = useFolded(data ?? [], MOST);
	return (
		<Section title={words.title} lead={words.lead}>
			{refusal && <Problem refusal={refusal} again={again} />}
			<Table columns={columns} rows={shown} keyOf={(_, at) => at} />
			{fold}
		</Section>
	);
}
