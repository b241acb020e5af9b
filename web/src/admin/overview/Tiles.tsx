import { text } from "../../text";
import { perSecond } from "../../units";
import { type Hour, newest } from "../history";
import type { Status } from "../status";

const words = text.overview;

interface TileProps {
	name: string;
	value: string | number;
	note: string;
	/** The page that says more of it. */
	href?: string;
}

function Tile({ name, value, note, href }: TileProps) {
	return (
		<dl class="tile card">
			<dt>{href ? <a href={href}>{name}</a> : name}</dt>
			<dd class="value">{value.toLocaleString()}</dd>
			<dd class="note">{note}</dd>
		</dl>
	);
}

/** The newest value of the first line of that chart. */
function now(hour: Hour | undefined, title: string): string {
	const [values] = hour?.drawn.find(({ kind }) => kind.title === title)?.values ?? [];
	const value = values && newest(values);
	return value === undefined ? "–" : perSecond(value);
}

export function Tiles({ status: { server, people }, hour }: { status: Status; hour: Hour | undefined }) {
	const staff = people.operators + people.administrators;
	return (
		<div class="tiles">
			{server.vpn
				? <Tile name={words.tunnels} href="/admin/connections" value={people.tunnels} note={words.devices(people.devices)} />
				: <Tile name={words.tunnels} value="–" note={words.tunnelsOff} />}
			<Tile name={words.connections} href="/admin/connections/relayed" value={server.connections.open}
				note={words.relayed(server.connections.relayed)} />
			<Tile name={words.charts.requests} value={now(hour, words.charts.requests)} note={words.requestsNote(server.requests.total)} />
			<Tile name={words.charts.handshakes} value={now(hour, words.charts.handshakes)} note={words.failed(server.tls.failed)} />
			<Tile name={words.people} href="/admin/people" value={people.users + staff} note={words.staff(staff)} />
			<Tile name={words.bans} href="/admin/security" value={people.bans} note={words.sessions(people.sessions)} />
		</div>
	);
}
