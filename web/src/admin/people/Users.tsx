import { ask } from "../../api/client";
import { useAsked } from "../../api/asked";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { Icon } from "../../ui/Icon";
import type { Option } from "../../ui/form";
import { type Column, Filter, List, Nothing, orderOf, PAGE, pick, Search, type Shown, Tools, useView } from "../../ui/list";
import { Head } from "../../ui/page";
import { Said, useSaid } from "../../ui/said";
import { PeopleTabs, personColumn, stateColumns, useGroupNames, type User } from "./parts";

const words = text.people;
export const SORTS = ["name", "created", "last_seen"] as const;
const ROLES = ["user", "operator", "admin"] as const;

const columns: readonly Column<User>[] = [
	personColumn,
	{ name: words.role, cell: (user) => text.account.roles[user.role] },
	{ name: words.group, class: "name group", cell: (user) => user.group ?? <span class="dim">{words.none}</span> },
	...stateColumns,
];

function Add() {
	if (!useMay()("operate")) return null;
	return (
		<>
			<a class="button" href="/admin/people/import"><Icon name="upload" />{words.import}</a>
			<a class="button main" href="/admin/people/add"><Icon name="plus" />{words.add}</a>
		</>
	);
}

function Filters({ shown }: { shown: Shown }) {
	const names = useGroupNames();
	const here = shown.view["group"] ?? "";
	const groups = here === "" || names.includes(here) ? names : [here, ...names];
	const roles: Option[] = [["", words.anyRole], ...ROLES.map((one) => [one, text.account.roles[one]] as const)];
	return (
		<Tools>
			<Search label={words.search} shown={shown} />
			<Filter label={words.role} of="role" shown={shown} options={roles} />
			{groups.length > 0 && (
				<Filter label={words.group} of="group" shown={shown}
					options={[["", words.anyGroup], ...groups.map((name) => [name, name] as const)]} />
			)}
		</Tools>
	);
}

export function Users() {
	const [said] = useSaid();
	const shown = useView({ search: "", role: "", group: "", sort: "name", descending: "" });
	const { search, role, group } = shown.view;
	const query = {
		search, group, after: shown.after, limit: PAGE, ...orderOf(SORTS, shown.view),
		...(role && { role: pick(ROLES, role) }),
	};
	const asked = useAsked(JSON.stringify(query), (signal) => ask("get", "/users", { query, signal }), ["user", "device", "group"]);
	return (
		<div class="stack">
			<Head title={words.title} lead={words.lead}><Add /></Head>
			<PeopleTabs here="/admin/people" />
			<Said what={said} />
			<Filters shown={shown} />
			<List asked={asked} columns={columns} keyOf={(user) => user.id} shown={shown}>
				<Nothing title={words.emptyTitle} lead={words.emptyText} />
			</List>
		</div>
	);
}
