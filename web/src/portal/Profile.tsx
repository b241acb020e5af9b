// The second step: the profile comes to the device. The app can fetch it by itself where it believes
// this server's certificate; a file always works.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { type Act, useAct } from "../api/act";
import { ask, type Schemas, urlOf } from "../api/client";
import { type Platform, text } from "../text";
import { Icon } from "../ui/Icon";
import { Button, Command, Problem } from "../ui/parts";
import type { Device } from "./devices";
import { type Handheld, isHandheld, platforms, runs, thisPlatform } from "./platform";

const words = text.setUp;
type NewLink = Schemas["NewLink"];

interface LinkMaker extends Act {
	link: NewLink | undefined;
	make: (then?: (link: NewLink) => void) => void;
}

function useLink(device: Device): LinkMaker {
	const [link, setLink] = useState<NewLink>();
	const doing = useAct();
	const make = (then?: (link: NewLink) => void) => doing.act(async () => {
		const made = await ask("post", "/me/devices/{device}/link", { parts: { device: `#${device.id}` } });
		setLink(made);
		then?.(made);
	});
	return { ...doing, link, make };
}

function Download({ device, main }: { device: Device; main: boolean }) {
	const url = urlOf("/me/devices/{device}/profile", { device: `#${device.id}` });
	return (
		<p>
			<a class={main ? "button main" : "button"} href={url} download><Icon name="download" />{words.download}</a>
		</p>
	);
}

/** What is done with the file, by clicks, where an app takes it. */
function Clicks({ platform, file }: { platform: Platform; file: string }) {
	return (
		<>
			<p>{words.file} <b class="name">{file}</b></p>
			{platform !== "linux" && <ol class="clicks">{words.clicks[platform].map((click) => <li key={click}>{click}</li>)}</ol>}
			{platform !== "linux" && !isHandheld(platform) && <p class="dim">{words.otherwise}</p>}
		</>
	);
}

function InApp({ device, main }: { device: Device; main: boolean }) {
	const { link, make, busy, refusal } = useLink(device);
	// Each works once, and what became of the one before is not known here.
	const open = () => make(({ import_url }) => {
		if (import_url) location.assign(import_url);
	});
	return (
		<>
			{refusal && <Problem refusal={refusal} />}
			<p><Button look={main ? "main" : ""} icon="link" busy={busy} onClick={open}>{words.openConnect}</Button></p>
			<p class="dim" role="status">{link ? words.opened : words.openText}</p>
		</>
	);
}

function ByCamera({ device, isTrusted, main }: { device: Device; isTrusted: boolean; main: boolean }) {
	const { link, make, busy, refusal } = useLink(device);
	return (
		<div class="stack">
			{refusal && <Problem refusal={refusal} />}
			{link?.qr && (
				<div class="qr">
					<img src={`data:image/svg+xml,${encodeURIComponent(link.qr)}`} alt={words.qr} />
					<div><p>{isTrusted ? words.scanned : words.scannedPage}</p></div>
				</div>
			)}
			{link?.url && (
				<div>
					<p class="small">{words.link}</p>
					<Command>{link.url}</Command>
				</div>
			)}
			<div class="actions">
				<Button look={main && !link ? "main" : ""} busy={busy} onClick={() => make()}>
					{link ? words.scanAgain : words.scanDo}
				</Button>
			</div>
		</div>
	);
}

function ByAddress({ device }: { device: Device }) {
	const { link, make, busy, refusal } = useLink(device);
	return (
		<div class="stack">
			<p>{words.linkText}</p>
			{refusal && <Problem refusal={refusal} />}
			{link?.url && <Command>{link.url}</Command>}
			<div class="actions">
				<Button icon="link" busy={busy} onClick={() => make()}>{link ? words.linkAgain : words.linkDo}</Button>
			</div>
		</div>
	);
}

function More({ of, open = false, children }: { of: string; open?: boolean; children: ComponentChildren }) {
	return (
		<details class="more" open={open}>
			<summary>{of}</summary>
			{children}
		</details>
	);
}

interface WayProps {
	device: Device;
	file: string;
	isTrusted: boolean;
}

function OnHandheld({ platform, device, file, isTrusted }: WayProps & { platform: Handheld }) {
	const isHere = thisPlatform() === platform, name = words.handhelds[platform];
	const asFile = (main: boolean) => (
		<>
			<Download device={device} main={main} />
			{!isHere && <p>{words.handOver(name)}</p>}
			<Clicks platform={platform} file={file} />
		</>
	);
	if (isTrusted)
		return (
			<>
				{isHere ? <InApp device={device} main /> : <p>{words.scan(name)}</p>}
				{!isHere && <ByCamera device={device} isTrusted main />}
				<More of={words.otherFile}>{asFile(false)}</More>
			</>
		);
	return (
		<>
			{asFile(true)}
			<p class="small dim">{words.whyFile}</p>
			{!isHere && <More of={words.otherFetch(name)} open><ByCamera device={device} isTrusted={false} main={false} /></More>}
		</>
	);
}

function OnDesk({ platform, device, file, isTrusted }: WayProps & { platform: Platform }) {
	const hasApp = platforms[platform].app !== undefined;
	return (
		<>
			<Download device={device} main />
			<Clicks platform={platform} file={file} />
			{hasApp && !isTrusted && <p class="small dim">{words.whyFile}</p>}
			{hasApp && isTrusted && <More of={words.orApp}><InApp device={device} main={false} /></More>}
			<More of={words.otherDevice}><ByAddress device={device} /></More>
		</>
	);
}

export function ProfileStep(props: WayProps) {
	const platform = runs(props.device);
	return (
		<li>
			<h2>{words.profile}</h2>
			<p>{words.profileText}</p>
			{isHandheld(platform)
				? <OnHandheld platform={platform} {...props} />
				: <OnDesk platform={platform} {...props} />}
		</li>
	);
}
