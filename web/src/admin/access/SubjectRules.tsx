// The rules of one user, of one group, or of everybody, the first that is looked at first.
import { text } from "../../text";
import { type Column, type Shown, Table } from "../../ui/list";
import { Button } from "../../ui/parts";
import { Verdict } from "./parts";
import { pathOf, PLACE, type Rule, sentenceOf, type Subject, trafficOf } from "./rule";
import { type Move, placeOf } from "./useMove";

const words = text.access;

export interface RuleActs {
	remove: (rule: Rule) => void;
	/** Not there where not all rules are shown: it would not be seen past which it moves. */
	move?: (move: Move) => void;
}

function What({ rule }: { rule: Rule }) {
	return (
		<div class="rule">
			<span class="number dim" title={words.place(rule.position)}>{rule.position}</span>
			<Verdict of={rule.action} />
			<a class="name mono" href={pathOf(rule)}>{rule.destination}</a>
			{rule.comment !== null && <p class="dim small name">{rule.comment}</p>}
		</div>
	);
}

function Acts({ rule, among, acts: { remove, move } }: { rule: Rule; among: readonly Rule[]; acts: RuleActs }) {
	const at = among.indexOf(rule), before = among[at - 1], behind = among[at + 1];
	const said = sentenceOf(rule);
	return (
		<div class="actions" id={placeOf(rule.id)}>
			{move && before && (
				<Button look="quiet" label={words.upOf(said)}
					onClick={() => move({ rule, to: before.position, way: "up" })}>{words.up}</Button>
			)}
			{move && behind && (
				<Button look="quiet" label={words.downOf(said)}
					onClick={() => move({ rule, to: behind.position + 1, way: "down" })}>{words.down}</Button>
			)}
			<a class="button quiet" href={pathOf(rule)} aria-label={words.editOf(said)}>{words.edit}</a>
			<Button look="quiet danger" label={words.removeOf(said)} onClick={() => remove(rule)}>{words.remove}</Button>
		</div>
	);
}

function columnsOf(among: readonly Rule[], acts: RuleActs | undefined): readonly Column<Rule>[] {
	return [
		{ name: words.rule, cell: (rule) => <What rule={rule} /> },
		{ name: words.traffic, class: "number traffic", cell: trafficOf },
		{ name: words.seenAs, class: "seen", cell: (rule) => (rule.action === "allow" ? words.ways[rule.way] : <span class="dim">–</span>) },
		...(acts ? [{
			name: words.actions, silent: true, class: "rule-acts",
			cell: (rule: Rule) => <Acts rule={rule} among={among} acts={acts} />,
		}] : []),
	];
}

function Heading({ subject: { scope, of }, mayAdd }: { subject: Subject; mayAdd: boolean }) {
	const query = new URLSearchParams({ scope, ...(of !== null && { of }) });
	const who = of ?? words.of[scope];
	return (
		<div class="head">
			<h2>
				{of === null ? words.of[scope] : <><span class="dim">{words.of[scope]}</span> <span class="name">{of}</span></>}
			</h2>
			<div class="actions">
				{scope === "user" && of !== null && (
					<a class="button quiet" href={`${PLACE}/reach?${new URLSearchParams({ user: of })}`}
						aria-label={words.reachOfUser(of)}>{words.reachOf}</a>
				)}
				{mayAdd && (
					<a class="button quiet" href={`${PLACE}/add?${query}`} aria-label={words.addFor(who)}>{words.addHere}</a>
				)}
			</div>
		</div>
	);
}

export function SubjectRules({ subject, shown, acts }: { subject: Subject; shown: Shown; acts?: RuleActs }) {
	return (
		<section class="card section">
			<Heading subject={subject} mayAdd={acts !== undefined} />
			<Table columns={columnsOf(subject.rules, acts)} rows={subject.rules} keyOf={(rule) => rule.id} shown={shown} />
		</section>
	);
}
