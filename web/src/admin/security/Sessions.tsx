// Everybody who is signed in with a browser.
import { useState } from "preact/hooks";
import { useAsked } from "../../api/asked";
import { ask, type Schemas } from "../../api/client";
import { agentName } from "../../portal/platform";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { Confirm } from "../../ui/confirm";
import { type Column, List, Nothing, orderOf, PAGE, Search, Tools, useView } from "../../ui/list";
import { Button, Notice, Time } from "../../ui/parts";

const words = text.guard.sessions;
const SORTS = ["created", "user", "address", "seen"] as const;
type Session = Schemas["Session"];

function columnsFor(onEnd: ((session: Session) => void) | undefined): Column<Session>[] {
	const facts: Column<Session>[] = [
		{ name: words.user, sort: "user", cell: (session) => <b class="name">{session.user}</b> },
		{
			name: words.browser, class: "name",
			cell: (session) => (
				<>
					<span title={session.agent ?? undefined}>{agentName(session.agent)}</span>{" "}
					{session.current && <span class="chip good">{text.sessions.current}</span>}
				</>
			),
		},
		{ name: words.address, class: "number name", sort: "address", cell: (session) => session.address },
		{ name: words.since, sort: "created", lastFirst: true, cell: (session) => <Time of={session.created} /> },
		{ name: words.seen, sort: "seen", lastFirst: true, cell: (session) => <Time of={session.seen} /> },
	];
	if (!onEnd) return facts;
	return [...facts, {
		name: words.end, silent: true, class: "does",
		cell: (session) => !session.current && (
			<Button look="quiet danger" label={words.endOf(session.user ?? "", session.address ?? "")}
				onClick={() => onEnd(session)}>{words.end}</Button>
		),
	}];
}

export function Sessions() {
	const [ends, end] = useState<Session>();
	const [done, setDone] = useState<string>();
	const may = useMay()("operate");
	const shown = useView({ search: "", sort: "created", descending: "true" });
	const query = { search: shown.view.search, after: shown.after, limit: PAGE, ...orderOf(SORTS, shown.view) };
	const asked = useAsked(JSON.stringify(query), (signal) => ask("get", "/sessions", { query, signal }), ["session"]);
	const finish = () => {
		setDone(words.endDone(ends?.user ?? ""));
		end(undefined);
		asked.again();
	};
	return (
		<>
			<Tools><Search label={words.search} shown={shown} /></Tools>
			{done && <Notice kind="good">{done}</Notice>}
			<List asked={asked} columns={columnsFor(may ? end : undefined)} keyOf={(session) => session.id} shown={shown}>
				<Nothing title={words.emptyTitle} lead={words.emptyText} />
			</List>
			{ends && (
				<Confirm title={words.endTitle(ends.user ?? "")} verb={words.endDo} onDone={finish} onClose={() => end(undefined)}
					act={() => ask("delete", "/sessions/{id}", { parts: { id: String(ends.id) } })}>
					<p>{words.endText(agentName(ends.agent), ends.address ?? "")}</p>
				</Confirm>
			)}
		</>
	);
}
