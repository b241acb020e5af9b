// Who was not let in, why, and what would let him in.
import { useState } from "preact/hooks";
import { ask, type Schemas } from "../../api/client";
import { useAsked } from "../../api/asked";
import { text } from "../../text";
import { Form } from "../../ui/form";
import { type Column, List, Nothing, orderOf, PAGE, Search, type Shown, Tools, useView } from "../../ui/list";
import { Button, Time } from "../../ui/parts";
import { Remedy, Why } from "./Why";

const words = text.connections;
type Refusal = Schemas["Refusal"];
type View = { search: string; of: string; sort: string; descending: string };

const SORTS = ["time", "user", "where", "reason"] as const;

function wordsFor(where: string | null): string {
	const names: Record<string, string> = words.places;
	return (where !== null && names[where]) || words.none;
}

/** What was given of himself, by each part of which one may ask more. */
function Who({ of, shown }: { of: Refusal; shown: Shown<View> }) {
	const why = (whom: string) => <Button look="quiet" label={words.whyOf(whom)} onClick={() => shown.show({ of: whom, search: "" })}>{words.why}</Button>;
	const whom = of.user ?? of.address;
	return (
		<div class="refused">
			<div>
				{of.user && <b class="name">{of.user}</b>}
				{of.device && <span class="dim name"> {of.device}</span>}
				{of.address && <div class={of.user ? "dim small name number" : "name number"}>{of.address}</div>}
				{whom === null && words.none}
			</div>
			{shown.view.of === "" && whom !== null && why(whom)}
		</div>
	);
}

function Reason({ of }: { of: Refusal }) {
	return (
		<>
			<div class="name">{of.reason ?? words.none}</div>
			{of.remedy && <Remedy>{of.remedy}</Remedy>}
		</>
	);
}

function columnsFor(shown: Shown<View>): readonly Column<Refusal>[] {
	return [
		{ name: words.who, class: "top-cell", sort: "user", cell: (one) => <Who of={one} shown={shown} /> },
		{ name: words.when, class: "top-cell", sort: "time", lastFirst: true, cell: (one) => <Time of={one.time} /> },
		{ name: words.where, class: "top-cell", sort: "where", cell: (one) => wordsFor(one.where) },
		{ name: words.reason, class: "whole top-cell", sort: "reason", cell: (one) => <Reason of={one} /> },
	];
}

/** "Why was … refused?", with an address that answers it for others too. */
function AskWhy({ shown }: { shown: Shown<View> }) {
	const [of, set] = useState(shown.view.of);
	return (
		<section class="card padded stack">
			<Form onSubmit={() => shown.show({ of: of.trim(), search: "" })}>
				<div class="ask-why">
					<label for="why">{words.askWhy}</label>
					<input id="why" class="search" value={of} maxLength={128} spellcheck={false} autocapitalize="off"
						placeholder={words.askWhyHint} onInput={(event) => set(event.currentTarget.value)} />
					<Button type="submit" look="main">{words.askWhyDo}</Button>
					{shown.view.of !== "" && (
						<Button look="quiet" onClick={() => {
							set("");
							shown.show({ of: "" });
						}}>{words.all}</Button>
					)}
				</div>
			</Form>
			{shown.view.of !== "" && <Why of={shown.view.of} />}
		</section>
	);
}

export function Refused() {
	const shown = useView<View>({ search: "", of: "", sort: "time", descending: "true" });
	const { search, of } = shown.view;
	const query = { search, of, ...orderOf(SORTS, shown.view), after: shown.after, limit: PAGE };
	const asked = useAsked(JSON.stringify(query), (signal) => ask("get", "/refusals", { query, signal }), ["refusal"]);
	return (
		<>
			<AskWhy key={of} shown={shown} />
			{of === "" && <Tools><Search label={words.searchRefused} shown={shown} /></Tools>}
			<List asked={asked} columns={columnsFor(shown)} keyOf={(one) => one.id} shown={shown}>
				<Nothing title={words.nobodyRefused} lead={words.nobodyRefusedText} />
			</List>
		</>
	);
}
