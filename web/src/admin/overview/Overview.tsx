import { useMemo } from "preact/hooks";
import { ask } from "../../api/client";
import { useAsked } from "../../api/asked";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { exactly } from "../../time";
import { Head } from "../../ui/page";
import { Notice, Problem, Waiting } from "../../ui/parts";
import { hourOf } from "../history";
import { getStatus } from "../status";
import { Certificates } from "./Certificates";
import { Charts } from "./Charts";
import { Findings } from "./Findings";
import { Listeners } from "./Listeners";
import { Tiles } from "./Tiles";
import { useHistory } from "./useHistory";

const words = text.overview;

function since(seconds: number): string {
	return words.since(exactly(new Date(Date.now() - seconds * 1000).toISOString()));
}

export function Overview() {
	const may = useMay();
	const status = useAsked("status", getStatus, ["status", "tunnel", "user", "device", "ban", "session"]);
	const history = useHistory();
	const findings = useAsked("findings", (signal) => ask("get", "/findings", { signal }), ["config", "certificate", "user"]);
	const listeners = useAsked("listeners", (signal) => ask("get", "/listeners", { signal }), ["config"]);
	const withVpn = Boolean(status.data?.server.vpn);
	const hour = useMemo(() => history.data && hourOf(history.data, withVpn), [history.data, withVpn]);
	const all = [status, history, findings, listeners];
	const refusal = all.find((asked) => asked.refusal)?.refusal;
	return (
		<div class="stack wide">
			<Head title={words.title} lead={status.data && since(status.data.server.uptime_s)} />
			{refusal && <Problem refusal={refusal} again={() => all.forEach((asked) => asked.again())} />}
			{status.data?.server.awaits_confirmation && (
				<Notice kind="warn">{words.confirm} {may("admin") && <a href="/admin/configuration">{words.confirmDo}</a>}</Notice>
			)}
			{status.data && hour && findings.data && listeners.data ? (
				<>
					<Tiles status={status.data} hour={hour} />
					<Charts hour={hour} />
					<Findings items={findings.data.items} />
					<Certificates />
					<Listeners items={listeners.data.items} />
				</>
			) : !refusal && <Waiting />}
		</div>
	);
}
