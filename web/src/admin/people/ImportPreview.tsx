import { useState } from "preact/hooks";
import type { Schemas } from "../../api/client";
import { text } from "../../text";
import { Check } from "../../ui/form";
import { type Column, PAGE, Table } from "../../ui/list";
import { Section } from "../../ui/page";
import { Button } from "../../ui/parts";

const words = text.importing;
type Row = Schemas["UserImportResult"]["rows"][number];

const columns: readonly Column<Row>[] = [
	{ name: words.line, class: "number", cell: ({ line }) => `${words.line} ${line}` },
	{ name: words.name, class: "name", cell: ({ name }) => name ?? text.people.none },
	{
		name: words.problem, class: "name",
		cell: ({ problem }) => (problem === null
			? <span class="chip good">{words.noProblem}</span>
			: <span class="fault">{problem}</span>),
	},
];

/** All rows are here already: a page at a time is for the eyes. */
export function Preview({ rows }: { rows: readonly Row[] }) {
	const hasBad = rows.some((row) => row.problem !== null);
	const [onlyBad, setOnlyBad] = useState(hasBad);
	const [limit, setLimit] = useState(PAGE);
	const fitting = onlyBad ? rows.filter((row) => row.problem !== null) : rows;
	return (
		<Section title={words.previewTitle}
			actions={hasBad && <Check label={words.onlyBad} checked={onlyBad} onChecked={setOnlyBad} />}>
			<Table columns={columns} rows={fitting.slice(0, limit)} keyOf={({ line }) => line} />
			{fitting.length > limit && (
				<div class="more-rows"><Button onClick={() => setLimit(limit + PAGE)}>{words.more}</Button></div>
			)}
		</Section>
	);
}
