// Who may reach the console and the portal at all: read from the configuration, and proposed as a
// change of it.
import { useAsked } from "../../api/asked";
import { ask } from "../../api/client";
import { text } from "../../text";
import { Notice, Problem, Waiting } from "../../ui/parts";
import { type Block, find, readTree, valuesOf } from "../config/lines";
import { ListForm } from "./ListForm";
import { listOf } from "./lists";

const words = text.guard.allow;

export interface Here {
	/** Where this browser is, as the server sees it. */
	address: string | undefined;
	/** Of clients of the VPN, as far as it is known. */
	vpn: readonly string[];
}

interface Lists {
	tree: Block | undefined;
	here: Here;
	readOnly: boolean;
}

async function getLists(signal: AbortSignal): Promise<Lists> {
	const [{ text: running }, { read_only }, { address }, tunnels] = await Promise.all([
		ask("get", "/config/running", { signal }),
		ask("get", "/config", { signal }),
		ask("get", "/console", { signal }),
		ask("get", "/me/tunnels", { signal }),
	]);
	const tree = readTree(running ?? "");
	const networks = valuesOf(find(tree, "vpn")?.block, "network").filter((word) => word !== "off");
	// Who is connected counts as within, by the address that he connects from as well.
	const outer = tunnels.items.map(({ from }) => from.replace(/:\d+$/, "").replace(/^\[|\]$/g, ""));
	return {
		tree, readOnly: read_only,
		here: { address: address ?? undefined, vpn: [...networks, ...outer] },
	};
}

export function AllowList() {
	const { data, refusal, again } = useAsked("lists", getLists, ["config"]);
	if (!data) return refusal ? <Problem refusal={refusal} again={again} /> : <Waiting />;
	const { tree, here, readOnly } = data;
	if (!tree) return <Notice kind="bad">{text.configuration.unreadable}</Notice>;
	return (
		<>
			{refusal && <Problem refusal={refusal} again={again} />}
			<p class="dim">{words.lead}</p>
			{readOnly && <Notice kind="warn">{text.configuration.readOnly}</Notice>}
			{(["allow", "portal"] as const).map((name) => (
				<ListForm key={name} name={name} list={listOf(tree, name)} here={here} locked={readOnly} />
			))}
		</>
	);
}
