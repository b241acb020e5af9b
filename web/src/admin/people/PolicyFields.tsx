// A policy as it is filled in, and as it is shown: of an account, a group or everybody.
import type { Refusal } from "../../api/client";
import { text } from "../../text";
import { Choice, faultOf, Field } from "../../ui/form";
import { type Column, Table } from "../../ui/list";
import { type Chosen, decide, FIELDS, type Level, options, type PolicyDraft, type PolicyField } from "./policy";

const words = text.policy;
const MOST: Partial<Record<PolicyField, number>> = { devices_max: 10_000, connections_max: 10_000, session_minutes: 527_040 };

interface OneProps {
	field: PolicyField;
	value: Chosen;
	onValue: (value: Chosen) => void;
	fault: string | undefined;
}

/** What "at most" or "these" are. */
function Typed({ field, value, onValue, fault }: OneProps) {
	const type = (typed: string) => onValue({ ...value, typed });
	if (field === "dns")
		return (
			<Field label={words.addresses} hint={words.addressesHint} value={value.typed} onValue={type} fault={fault}
				maxLength={400} spellcheck={false} autocomplete="off" />
		);
	const label = field === "session_minutes" ? words.minutesLabel : words.number(words.names[field]);
	return (
		<Field label={label} type="number" inputMode="numeric" min={1} max={MOST[field]} value={value.typed} fault={fault}
			onValue={type} />
	);
}

/** What holds where nothing is chosen. */
function sayOpen({ source, value }: ReturnType<typeof decide>): string {
	if (source === undefined) return value;
	return source === words.sources.usual ? words.usual(value) : words.inherit(source, value);
}

interface FieldsProps {
	draft: PolicyDraft;
	onDraft: (draft: PolicyDraft) => void;
	/** Where it comes from, what is not set here; the nearest first. */
	wider: readonly Level[];
	refusal: Refusal | undefined;
}

export function PolicyFields({ draft, onDraft, wider, refusal }: FieldsProps) {
	return (
		<>
			{FIELDS.map((field) => {
				const value = draft[field], is = decide(wider, field);
				const fault = faultOf(refusal, field, `policy.${field}`);
				const isTyped = value.mode === "some";
				const set = (next: Chosen) => onDraft({ ...draft, [field]: next });
				return (
					<div class="pair" key={field}>
						<Choice label={words.names[field]} hint={words.hints[field]} value={value.mode}
							fault={isTyped ? undefined : fault} onValue={(mode) => set({ ...value, mode })}
							options={[["", sayOpen(is)], ...options[field]]} />
						{isTyped && <Typed field={field} value={value} onValue={set} fault={fault} />}
					</div>
				);
			})}
		</>
	);
}

function Source({ of, nearest }: { of: string | undefined; nearest: string | undefined }) {
	return of === nearest ? <span class="chip plain here">{of}</span> : <span class="dim">{of ?? text.people.none}</span>;
}

/** What holds, and who says so. */
export function PolicyTable({ levels }: { levels: readonly Level[] }) {
	const columns: Column<PolicyField>[] = [
		{ name: words.setting, cell: (field) => words.names[field] },
		{ name: words.value, class: "name", cell: (field) => decide(levels, field).value },
		{ name: words.source, class: "name", cell: (field) => <Source of={decide(levels, field).source} nearest={levels[0]?.source} /> },
	];
	return <Table columns={columns} rows={FIELDS} keyOf={(field) => field} />;
}
