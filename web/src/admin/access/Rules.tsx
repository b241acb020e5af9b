// All rules, in the order in which they are looked at: of each user, of each group, of everybody.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import { useAsked } from "../../api/asked";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { Icon } from "../../ui/Icon";
import { Filter, Nothing, PAGE, Paged, pick, Search, type Shown, Tools, useView } from "../../ui/list";
import { Problem } from "../../ui/parts";
import { RemoveRule } from "./RemoveRule";
import { bySubject, PLACE, type Rule, SCOPES } from "./rule";
import { Steps } from "./Steps";
import { SubjectRules } from "./SubjectRules";
import { useMove } from "./useMove";

const words = text.access;

function Empty({ mayAdd }: { mayAdd: boolean }) {
	return (
		<Nothing title={words.emptyTitle} lead={words.emptyText}>
			{mayAdd && <a class="button main" href={`${PLACE}/add`}><Icon name="plus" />{words.add}</a>}
		</Nothing>
	);
}

function Finding({ shown }: { shown: Shown }) {
	return (
		<Tools>
			<Search label={words.search} shown={shown} />
			<Filter label={words.scope} of="scope" shown={shown}
				options={[["", words.anyScope], ...SCOPES.map((scope) => [scope, words.scopes[scope]] as const)]} />
		</Tools>
	);
}

export function Rules({ onDone }: { onDone: (what: string) => void }) {
	const shown = useView({ search: "", scope: "", of: "" });
	const { search, scope, of } = shown.view;
	const mayChange = useMay()("admin");
	const query = { search, of, after: shown.after, limit: PAGE, ...(scope && { scope: pick(SCOPES, scope) }) };
	const asked = useAsked(JSON.stringify(query), (signal) => ask("get", "/rules", { query, signal }), ["rule", "user", "group"]);
	const [removing, remove] = useState<Rule>();
	const move = useMove(asked.data?.items, () => {
		asked.again();
		onDone(words.moved);
	});
	const rows = (items: readonly Rule[], pager: ComponentChildren) => (
		<>
			{bySubject(items).map((subject) => (
				<SubjectRules key={`${subject.scope} ${subject.of ?? ""}`} subject={subject} shown={shown}
					{...(mayChange && { acts: { remove, ...(search === "" && { move: move.act }) } })} />
			))}
			{pager}
		</>
	);
	return (
		<>
			<Finding shown={shown} />
			{move.refusal && <Problem refusal={move.refusal} />}
			<Paged asked={asked} shown={shown} rows={rows}><Empty mayAdd={mayChange} /></Paged>
			<Steps />
			{removing && (
				<RemoveRule rule={removing} onClose={() => remove(undefined)} onDone={() => {
					remove(undefined);
					asked.again();
					onDone(words.removed);
				}} />
			)}
		</>
	);
}
