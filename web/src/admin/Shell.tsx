// What all pages of the console have around them. The first comes with it, each other when it is gone to.
import type { JSX } from "preact";
import type { Schemas } from "../api/client";
import { useLiveState } from "../api/live";
import { lazily } from "../lazy";
import { partsOf, usePath } from "../route";
import { AccountMenu } from "../session/AccountMenu";
import { type Level, useMay } from "../session/me";
import { useSession } from "../session/session";
import { text } from "../text";
import { exactly } from "../time";
import { Icon, type IconName } from "../ui/Icon";
import { useMenu } from "../ui/menu";
import { Brand, Button, Notice } from "../ui/parts";
import { ForAdministrators, NoSuchPage } from "./Elsewhere";
import { Overview } from "./overview/Overview";

interface Room {
	path: string;
	page: () => JSX.Element;
	/** What one must be allowed to see anything there. */
	needs?: Level;
}

interface Place extends Room {
	icon: IconName;
	name: string;
}

const places: readonly Place[] = [
	{ path: "", icon: "gauge", name: text.nav.overview, page: Overview },
	{ path: "connections", icon: "pulse", name: text.nav.connections, page: lazily(() => import("./connections/Connections").then((it) => it.Connections)) },
	{ path: "people", icon: "people", name: text.nav.people, page: lazily(() => import("./People").then((it) => it.People)) },
	{ path: "access", icon: "branches", name: text.nav.access, page: lazily(() => import("./access/Access").then((it) => it.Access)) },
	{ path: "sites", icon: "globe", name: text.nav.sites, needs: "admin", page: lazily(() => import("./Sites").then((it) => it.Sites)) },
	{ path: "configuration", icon: "code", name: text.nav.configuration, needs: "admin", page: lazily(() => import("./Configuration").then((it) => it.Configuration)) },
	{ path: "security", icon: "shield", name: text.nav.security, page: lazily(() => import("./security/Security").then((it) => it.Security)) },
	{ path: "audit", icon: "audit", name: text.nav.audit, page: lazily(() => import("./audit/Audit").then((it) => it.Audit)) },
	{ path: "settings", icon: "gear", name: text.nav.settings, page: lazily(() => import("./settings/Settings").then((it) => it.Settings)) },
];

/** What only links lead to. */
const rooms: readonly Room[] = [
	{ path: "come-back", page: lazily(() => import("./ComeBack").then((it) => it.ComeBack)) },
];

/** What an address shows to who may so much. */
function roomOf(path: string, may: (level: Level) => boolean): Room {
	const room = [...places, ...rooms].find((one) => one.path === path);
	if (!room) return { path, page: NoSuchPage };
	return may(room.needs ?? "read") ? room : { path, page: ForAdministrators };
}

/** Who came by the set-up link is not shut out by surprise. */
function Until() {
	const session = useSession();
	const until = session.kind === "somebody" ? session.consoleUntil : null;
	if (!until) return null;
	return (
		<Notice kind="warn">
			<p>{text.comeBack.until(exactly(until))}</p>
			<p><a href="/admin/come-back">{text.comeBack.choose}</a></p>
		</Notice>
	);
}

function Live() {
	const state = useLiveState();
	const look = { connecting: "", live: "good", reconnecting: "warn" }[state];
	return (
		<span class={`chip ${look}`} role="status" title={text.live.hint[state]}>{text.live[state]}</span>
	);
}

/** Where there is little room, it is in a menu. */
function Navigation({ of, here }: { of: readonly Place[]; here: Room }) {
	const { box, open, turn } = useMenu<HTMLElement>();
	return (
		<nav aria-label={text.nav.label} class={open ? "open" : ""} ref={box}>
			<Button look="quiet" icon="menu" expanded={open} onClick={turn}>{text.nav.menu}</Button>
			<ul>
				{of.map((place) => (
					<li key={place.path}>
						<a href={`/admin${place.path && `/${place.path}`}`} aria-current={place === here ? "page" : undefined}>
							<Icon name={place.icon} />
							{place.name}
						</a>
					</li>
				))}
			</ul>
		</nav>
	);
}

export function Shell({ user }: { user: Schemas["User"] }) {
	const [path = ""] = partsOf(usePath(), "/admin");
	const may = useMay();
	const open = places.filter(({ needs = "read" }) => may(needs));
	const here = roomOf(path, may);
	return (
		<div class="shell">
			<a class="skip" href="#content">{text.skip}</a>
			<header class="side">
				<Brand href="/admin" />
				<Navigation of={open} here={here} />
				<div class="foot">
					<Live />
					<AccountMenu user={user} at="console" />
				</div>
			</header>
			<main class="inside stack" id="content">
				<Until />
				<here.page key={here.path} />
			</main>
		</div>
	);
}
