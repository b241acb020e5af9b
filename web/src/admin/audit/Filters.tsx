// What the log is narrowed by.
import { useId } from "preact/hooks";
import { text } from "../../text";
import { fromField, toField } from "../../time";
import { Filter, Search, type Shown, Tools, useTyped } from "../../ui/list";

const words = text.audit;
const MORE = ["who", "object", "address", "since", "until"] as const;

interface TypedProps {
	of: string;
	label: string;
	hint?: string;
	shown: Shown;
}

function Typed({ of, label, hint, shown }: TypedProps) {
	const id = useId();
	const [typed, type] = useTyped(of, shown);
	return (
		<div class="field">
			<label for={id}>{label}</label>
			<input id={id} value={typed} maxLength={200} autocomplete="off" autocapitalize="none" spellcheck={false}
				aria-describedby={hint && `${id}-hint`} onInput={(event) => type(event.currentTarget.value)} />
			{hint && <small id={`${id}-hint`} class="dim">{hint}</small>}
		</div>
	);
}

/** The address has it in UTC, so that it is the same time wherever it is opened. */
function Moment({ of, label, shown: { view, show } }: TypedProps) {
	const id = useId();
	return (
		<div class="field">
			<label for={id}>{label}</label>
			<input id={id} type="datetime-local" value={toField(view[of] ?? "")}
				onChange={(event) => show({ [of]: fromField(event.currentTarget.value) })} />
		</div>
	);
}

export function Filters({ shown }: { shown: Shown }) {
	return (
		<>
			<Tools>
				<Search label={words.search} shown={shown} />
				<Filter label={words.actionsShown} of="action" shown={shown}
					options={[["", words.anyAction], ...Object.entries(words.kinds)]} />
			</Tools>
			<details class="more-filters" open={MORE.some((of) => shown.view[of] !== "")}>
				<summary>{words.more}</summary>
				<div class="card padded filters">
					<Typed of="who" label={words.who} hint={words.whoHint} shown={shown} />
					<Typed of="object" label={words.object} hint={words.objectHint} shown={shown} />
					<Typed of="address" label={words.address} shown={shown} />
					<Moment of="since" label={words.since} shown={shown} />
					<Moment of="until" label={words.until} shown={shown} />
				</div>
			</details>
		</>
	);
}
