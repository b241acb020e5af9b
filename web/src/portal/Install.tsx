// The first step: the program that connects.
import type { Schemas } from "../api/client";
import { type Platform, text } from "../text";
import { Icon } from "../ui/Icon";
import { Command } from "../ui/parts";
import { isHandheld, thisPlatform } from "./platform";

const words = text.setUp;

/** Linux has its own, from the package manager. */
export type LinuxWay = keyof typeof words.linux.ways;
const packages: Record<LinuxWay, { debian: string; fedora: string }> = {
	desktop: {
		debian: "sudo apt install network-manager-openvpn-gnome",
		fedora: "sudo dnf install NetworkManager-openvpn-gnome",
	},
	terminal: { debian: "sudo apt install openvpn", fedora: "sudo dnf install openvpn" },
};
const ways = Object.keys(packages) as LinuxWay[];

type Software = Schemas["Software"];

function Get({ app }: { app: string }) {
	return (
		<p>
			<a class="button" href={app} target="_blank" rel="noreferrer">
				{words.get}
				<span class="hidden"> {words.newTab}</span>
			</a>
		</p>
	);
}

/** Whether the file is the one that was meant. */
function Checksum({ of: { name, platform, sha256 } }: { of: Software }) {
	if (!sha256) return null;
	const command = words.checksumBy[platform];
	return (
		<details class="more">
			<summary>{words.checksum}</summary>
			<div class="stack">
				<p>{words.checksumText}</p>
				<Command>{sha256}</Command>
				{command && <Command>{`${command[0]}${name ?? ""}${command[1]}`}</Command>}
			</div>
		</details>
	);
}

/** What whoever administers the server has chosen for it. */
function Chosen({ items }: { items: readonly Software[] }) {
	return (
		<>
			{items.map((one) => (
				<div class="stack" key={one.url}>
					<p>
						<a class="button" href={one.url ?? ""} rel="noreferrer" target="_blank">
							<Icon name="download" />
							<span class="name">{words.getFile(one.name ?? "")}</span>
							<span class="hidden"> {words.newTab}</span>
						</a>
					</p>
					<Checksum of={one} />
				</div>
			))}
		</>
	);
}

interface AppProps {
	platform: Platform;
	/** Where its maker offers the usual app. */
	app: string;
	software: readonly Software[];
}

export function InstallApp({ platform, app, software }: AppProps) {
	const elsewhere = isHandheld(platform) && thisPlatform() !== platform;
	if (software.length > 0)
		return (
			<li>
				<h2>{words.install}</h2>
				<p>{words.chosen(text.platforms[platform])}</p>
				<Chosen items={software} />
			</li>
		);
	return (
		<li>
			<h2>{words.install}</h2>
			{elsewhere
				? <p>{words.installThere(words.handhelds[platform], words.stores[platform])}</p>
				: <p>{words.installOn(text.platforms[platform])}</p>}
			<Get app={app} />
			<p class="dim">{words.first}</p>
		</li>
	);
}

interface LinuxProps {
	way: LinuxWay;
	onWay: (way: LinuxWay) => void;
	software: readonly Software[];
}

export function InstallLinux({ way, onWay, software }: LinuxProps) {
	return (
		<li>
			<h2>{words.install}</h2>
			<fieldset class="field">
				<legend>{words.linux.way}</legend>
				<div class="platforms">
					{ways.map((one) => (
						<label key={one}>
							<input type="radio" name="way" checked={one === way} onChange={() => onWay(one)} />
							{words.linux.ways[one]}
						</label>
					))}
				</div>
			</fieldset>
			<p>{words.linux[way]}</p>
			<p class="small dim">{words.linux.debian}</p>
			<Command>{packages[way].debian}</Command>
			<p class="small dim">{words.linux.fedora}</p>
			<Command>{packages[way].fedora}</Command>
			{software.length > 0 && <p>{words.chosenToo}</p>}
			<Chosen items={software} />
		</li>
	);
}
