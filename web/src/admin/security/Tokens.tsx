// What programs come in with, in the name of a person.
import { useState } from "preact/hooks";
import { useAsked } from "../../api/asked";
import { ask, type Schemas } from "../../api/client";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { Confirm } from "../../ui/confirm";
import { type Column, List, Nothing, orderOf, PAGE, Search, Tools, useView } from "../../ui/list";
import { Button, Notice, Time } from "../../ui/parts";
import { NewToken, ShownOnce } from "./NewToken";

const words = text.guard.tokens;
const SORTS = ["created", "name", "user", "scope", "expires", "last_used"] as const;
type Token = Schemas["Token"];

function End({ token }: { token: Token }) {
	if (!token.expires) return <span class="chip warn">{words.ever}</span>;
	if (Date.parse(token.expires) < Date.now()) return <span class="chip bad">{words.expired}</span>;
	return <Time of={token.expires} />;
}

function columnsFor(onRevoke: ((token: Token) => void) | undefined): Column<Token>[] {
	const facts: Column<Token>[] = [
		{
			name: words.name, sort: "name",
			cell: (token) => <><b class="name">{token.name}</b><div class="dim small"><code>{token.hint}…</code></div></>,
		},
		{ name: words.owner, class: "name", sort: "user", cell: (token) => token.user ?? <span class="dim">{words.machine}</span> },
		{ name: words.scope, sort: "scope", cell: (token) => words.scopes[token.scope] },
		{ name: words.created, sort: "created", lastFirst: true, cell: (token) => <Time of={token.created} /> },
		{ name: words.expires, sort: "expires", cell: (token) => <End token={token} /> },
		{ name: words.used, sort: "last_used", lastFirst: true, cell: (token) => <Time of={token.last_used} /> },
	];
	if (!onRevoke) return facts;
	return [...facts, {
		name: words.revoke, silent: true, class: "does",
		cell: (token) => (
			<Button look="quiet danger" label={words.revokeOf(token.name)} onClick={() => onRevoke(token)}>{words.revoke}</Button>
		),
	}];
}

export function Tokens() {
	const [makes, make] = useState(false);
	const [made, setMade] = useState<Schemas["NewToken"]>();
	const [revokes, revoke] = useState<Token>();
	const [done, setDone] = useState<string>();
	const may = useMay()("operate");
	const shown = useView({ search: "", sort: "created", descending: "true" });
	const query = { search: shown.view.search, after: shown.after, limit: PAGE, ...orderOf(SORTS, shown.view) };
	const asked = useAsked(JSON.stringify(query), (signal) => ask("get", "/tokens", { query, signal }), ["token"]);
	const finish = () => {
		setDone(words.revoked(revokes?.name ?? ""));
		revoke(undefined);
		asked.again();
	};
	const button = <Button look="main" icon="key" onClick={() => make(true)}>{words.add}</Button>;
	return (
		<>
			<div class="head">
				<Tools><Search label={words.search} shown={shown} /></Tools>
				{may && button}
			</div>
			{done && <Notice kind="good">{done}</Notice>}
			{made && <ShownOnce made={made} onKept={() => setMade(undefined)} />}
			<List asked={asked} columns={columnsFor(may ? revoke : undefined)} keyOf={(token) => token.id} shown={shown}>
				<Nothing title={words.emptyTitle} lead={words.emptyText}>{may && button}</Nothing>
			</List>
			{makes && (
				<NewToken onClose={() => make(false)} onDone={(fresh) => {
					make(false);
					setDone(undefined);
					setMade(fresh);
					asked.again();
				}} />
			)}
			{revokes && (
				<Confirm title={words.revokeTitle(revokes.name)} verb={words.revokeDo} onDone={finish} onClose={() => revoke(undefined)}
					act={() => ask("delete", "/tokens/{id}", { parts: { id: String(revokes.id) } })}>
					<p>{words.revokeText}</p>
				</Confirm>
			)}
		</>
	);
}
