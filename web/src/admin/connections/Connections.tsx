// Who is connected, by what, and who was not let in.
import { useEffect, useState } from "preact/hooks";
import { partsOf, usePath } from "../../route";
import { text } from "../../text";
import { Head, Tabs } from "../../ui/page";
import { Notice } from "../../ui/parts";
import { Refused } from "./Refused";
import { Relayed } from "./Relayed";
import { Tunnel } from "./Tunnel";
import { Tunnels } from "./Tunnels";

const words = text.connections;
const BASE = "/admin/connections";

/** `done` says what was done on the page. */
export interface PartProps {
	done: (what: string) => void;
}

const parts = [
	{ path: BASE, name: words.vpn, Part: Tunnels },
	{ path: `${BASE}/relayed`, name: words.relayed, Part: Relayed },
	{ path: `${BASE}/refused`, name: words.refused, Part: Refused },
] as const;

export function Connections() {
	const url = usePath();
	const [, part = ""] = partsOf(url, "/admin");
	const [said, say] = useState("");
	const here = parts.find(({ path }) => path === `${BASE}/${part}`) ?? parts[0];
	useEffect(() => say(""), [here]);
	if (/^\d+$/.test(part)) return <Tunnel key={part} id={part} />;
	return (
		<div class="stack">
			<Head title={words.title} lead={words.lead} />
			<Tabs label={words.title} tabs={parts.map(({ path, name }) => [path, name] as const)} here={here.path} />
			{said && <Notice kind="good">{said}</Notice>}
			<here.Part key={here.path} done={say} />
		</div>
	);
}
