// What the pages about people have in common.
import type { ComponentChildren } from "preact";
import { useContext } from "preact/hooks";
import { ask, type Schemas } from "../../api/client";
import { useAsked } from "../../api/asked";
import { Me, useMay } from "../../session/me";
import { text } from "../../text";
import type { Column } from "../../ui/list";
import { Tabs } from "../../ui/page";
import { Time } from "../../ui/parts";

const words = text.people;
export type User = Schemas["User"];
export type Group = Schemas["Group"];

/** Pages of ours: who is called so is found by his number. */
const TAKEN = ["add", "add-group", "groups", "import", "policy"];

export function pathOfUser({ id, name }: Pick<User, "id" | "name">, part = ""): string {
	return `/admin/people/${encodeURIComponent(TAKEN.includes(name) ? `#${id}` : name)}${part && `/${part}`}`;
}

export function pathOfGroup(name: string, part = ""): string {
	return `/admin/people/groups/${encodeURIComponent(name)}${part && `/${part}`}`;
}

export function PeopleTabs({ here }: { here: string }) {
	const tabs = [
		["/admin/people", words.users], ["/admin/people/groups", words.groups], ["/admin/people/policy", words.policy],
	] as const;
	return <Tabs label={words.tabs} tabs={tabs} here={here} />;
}

export function State({ user }: { user: User }) {
	const { look, name } = stateOf(user);
	return <span class={`chip ${look}`}>{name}</span>;
}

function stateOf(user: User): { look: string; name: string } {
	if (!user.enabled) return { look: "bad", name: words.states.disabled };
	if (user.expires && Date.parse(user.expires) < Date.now()) return { look: "bad", name: words.states.expired };
	if (!user.has_password) return { look: "", name: words.states.invited };
	return { look: "good", name: words.states.active };
}

function Person({ user }: { user: User }) {
	return (
		<div class="person">
			<span class="avatar" aria-hidden="true">{user.name.charAt(0)}</span>
			<div>
				<a class="name" href={pathOfUser(user)}>{user.name}</a>
				{(user.full_name ?? user.email) && <div class="dim small name">{user.full_name ?? user.email}</div>}
			</div>
		</div>
	);
}

export const personColumn: Column<User> = { name: words.name, sort: "name", cell: (user) => <Person user={user} /> };
export const stateColumns: readonly Column<User>[] = [
	{ name: words.devices, class: "number", cell: (user) => user.devices },
	{ name: words.seen, sort: "last_seen", lastFirst: true, cell: (user) => <Time of={user.last_seen} /> },
	{ name: words.state, cell: (user) => <State user={user} /> },
];

/** Whether one may change him: operators see to plain users alone. */
export function useManages(): (user: User) => boolean {
	const me = useContext(Me), may = useMay();
	return (user) => may("admin") || (may("operate") && user.role === "user" && me !== null);
}

/** The names of all groups, to choose from; of very many, the first thousand. */
export function useGroupNames(): readonly string[] {
	const { data } = useAsked("groups", (signal) => ask("get", "/groups", { query: { limit: 1000 }, signal }), ["group"]);
	return data?.items.map((group) => group.name) ?? [];
}

/** What is said of one thing. */
export function Facts({ of }: { of: readonly (readonly [string, ComponentChildren])[] }) {
	return (
		<dl class="facts-of">
			{of.map(([name, value]) => (
				<div key={name}>
					<dt>{name}</dt>
					<dd class="name">{value ?? <span class="dim">{words.none}</span>}</dd>
				</div>
			))}
		</dl>
	);
}

export function BackTo({ href, children }: { href: string; children: ComponentChildren }) {
	return <p class="back small"><a class="name" href={href}>{children}</a></p>;
}
