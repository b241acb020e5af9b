import { useState } from "preact/hooks";
import { ask, type Schemas } from "../../api/client";
import { useAsked } from "../../api/asked";
import { text } from "../../text";
import { exactly } from "../../time";
import { Confirm } from "../../ui/confirm";
import { type Column, List, Nothing, orderOf, PAGE, useView } from "../../ui/list";
import { Button, Time } from "../../ui/parts";
import { useManages, type User } from "./parts";

const words = text.personLinks;
const SORTS = ["created", "kind", "made_by", "expires"] as const;
type Link = Schemas["Link"];

function isGood(link: Link): boolean {
	return link.uses_left > 0 && (!link.expires || Date.parse(link.expires) > Date.now());
}

function State({ link }: { link: Link }) {
	if (link.uses_left === 0) return <span class="chip">{words.spent}</span>;
	if (!isGood(link)) return <span class="chip">{words.over}</span>;
	return <span class="chip good">{link.used ? words.half : words.open}</span>;
}

const columns: readonly Column<Link>[] = [
	{ name: words.kind, sort: "kind", cell: (link) => (
		<><b>{words.kinds[link.kind]}</b> {link.device && <span class="dim name">{words.of(link.device)}</span>}</>
	) },
	{ name: words.state, cell: (link) => <State link={link} /> },
	{ name: words.by, class: "name", sort: "made_by", cell: (link) => link.made_by ?? text.people.none },
	{ name: words.created, sort: "created", lastFirst: true, cell: (link) => <Time of={link.created} /> },
	{ name: words.expires, sort: "expires", cell: (link) => (link.expires ? exactly(link.expires) : text.people.none) },
];

export function UserLinks({ user, onDone }: { user: User; onDone: (what: string) => void }) {
	const shown = useView({ sort: "created", descending: "true" });
	const query = { user: user.name, after: shown.after, limit: PAGE, ...orderOf(SORTS, shown.view) };
	const asked = useAsked(JSON.stringify(query), (signal) => ask("get", "/links", { query, signal }), ["link", "user", "device"]);
	const [ending, end] = useState<Link>();
	const manages = useManages()(user);
	const acts: Column<Link> = { name: words.acts, silent: true, class: "row-acts", cell: (link) => isGood(link) && (
		<Button look="quiet danger" label={words.revokeOf(words.kinds[link.kind])} onClick={() => end(link)}>{words.revoke}</Button>
	) };
	return (
		<div class="stack">
			<List asked={asked} columns={manages ? [...columns, acts] : columns} keyOf={(link) => link.id} shown={shown}>
				<Nothing title={words.emptyTitle} lead={words.emptyText} />
			</List>
			{ending && (
				<Confirm title={words.revokeTitle} verb={words.revoke} onClose={() => end(undefined)}
					act={() => ask("delete", "/links/{id}", { parts: { id: String(ending.id) } })}
					onDone={() => {
						end(undefined);
						asked.again();
						onDone(words.revoked);
					}}>
					<p>{words.revokeText}</p>
				</Confirm>
			)}
		</div>
	);
}
