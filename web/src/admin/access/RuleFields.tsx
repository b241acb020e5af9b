// What a rule consists of, to be typed.
import type { Refusal } from "../../api/client";
import { text } from "../../text";
import { Choice, Field, faultOf, type Option } from "../../ui/form";
import { pick } from "../../ui/list";
import type { Draft } from "./draft";
import { hasPorts, PROTOCOLS, SCOPES } from "./rule";
import { SubjectField } from "./Subject";

const words = text.ruleForm;
/** What the server calls them, where it says what is wrong with one. */
export const FIELDS = ["of", "destination", "protocol", "port_from", "port_to", "position", "comment"];
const ACTIONS = ["allow", "deny"] as const;
const WAYS = ["nat", "route"] as const;

interface PartProps {
	draft: Draft;
	change: (part: Partial<Draft>) => void;
	refusal: Refusal | undefined;
}

function optionsOf<T extends string>(values: readonly T[], names: Record<T, string>): Option[] {
	return values.map((value) => [value, names[value]]);
}

export function ForWhom({ draft: { scope, of }, change, refusal }: PartProps) {
	return (
		<div class="pair">
			<Choice label={words.scope} value={scope} options={optionsOf(SCOPES, words.scopes)}
				onValue={(value) => change({ scope: pick(SCOPES, value) })} />
			{scope !== "global" && (
				<SubjectField key={scope} of={scope} label={words[scope]} value={of} fault={faultOf(refusal, "of")}
					onValue={(value) => change({ of: value })} />
			)}
		</div>
	);
}

function Ports({ draft: { portFrom, portTo }, change, refusal }: PartProps) {
	const common = { type: "number", inputMode: "numeric", min: 1, max: 65535, optional: true } as const;
	return (
		<div class="pair">
			<Field {...common} label={words.portFrom} hint={words.portHint} value={portFrom}
				fault={faultOf(refusal, "port_from")} onValue={(value) => change({ portFrom: value })} />
			<Field {...common} label={words.portTo} hint={words.portToHint} value={portTo}
				fault={faultOf(refusal, "port_to")} onValue={(value) => change({ portTo: value })} />
		</div>
	);
}

export function RuleFields({ draft, change, refusal }: PartProps) {
	return (
		<>
			<Choice label={words.action} value={draft.action} options={optionsOf(ACTIONS, words)}
				onValue={(value) => change({ action: pick(ACTIONS, value) })} />
			<div class="pair">
				<Field label={words.destination} hint={words.destinationHint} value={draft.destination} class="mono"
					fault={faultOf(refusal, "destination")} autocomplete="off" autocapitalize="none" spellcheck={false}
					maxLength={64} onValue={(destination) => change({ destination })} />
				<Choice label={words.protocol} value={draft.protocol} options={optionsOf(PROTOCOLS, words.protocols)}
					fault={faultOf(refusal, "protocol")} onValue={(value) => change({ protocol: pick(PROTOCOLS, value) })} />
			</div>
			{hasPorts(draft.protocol) && <Ports draft={draft} change={change} refusal={refusal} />}
			{draft.action === "allow" && (
				<Choice label={words.way} value={draft.way} options={optionsOf(WAYS, words.ways)}
					hint={draft.way === "nat" ? words.natHint : words.routeHint}
					onValue={(value) => change({ way: pick(WAYS, value) })} />
			)}
			<Field label={words.comment} hint={words.commentHint} value={draft.comment} optional autocomplete="off"
				maxLength={200} fault={faultOf(refusal, "comment")} onValue={(comment) => change({ comment })} />
			<Field label={words.position} hint={words.positionHint} value={draft.position} optional type="number"
				inputMode="numeric" min={1} max={1_000_000} fault={faultOf(refusal, "position")}
				onValue={(position) => change({ position })} />
		</>
	);
}
