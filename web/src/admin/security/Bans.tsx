import { useState } from "preact/hooks";
import { useAsked } from "../../api/asked";
import { ask, type Schemas } from "../../api/client";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { type Column, Filter, List, Nothing, orderOf, PAGE, pick, Search, type Shown, Tools, useView } from "../../ui/list";
import { Button, Notice, Time, Until } from "../../ui/parts";
import { LiftBan } from "./LiftBan";
import { NewBan } from "./NewBan";

const words = text.guard.bans;
const SORTS = ["created", "subject", "by", "until"] as const;
const KINDS = ["account", "address", "network"] as const;
const MAKERS = ["server", "person"] as const;
type Ban = Schemas["Ban"];

function isOver(ban: Ban): boolean {
	return ban.lifted !== null || (ban.until !== null && Date.parse(ban.until) < Date.now());
}

function End({ ban }: { ban: Ban }) {
	if (ban.lifted) return <span class="dim">{words.lifted} <Time of={ban.lifted} /></span>;
	if (isOver(ban)) return <span class="dim">{words.over} <Time of={ban.until} /></span>;
	return ban.until ? <Until when={ban.until} /> : <>{words.noEnd}</>;
}

function columnsFor(onLift: ((ban: Ban) => void) | undefined): Column<Ban>[] {
	const facts: Column<Ban>[] = [
		{
			name: words.subject, class: "whom", sort: "subject",
			cell: (ban) => <><b class="name">{ban.subject}</b><div class="dim small">{words.kinds[ban.kind]}</div></>,
		},
		{ name: words.reason, class: "name", cell: (ban) => ban.reason },
		{ name: words.by, class: "name", sort: "by", cell: (ban) => ban.by },
		{ name: words.since, sort: "created", lastFirst: true, cell: (ban) => <Time of={ban.created} /> },
		{ name: words.until, class: "time", sort: "until", cell: (ban) => <End ban={ban} /> },
	];
	if (!onLift) return facts;
	return [...facts, {
		name: words.lift, silent: true, class: "does",
		cell: (ban) => !isOver(ban) && (
			<Button look="quiet" label={words.liftOf(ban.subject)} onClick={() => onLift(ban)}>{words.lift}</Button>
		),
	}];
}

function Filters({ shown }: { shown: Shown }) {
	return (
		<Tools>
			<Search label={words.search} shown={shown} />
			<Filter label={words.which} of="which" shown={shown} options={[["", words.standing], ["all", words.all]]} />
			<Filter label={words.kind} of="kind" shown={shown}
				options={[["", words.anyKind], ...KINDS.map((one) => [one, words.allOf[one]] as const)]} />
			<Filter label={words.madeBy} of="made_by" shown={shown}
				options={[["", words.anybody], ...MAKERS.map((one) => [one, words.makers[one]] as const)]} />
		</Tools>
	);
}

function useBans() {
	const shown = useView({ search: "", which: "", kind: "", made_by: "", sort: "created", descending: "true" });
	const { search, which, kind, made_by } = shown.view;
	const query = {
		search, after: shown.after, limit: PAGE, all: which === "all", ...orderOf(SORTS, shown.view),
		...(kind && { kind: pick(KINDS, kind) }), ...(made_by && { made_by: pick(MAKERS, made_by) }),
	};
	const asked = useAsked(JSON.stringify(query), (signal) => ask("get", "/bans", { query, signal }), ["ban"]);
	return { shown, asked };
}

export function Bans() {
	const [adds, add] = useState(false);
	const [lifts, lift] = useState<Ban>();
	const [done, setDone] = useState<string>();
	const may = useMay()("operate");
	const { shown, asked } = useBans();
	const finish = (what: string) => {
		add(false);
		lift(undefined);
		setDone(what);
		asked.again();
	};
	const button = <Button look="main" icon="ban" onClick={() => add(true)}>{words.add}</Button>;
	return (
		<>
			<div class="head">
				<Filters shown={shown} />
				{may && button}
			</div>
			{done && <Notice kind="good">{done}</Notice>}
			<List asked={asked} columns={columnsFor(may ? lift : undefined)} keyOf={(ban) => ban.id} shown={shown}>
				<Nothing title={words.emptyTitle} lead={words.emptyText}>{may && button}</Nothing>
			</List>
			{adds && <NewBan onDone={(ban) => finish(words.added(ban.subject))} onClose={() => add(false)} />}
			{lifts && <LiftBan ban={lifts} onDone={() => finish(words.liftDone(lifts.subject))} onClose={() => lift(undefined)} />}
		</>
	);
}
