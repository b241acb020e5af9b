// All whom failed sign-ins make wait, or had banned.
import { useState } from "preact/hooks";
import { useAsked } from "../../api/asked";
import { ask, type Schemas } from "../../api/client";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { type Column, List, Nothing, orderOf, PAGE, Search, Tools, useView } from "../../ui/list";
import { Button, Notice, Time, Until } from "../../ui/parts";
import { LiftLockOut } from "./LiftLockOut";

const words = text.guard.lockOuts;
const SORTS = ["last", "failures", "subject"] as const;
type LockOut = Schemas["LockOut"];

function Now({ of: { banned, until } }: { of: LockOut }) {
	if (banned)
		return (
			<>
				<span class="chip bad">{words.banned}</span>
				<div class="dim small">{until ? <>{words.until} <Until when={until} /></> : text.guard.bans.endless}</div>
			</>
		);
	if (until) return <><span class="chip warn">{words.waits}</span><div class="dim small">{words.until} <Until when={until} /></div></>;
	return <span class="dim">{words.mayTry}</span>;
}

function columnsFor(onLift: ((one: LockOut) => void) | undefined): Column<LockOut>[] {
	const facts: Column<LockOut>[] = [
		{
			name: words.subject, class: "whom", sort: "subject",
			cell: ({ subject, kind }) => (
				<>
					<a class="name" href={`?of=${encodeURIComponent(subject)}`}>{subject}</a>
					<div class="dim small">{text.guard.bans.kinds[kind]}</div>
				</>
			),
		},
		{ name: words.now, cell: (one) => <Now of={one} /> },
		{
			name: words.failures, class: "number", sort: "failures", lastFirst: true,
			cell: (one) => <>{one.failures} <div class="dim small">{words.banAt(one.ban_at)}</div></>,
		},
		{ name: words.lastFailure, sort: "last", lastFirst: true, cell: (one) => <Time of={one.last} /> },
	];
	if (!onLift) return facts;
	return [...facts, {
		name: words.lift, silent: true, class: "does",
		cell: (one) => (
			<Button look="quiet" label={words.liftOf(one.subject)} onClick={() => onLift(one)}>{words.lift}</Button>
		),
	}];
}

export function LockedOut() {
	const [lifts, lift] = useState<LockOut>();
	const [done, setDone] = useState<string>();
	const may = useMay()("operate");
	const shown = useView({ search: "", sort: "last", descending: "true" });
	const query = { search: shown.view.search, after: shown.after, limit: PAGE, ...orderOf(SORTS, shown.view) };
	// Waits end by themselves, which no event tells.
	const asked = useAsked(JSON.stringify(query), (signal) => ask("get", "/lock-outs", { query, signal }), ["ban", "refusal"], 10_000);
	return (
		<>
			<Tools><Search label={words.search} shown={shown} /></Tools>
			{done && <Notice kind="good">{done}</Notice>}
			<List asked={asked} columns={columnsFor(may ? lift : undefined)} keyOf={(one) => one.id} shown={shown}>
				<Nothing title={words.emptyTitle} lead={words.emptyText} />
			</List>
			{lifts && (
				<LiftLockOut of={lifts} onClose={() => lift(undefined)} onDone={() => {
					setDone(words.liftDone(lifts.subject));
					lift(undefined);
					asked.again();
				}} />
			)}
		</>
	);
}
