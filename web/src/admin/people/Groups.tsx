import { ask } from "../../api/client";
import { useAsked } from "../../api/asked";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { Icon } from "../../ui/Icon";
import { type Column, List, Nothing, orderOf, PAGE, Search, Tools, useView } from "../../ui/list";
import { Head } from "../../ui/page";
import { Time } from "../../ui/parts";
import { Said, useSaid } from "../../ui/said";
import { type Group, pathOfGroup, PeopleTabs } from "./parts";

const words = text.groups;
const SORTS = ["name", "members", "created"] as const;

const columns: readonly Column<Group>[] = [
	{ name: words.name, sort: "name", cell: (group) => (
		<>
			<a class="name" href={pathOfGroup(group.name)}>{group.name}</a>
			{group.comment && <div class="dim small name">{group.comment}</div>}
		</>
	) },
	{ name: words.members, class: "number", sort: "members", lastFirst: true, cell: (group) => group.members.toLocaleString() },
	{ name: words.created, sort: "created", lastFirst: true, cell: (group) => <Time of={group.created} /> },
];

export function Groups() {
	const shown = useView({ search: "", sort: "name", descending: "" });
	const query = { search: shown.view.search, after: shown.after, limit: PAGE, ...orderOf(SORTS, shown.view) };
	const asked = useAsked(JSON.stringify(query), (signal) => ask("get", "/groups", { query, signal }), ["group", "user"]);
	const [said] = useSaid();
	const add = useMay()("admin") && (
		<a class="button main" href="/admin/people/add-group"><Icon name="plus" />{words.add}</a>
	);
	return (
		<div class="stack">
			<Head title={words.title} lead={words.lead}>{add}</Head>
			<PeopleTabs here="/admin/people/groups" />
			<Said what={said} />
			<Tools><Search label={words.search} shown={shown} /></Tools>
			<List asked={asked} columns={columns} keyOf={(group) => group.id} shown={shown}>
				<Nothing title={words.emptyTitle} lead={words.emptyText} />
			</List>
		</div>
	);
}
