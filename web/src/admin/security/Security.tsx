// Who is kept out, who gets in, and what they got in with.
import type { JSX } from "preact";
import { partsOf, usePath } from "../../route";
import { type Level, useMay } from "../../session/me";
import { text } from "../../text";
import { Head, Tabs } from "../../ui/page";
import { OnlyAdministrators } from "../Elsewhere";
import { AllowList } from "./AllowList";
import { Bans } from "./Bans";
import { LockOuts } from "./LockOuts";
import { Sessions } from "./Sessions";
import { Tokens } from "./Tokens";

const words = text.guard;
const BASE = "/admin/security";

interface Tab {
	path: string;
	name: string;
	page: () => JSX.Element;
	needs?: Level;
}

const bans: Tab = { path: BASE, name: words.bans.tab, page: Bans };
const tabs: readonly Tab[] = [
	bans,
	{ path: `${BASE}/lock-outs`, name: words.lockOuts.tab, page: LockOuts },
	{ path: `${BASE}/allow`, name: words.allow.tab, page: AllowList, needs: "admin" },
	{ path: `${BASE}/sessions`, name: words.sessions.tab, page: Sessions },
	{ path: `${BASE}/tokens`, name: words.tokens.tab, page: Tokens },
];

export function Security() {
	const [, part] = partsOf(usePath(), "/admin");
	const may = useMay();
	const open = tabs.filter(({ needs = "read" }) => may(needs));
	const here = tabs.find(({ path }) => path === `${BASE}/${part ?? ""}`) ?? bans;
	return (
		<div class="stack">
			<Head title={words.title} lead={words.lead} />
			<Tabs label={words.title} tabs={open.map(({ path, name }) => [path, name] as const)} here={here.path} />
			{open.includes(here) ? <here.page key={here.path} /> : <OnlyAdministrators />}
		</div>
	);
}
