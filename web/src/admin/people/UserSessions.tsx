import { useState } from "preact/hooks";
import { ask, type Schemas } from "../../api/client";
import { useAsked } from "../../api/asked";
import { agentName } from "../../portal/platform";
import { text } from "../../text";
import { Confirm } from "../../ui/confirm";
import { type Column, List, Nothing, orderOf, PAGE, useView } from "../../ui/list";
import { Button, Time } from "../../ui/parts";
import { useManages, type User } from "./parts";

const words = text.personSessions;
const SORTS = ["created", "address", "seen"] as const;
type Session = Schemas["Session"];

function Name({ session }: { session: Session }) {
	return (
		<div class="titled">
			<b class="name">{agentName(session.agent)}</b>
			{session.current && <span class="chip good">{words.current}</span>}
		</div>
	);
}

const columns: readonly Column<Session>[] = [
	{ name: words.browser, cell: (session) => <Name session={session} /> },
	{ name: words.address, class: "number name", sort: "address", cell: (session) => session.address ?? text.people.none },
	{ name: words.since, sort: "created", lastFirst: true, cell: (session) => <Time of={session.created} /> },
	{ name: words.seen, sort: "seen", lastFirst: true, cell: (session) => <Time of={session.seen} /> },
];

export function UserSessions({ user, onDone }: { user: User; onDone: (what: string) => void }) {
	const shown = useView({ sort: "created", descending: "true" });
	const query = { user: user.name, after: shown.after, limit: PAGE, ...orderOf(SORTS, shown.view) };
	const asked = useAsked(JSON.stringify(query), (signal) => ask("get", "/sessions", { query, signal }), ["session", "user"]);
	const [ending, end] = useState<Session>();
	const acts: Column<Session> = { name: words.acts, silent: true, class: "row-acts", cell: (session) => !session.current && (
		<Button look="quiet danger" label={words.endOf(agentName(session.agent))} onClick={() => end(session)}>{words.end}</Button>
	) };
	const manages = useManages()(user);
	return (
		<div class="stack">
			<List asked={asked} columns={manages ? [...columns, acts] : columns} keyOf={(session) => session.id} shown={shown}>
				<Nothing title={words.emptyTitle} lead={words.emptyText} />
			</List>
			{ending && (
				<Confirm title={words.endTitle} verb={words.end} onClose={() => end(undefined)}
					act={() => ask("delete", "/sessions/{id}", { parts: { id: String(ending.id) } })}
					onDone={() => {
						end(undefined);
						asked.again();
						onDone(words.ended);
					}}>
					<p>{words.endText}</p>
				</Confirm>
			)}
		</div>
	);
}
