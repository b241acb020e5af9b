// The VPN's own authority, and all that it has signed.
import { useState } from "preact/hooks";
import { useAsked } from "../../api/asked";
import { ask, type Schemas, urlOf } from "../../api/client";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { dayOf } from "../../time";
import { type Column, Filter, List, Nothing, orderOf, PAGE, pick, Search, Tools, useView } from "../../ui/list";
import { Button, Notice, Problem, Time } from "../../ui/parts";
import { RollOver } from "./RollOver";

const words = text.settings.certificates;
const SORTS = ["expires", "created", "name"] as const;
const KINDS = ["ca", "server", "device"] as const;
type Certificate = Schemas["Certificate"];

function State({ of }: { of: Certificate }) {
	if (of.revoked) return <span class="chip bad" title={of.reason ?? undefined}>{words.revoked}</span>;
	if (of.not_after && Date.parse(of.not_after) < Date.now()) return <span class="chip bad">{words.expired}</span>;
	if (of.retires) return <span class="chip warn">{words.retires(dayOf(of.retires))}</span>;
	return of.current ? <span class="chip good">{words.current}</span> : <span class="chip plain">{words.good}</span>;
}

const columns: readonly Column<Certificate>[] = [
	{
		name: words.name, sort: "name",
		cell: (one) => (
			<>
				<b class="name">{one.user && one.device ? words.deviceOf(one.user, one.device) : one.name}</b>
				<div class="dim small mono name">{one.serial}</div>
			</>
		),
	},
	{ name: words.kind, cell: (one) => words.kinds[one.kind] },
	{ name: words.since, sort: "created", lastFirst: true, cell: (one) => <Time of={one.not_before} /> },
	{ name: words.until, sort: "expires", cell: (one) => <Time of={one.not_after} /> },
	{ name: words.state, cell: (one) => <State of={one} /> },
	{
		name: words.download, silent: true, class: "does",
		cell: (one) => one.serial && (
			<a class="button quiet" href={urlOf("/certificates/{serial}/pem", { serial: one.serial })} download={`${one.serial}.pem`}
				aria-label={words.downloadOf(one.name ?? one.serial)}>PEM</a>
		),
	},
];

function Authority({ ca, onRollOver }: { ca: Certificate | undefined; onRollOver: (() => void) | undefined }) {
	return (
		<section class="card padded stack" aria-label={words.authority}>
			<div class="head">
				<h2>{words.authority}</h2>
				{onRollOver && <Button icon="refresh" onClick={onRollOver}>{words.rollOver}</Button>}
			</div>
			<p class="dim">{words.authorityText}</p>
			{ca && (
				<p><b class="name">{ca.name}</b> {words.goodUntil(ca.not_after ? dayOf(ca.not_after) : "")}</p>
			)}
		</section>
	);
}

export function Certificates() {
	const [rolls, roll] = useState(false);
	const [done, setDone] = useState<string>();
	const may = useMay()("admin");
	const shown = useView({ search: "", kind: "", sort: "expires", descending: "" });
	const { search, kind } = shown.view;
	const query = {
		search, after: shown.after, limit: PAGE, ...orderOf(SORTS, shown.view), ...(kind && { kind: pick(KINDS, kind) }),
	};
	const asked = useAsked(JSON.stringify(query), (signal) => ask("get", "/certificates", { query, signal }), ["certificate", "device"]);
	const authorities = useAsked("authorities", (signal) => ask("get", "/certificates", { query: { kind: "ca" }, signal }), ["certificate"]);
	return (
		<>
			{done && <Notice kind="good">{done}</Notice>}
			{authorities.refusal && <Problem refusal={authorities.refusal} again={authorities.again} />}
			<Authority ca={authorities.data?.items.find(({ current }) => current)} onRollOver={may ? () => roll(true) : undefined} />
			<p class="dim small">{words.sites}</p>
			<Tools>
				<Search label={words.search} shown={shown} />
				<Filter label={words.kind} of="kind" shown={shown}
					options={[["", words.anyKind], ...KINDS.map((one) => [one, words.kinds[one]] as const)]} />
			</Tools>
			<List asked={asked} columns={columns} keyOf={(one) => one.id} shown={shown}>
				<Nothing title={words.emptyTitle} lead={words.emptyText} />
			</List>
			{rolls && (
				<RollOver onClose={() => roll(false)} onDone={() => {
					roll(false);
					setDone(words.rolledOver);
					asked.again();
					authorities.again();
				}} />
			)}
		</>
	);
}
