// Many people at once, from a table. What would be done is shown before it is.
import { useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { ask, type Refusal, type Schemas } from "../../api/client";
import { text } from "../../text";
import { Area, faultOf, Form } from "../../ui/form";
import { Head, Section } from "../../ui/page";
import { Button, Command, Notice, Problem } from "../../ui/parts";
import { ChooseFile } from "./ChooseFile";
import { Imported } from "./Imported";
import { Preview } from "./ImportPreview";
import { BackTo } from "./parts";

const words = text.importing;
type Result = Schemas["UserImportResult"];

function Columns() {
	return (
		<Section title={words.columns} lead={words.columnsLead}>
			<details class="more inset">
				<summary>{words.meaning}</summary>
				<dl class="facts-of">
					{words.meanings.map(([name, meaning]) => (
						<div key={name}><dt><code>{name}</code></dt><dd>{meaning}</dd></div>
					))}
				</dl>
			</details>
			<div class="inset"><Command>{words.example}</Command></div>
		</Section>
	);
}

interface TableProps {
	csv: string;
	onCsv: (csv: string) => void;
	onPreview: () => void;
	busy: boolean;
	refusal: Refusal | undefined;
}

function TableForm({ csv, onCsv, onPreview, busy, refusal }: TableProps) {
	return (
		<div class="card padded">
			<Form onSubmit={onPreview} refusal={refusal} fields={["csv"]}>
				<ChooseFile onText={onCsv} />
				<Area label={words.csv} hint={words.csvHint} value={csv} onValue={onCsv} rows={8} class="mono"
					fault={faultOf(refusal, "csv")} />
				<div class="actions">
					<Button look="main" type="submit" busy={busy}>{words.preview}</Button>
					<a class="button" href="/admin/people">{text.cancel}</a>
				</div>
			</Form>
		</div>
	);
}

interface VerdictProps {
	csv: string;
	result: Result;
	onDone: (names: string[]) => void;
}

function Verdict({ csv, result, onDone }: VerdictProps) {
	const { busy, refusal, act } = useAct();
	const isGood = result.problems === 0;
	const carryOut = () => act(async () => {
		const { rows } = await ask("post", "/users/import", { body: { csv, preview: false } });
		onDone(rows.flatMap((row) => row.name ?? []));
	});
	return (
		<>
			<Notice kind={isGood ? "good" : "bad"}>
				{isGood ? words.good(result.added) : words.bad(result.problems, result.rows.length)}
			</Notice>
			<Preview rows={result.rows} />
			{refusal && <Problem refusal={refusal} />}
			{isGood && result.added > 0 && (
				<div class="actions">
					<Button look="main" busy={busy} onClick={carryOut}>{busy ? words.doing(result.added) : words.do(result.added)}</Button>
				</div>
			)}
		</>
	);
}

export function Import() {
	const [csv, setCsv] = useState("");
	const [previewed, setPreviewed] = useState<{ csv: string; result: Result }>();
	const [done, setDone] = useState<string[]>();
	const { busy, refusal, act } = useAct();
	const preview = () => act(async () => {
		setPreviewed(undefined);
		setPreviewed({ csv, result: await ask("post", "/users/import", { body: { csv, preview: true } }) });
	});
	if (done)
		return <Imported names={done} onAnother={() => {
			setDone(undefined);
			setPreviewed(undefined);
			setCsv("");
		}} />;
	return (
		<div class="stack wide">
			<div>
				<BackTo href="/admin/people">{text.people.title}</BackTo>
				<Head title={words.title} lead={words.lead} />
			</div>
			<Columns />
			<TableForm csv={csv} onCsv={setCsv} onPreview={preview} busy={busy} refusal={refusal} />
			{previewed && (previewed.csv === csv
				? <Verdict csv={csv} result={previewed.result} onDone={setDone} />
				: <Notice kind="warn">{words.changed}</Notice>)}
		</div>
	);
}
