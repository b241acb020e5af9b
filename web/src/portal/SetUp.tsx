// From a device in the list to one that is connected: nobody should have to ask how.
import { useState } from "preact/hooks";
import { useAsked } from "../api/asked";
import { ask, type Schemas } from "../api/client";
import { usePageTitle } from "../route";
import { text } from "../text";
import { Notice, Problem, Waiting } from "../ui/parts";
import { ConnectApp, Connection, ConnectLinux } from "./Connect";
import { type Device, type One, useDevice } from "./devices";
import { fileName } from "./fileName";
import { InstallApp, InstallLinux, type LinuxWay } from "./Install";
import { Expiry, Manage } from "./Manage";
import { platforms, runs } from "./platform";
import { ProfileStep } from "./Profile";

const words = text.setUp;

interface PageProps {
	user: Schemas["User"];
	server: Schemas["ServerForPeople"];
}

interface ThereProps extends PageProps {
	one: One;
	software: readonly Schemas["Software"][];
	/** What was just done, in a sentence. */
	done: string | undefined;
	onDone: (what: string) => void;
}

function Steps({ device, software, user, server }: PageProps & Pick<ThereProps, "software"> & { device: Device }) {
	const [way, setWay] = useState<LinuxWay>("desktop");
	const platform = runs(device);
	const { app } = platforms[platform];
	const own = software.filter((one) => one.platform === platform);
	return (
		<ol class="steps card padded">
			{app === undefined
				? <InstallLinux way={way} onWay={setWay} software={own} />
				: <InstallApp platform={platform} app={app} software={own} />}
			<ProfileStep device={device} file={fileName(user.name, device.name)} isTrusted={server.certificate_trusted} />
			{app === undefined
				? <ConnectLinux way={way} device={device} user={user} />
				: <ConnectApp platform={platform} device={device} user={user} />}
		</ol>
	);
}

function There({ one, done, onDone, ...page }: ThereProps) {
	const isUp = one.tunnel !== undefined;
	return (
		<>
			{done && <Notice kind="good">{done}</Notice>}
			{!page.server.vpn && <Notice kind="warn">{words.vpnOff}</Notice>}
			<Expiry device={one.device} />
			{isUp && <Connection {...one} />}
			<Steps device={one.device} {...page} />
			{!isUp && <Connection {...one} />}
			<Manage device={one.device} onDone={onDone} />
		</>
	);
}

export function SetUp({ name, ...page }: PageProps & { name: string }) {
	const [done, setDone] = useState<string>();
	const { data, refusal, again } = useDevice(name);
	const software = useAsked("software", (signal) => ask("get", "/software", { signal }));
	// Without that list the usual app will do.
	const isReady = software.data !== undefined || software.refusal !== undefined;
	const title = data?.device.last_seen ? name : words.title(name);
	usePageTitle(title);
	return (
		<div class="stack wide">
			<div>
				<a class="small" href="/portal">{words.back}</a>
				<h1 tabIndex={-1} class="name">{title}</h1>
			</div>
			{refusal && (refusal.status === 404
				? <Notice kind="warn">{words.gone}</Notice>
				: <Problem refusal={refusal} again={again} />)}
			{(!data || !isReady) && !refusal && <Waiting />}
			{data && isReady && refusal?.status !== 404 && (
				<There one={data} software={software.data?.items ?? []} done={done} {...page} onDone={(what) => {
					setDone(what);
					again();
				}} />
			)}
		</div>
	);
}
