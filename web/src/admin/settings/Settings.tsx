// What holds for the whole server.
import type { JSX } from "preact";
import { partsOf, usePath } from "../../route";
import { type Level, useMay } from "../../session/me";
import { text } from "../../text";
import { Head, Tabs } from "../../ui/page";
import { OnlyAdministrators } from "../Elsewhere";
import { About } from "./About";
import { Alerts } from "./Alerts";
import { Backup } from "./Backup";
import { Certificates } from "./Certificates";
import { Vpn } from "./Vpn";

const words = text.settings;
const BASE = "/admin/settings";

interface Tab {
	part: string;
	name: string;
	page: () => JSX.Element;
	needs?: Level;
}

const about: Tab = { part: "about", name: words.about.tab, page: About };
const tabs: readonly Tab[] = [
	{ part: "vpn", name: words.vpn.tab, page: Vpn, needs: "admin" },
	{ part: "alerts", name: words.alerts.tab, page: Alerts },
	{ part: "certificates", name: words.certificates.tab, page: Certificates },
	{ part: "backup", name: words.backup.tab, page: Backup, needs: "admin" },
	about,
];

export function Settings() {
	const [, part] = partsOf(usePath(), "/admin");
	const may = useMay();
	const open = tabs.filter(({ needs = "read" }) => may(needs));
	const here = tabs.find((tab) => tab.part === part) ?? open[0] ?? about;
	return (
		<div class="stack">
			<Head title={words.title} />
			<Tabs label={words.title} tabs={open.map((tab) => [`${BASE}/${tab.part}`, tab.name] as const)} here={`${BASE}/${here.part}`} />
			{open.includes(here) ? <here.page key={here.part} /> : <OnlyAdministrators />}
		</div>
	);
}
