// The third step: what is pressed, and asked for, until it is connected.
import type { Schemas } from "../api/client";
import { type Platform, text } from "../text";
import { ago } from "../time";
import { Icon } from "../ui/Icon";
import { Command, Notice } from "../ui/parts";
import type { Device, One } from "./devices";
import { fileName } from "./fileName";
import type { LinuxWay } from "./Install";
import { isHandheld } from "./platform";

const words = text.setUp;

interface ConnectProps {
	device: Device;
	user: Schemas["User"];
}

/** What one is asked for, by whatever connects. */
function Asked({ device, user }: ConnectProps) {
	if (device.kind !== "locked") return <p>{words.noPassword}</p>;
	return <p>{words.password}{user.has_totp && ` ${words.code}`}</p>;
}

function Desktop({ device, user }: ConnectProps) {
	const file = fileName(user.name, device.name), connection = file.replace(/\.ovpn$/, "");
	const [begin, pick, ...rest] = words.linux.clicks;
	const commands = [
		`nmcli connection import type openvpn file ${file}`,
		...(device.kind === "locked" ? [`nmcli connection modify ${connection} +vpn.data username=${user.name}`] : []),
		`nmcli connection up ${connection} --ask`,
	];
	return (
		<>
			<ol class="clicks">
				<li>{begin}</li>
				<li>{pick}{device.kind === "locked" && <span class="name"> {words.linux.userName(user.name)}</span>}</li>
				{rest.map((click) => <li key={click}>{click}</li>)}
			</ol>
			<Asked device={device} user={user} />
			<details class="more">
				<summary>{words.linux.commands}</summary>
				<Command>{commands.join("\n")}</Command>
			</details>
		</>
	);
}

function Terminal({ device, user }: ConnectProps) {
	return (
		<>
			<p>{words.linux.run}</p>
			<Command>{`sudo openvpn --config ${fileName(user.name, device.name)}`}</Command>
			{device.kind === "locked" && <p class="name">{words.userName(user.name)}</p>}
			<Asked device={device} user={user} />
		</>
	);
}

export function ConnectLinux({ way, ...props }: ConnectProps & { way: LinuxWay }) {
	return (
		<li>
			<h2>{words.connect}</h2>
			{way === "desktop" ? <Desktop {...props} /> : <Terminal {...props} />}
		</li>
	);
}

export function ConnectApp({ platform, device, user }: ConnectProps & { platform: Platform }) {
	return (
		<li>
			<h2>{words.connect}</h2>
			<ol class="clicks">
				{device.kind === "locked" && <li class="name">{words.userName(user.name)}</li>}
				<li>{words.press}</li>
				{isHandheld(platform) && <li>{words.permits[platform]}</li>}
			</ol>
			<Asked device={device} user={user} />
		</li>
	);
}

/** Nobody has to guess whether it worked. */
export function Connection({ device, tunnel }: One) {
	if (tunnel)
		return (
			<Notice kind="good">
				<b>{words.stateUp}</b>
				{tunnel.inside[0] && <p>{words.stateUpText(tunnel.inside[0])}</p>}
			</Notice>
		);
	return (
		<div class="notice" role="status">
			{device.last_seen ? <Icon name="laptop" /> : <span class="spin" />}
			<div>
				<p>{device.last_seen ? words.stateSeen(ago(device.last_seen)) : words.stateWaiting}</p>
				<details class="more">
					<summary>{words.trouble}</summary>
					<ul class="bullets">{words.troubles.map((one) => <li key={one}>{one}</li>)}</ul>
				</details>
			</div>
		</div>
	);
}
