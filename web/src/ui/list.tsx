// Lists of any length: a page at a time. What is shown stands in the address, so that it can be shared,
// and found again.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Asked } from "../api/asked";
import { go, usePath } from "../route";
import { text } from "../text";
import type { Option } from "./form";
import { Button, Problem, Waiting } from "./parts";

const words = text.list;
/** How many rows a page asks for. */
export const PAGE = 100;

/** Each value as the address has it; "" is none. */
export type View = Record<string, string>;

export interface Shown<V extends View = View> {
	view: V;
	/** Where the page begins: what the server said was next. */
	after: string;
	/** Shows another view, from its first page, or this one from elsewhere. */
	show: (change: View, after?: string) => void;
	/** Something is searched for, or filtered out. */
	isNarrowed: boolean;
	widen: () => void;
}

interface Trail {
	trail?: string[];
}

/** Where the pages before this one began, if one came through them. */
function trailHere(): string[] {
	return (history.state as Trail | null)?.trail ?? [];
}

function addressOf(view: View, usual: View, after: string): string {
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(view)) if (value !== usual[name]) query.set(name, value);
	if (after) query.set("after", after);
	const tail = query.toString();
	return `${location.pathname}${tail && `?${tail}`}`;
}

const ORDER = ["sort", "descending"];

/** What of a view narrows its list: all but the order. */
export function filtersOf(view: View): View {
	return Object.fromEntries(Object.entries(view).filter(([name]) => !ORDER.includes(name)));
}

/** `usual` names all that a view may say, with what it is when the address does not say it. */
export function useView<V extends View>(usual: V): Shown<V> {
	const query = usePath().searchParams;
	const view = Object.fromEntries(
		Object.entries(usual).map(([name, value]) => [name, query.get(name) ?? value])) as V;
	const after = query.get("after") ?? "";
	const show = (change: View, next = "") => go(addressOf({ ...view, ...change }, usual, next), next === after ? "replace" : "push");
	const isNarrowed = Object.keys(filtersOf(usual)).some((name) => view[name] !== usual[name]);
	const widen = () => show(filtersOf(usual));
	return { view, after, show, isNarrowed, widen };
}

/** The value if it is one of these, or else the first of them: an address may say anything. */
export function pick<T extends string>(values: readonly [T, ...T[]], value: string): T {
	return values.find((one) => one === value) ?? values[0];
}

/** How the list is sorted, as the API is asked: by one of these, or else by the first. */
export function orderOf<T extends string>(sorts: readonly [T, ...T[]], { sort, descending }: { sort: string; descending: string }) {
	return { sort: pick(sorts, sort), descending: descending === "true" };
}

/** A value of the view that is typed: it asks when one pauses, not at every letter. */
export function useTyped(of: string, { view, show }: Shown): [string, (typed: string) => void] {
	const there = view[of] ?? "";
	const [typed, type] = useState(there);
	const own = useRef(there), latest = useRef(show);
	latest.current = show; // whatever else was chosen while one typed
	useEffect(() => {
		// Somebody went back, or chose a value elsewhere on the page.
		if (there !== own.current) type(there);
		own.current = there;
	}, [there]);
	useEffect(() => {
		if (typed === own.current) return;
		const timer = window.setTimeout(() => {
			own.current = typed;
			latest.current({ [of]: typed });
		}, 250);
		return () => window.clearTimeout(timer);
	}, [typed]);
	return [typed, type];
}

export function Search({ label, shown }: { label: string; shown: Shown }) {
	const [typed, type] = useTyped("search", shown);
	return (
		<input class="search" type="search" aria-label={label} placeholder={label} value={typed} maxLength={200}
			onInput={(event) => type(event.currentTarget.value)} />
	);
}

interface FilterProps {
	label: string;
	/** Which value of the view it is. */
	of: string;
	/** The first of them is the usual one. */
	options: readonly Option[];
	shown: Shown;
}

export function Filter({ label, of, options, shown: { view, show } }: FilterProps) {
	return (
		<select class="search" aria-label={label} value={view[of]}
			onChange={(event) => show({ [of]: event.currentTarget.value })}>
			{options.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
		</select>
	);
}

/** What one searches and filters with, above a list. */
export function Tools({ children }: { children: ComponentChildren }) {
	return <div class="tools" role="search">{children}</div>;
}

export interface Column<T> {
	name: string;
	cell: (row: T) => ComponentChildren;
	class?: string;
	/** What the server calls that order. */
	sort?: string;
	/** The first order that one wants of it is the last first, as with times. */
	lastFirst?: boolean;
	/** The name is for those who do not see the table, as of a column of buttons. */
	silent?: boolean;
}

function Header<T>({ column, shown }: { column: Column<T>; shown: Shown | undefined }) {
	const { name, sort, lastFirst = false, silent = false } = column;
	if (sort === undefined || !shown) return <th scope="col">{silent ? <span class="hidden">{name}</span> : name}</th>;
	const { view, show } = shown;
	const isHere = view["sort"] === sort, isDescending = view["descending"] === "true";
	const next = isHere ? !isDescending : lastFirst;
	return (
		<th scope="col" aria-sort={isHere ? (isDescending ? "descending" : "ascending") : undefined}>
			<button type="button" onClick={() => show({ sort, descending: next ? "true" : "" })}>
				{name}
				<span aria-hidden="true">{isHere ? (isDescending ? " ↓" : " ↑") : ""}</span>
			</button>
		</th>
	);
}

interface Rows<T> {
	columns: readonly Column<T>[];
	keyOf: (row: T, at: number) => string | number;
}

interface TableProps<T> extends Rows<T> {
	rows: readonly T[];
	/** Where its columns may be sorted by. */
	shown?: Shown;
}

/** Its first column says what a row is; on a phone each row is a card of its own. */
export function Table<T>({ columns, rows, keyOf, shown }: TableProps<T>) {
	return (
		<div class="table">
			<table class="cards">
				<thead>
					<tr>{columns.map((column) => <Header key={column.name} column={column} shown={shown} />)}</tr>
				</thead>
				<tbody>
					{rows.map((row, at) => (
						<tr key={keyOf(row, at)}>
							{columns.map((column, i) => (
								<td key={column.name} class={column.class} data-label={i > 0 && !column.silent ? column.name : undefined}>
									{column.cell(row)}
								</td>
							))}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

function Pager({ next, shown: { after, show } }: { next: string | null; shown: Shown }) {
	const trail = trailHere();
	if (after === "" && next === null) return null;
	const turn = (to: string, before: string[]) => {
		show({}, to);
		history.replaceState({ trail: before }, "");
	};
	return (
		<nav class="more-rows actions" aria-label={words.pages}>
			{after !== "" && <Button onClick={() => turn("", [])}>{words.first}</Button>}
			{trail.length > 1 && <Button onClick={() => turn(trail.at(-1) ?? "", trail.slice(0, -1))}>{words.previous}</Button>}
			{next !== null && <Button onClick={() => turn(next, [...trail, after])}>{words.next}</Button>}
		</nav>
	);
}

interface PagedProps<T> {
	asked: Asked<{ items: T[]; next: string | null }>;
	shown: Shown;
	/** The rows of a page, with the way to others below them. */
	rows: (items: readonly T[], pager: ComponentChildren) => ComponentChildren;
	/** When there is nothing at all: how to begin. */
	children: ComponentChildren;
}

/** What is a list, but no single table. */
export function Paged<T>({ asked: { data, refusal, again }, shown, rows, children }: PagedProps<T>) {
	const isPart = shown.isNarrowed || shown.after !== "";
	const isEmpty = data?.items.length === 0;
	return (
		<>
			{refusal && <Problem refusal={refusal} again={again} />}
			{!data && !refusal && <Waiting />}
			{isEmpty && data.next !== null && <NothingYet next={data.next} shown={shown} />}
			{isEmpty && data.next === null && (isPart ? <NothingFound shown={shown} /> : children)}
			{data && !isEmpty && rows(data.items, <Pager next={data.next} shown={shown} />)}
		</>
	);
}

type ListProps<T> = Rows<T> & Omit<PagedProps<T>, "rows">;

export function List<T>({ asked, columns, keyOf, shown, children }: ListProps<T>) {
	const rows = (items: readonly T[], pager: ComponentChildren) => (
		<section class="card section">
			<Table columns={columns} rows={items} keyOf={keyOf} shown={shown} />
			{pager}
		</section>
	);
	return <Paged asked={asked} shown={shown} rows={rows}>{children}</Paged>;
}

/** Instead of a list that is empty: why, and how to begin. */
export function Nothing({ title, lead, children }: { title: string; lead: string; children?: ComponentChildren }) {
	return (
		<div class="card nothing">
			<h2>{title}</h2>
			<p class="dim">{lead}</p>
			{children}
		</div>
	);
}

/** Of what the server searches in parts. */
function NothingYet({ next, shown: { show } }: { next: string; shown: Shown }) {
	return (
		<Nothing title={words.notYet} lead={words.notYetText}>
			<Button onClick={() => show({}, next)}>{words.further}</Button>
		</Nothing>
	);
}

function NothingFound({ shown }: { shown: Shown }) {
	return (
		<Nothing title={words.nothing} lead={words.nothingText}>
			<Button onClick={shown.widen}>{words.widen}</Button>
		</Nothing>
	);
}
