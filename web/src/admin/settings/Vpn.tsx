// The VPN's network, what clients reach by it, and whom they ask for names: lines of the configuration.
import { useAsked } from "../../api/asked";
import { ask } from "../../api/client";
import { text } from "../../text";
import { Notice, Problem, Waiting } from "../../ui/parts";
import { readTree } from "../config/lines";
import { settingsOf } from "./vpnSettings";
import { VpnForm } from "./VpnForm";

const words = text.settings.vpn;

async function getRunning(signal: AbortSignal) {
	const [{ text: running }, { read_only }] = await Promise.all([
		ask("get", "/config/running", { signal }), ask("get", "/config", { signal }),
	]);
	return { tree: readTree(running ?? ""), readOnly: read_only };
}

export function Vpn() {
	const { data, refusal, again } = useAsked("running", getRunning, ["config"]);
	if (!data) return refusal ? <Problem refusal={refusal} again={again} /> : <Waiting />;
	const { tree, readOnly } = data;
	if (!tree) return <Notice kind="bad">{text.configuration.unreadable}</Notice>;
	const settings = settingsOf(tree);
	return (
		<>
			{refusal && <Problem refusal={refusal} again={again} />}
			<p class="dim">{words.lead}</p>
			{settings.network === "" && <Notice kind="warn">{words.off}</Notice>}
			{readOnly && <Notice kind="warn">{text.configuration.readOnly}</Notice>}
			<VpnForm running={settings} locked={readOnly} />
		</>
	);
}
