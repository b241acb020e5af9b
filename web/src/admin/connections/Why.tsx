// Why an address or a user is refused, as it stands now.
import { ask, type Schemas } from "../../api/client";
import { useAsked } from "../../api/asked";
import { text } from "../../text";
import { exactly } from "../../time";
import { Command, Notice, Problem, Time, Waiting } from "../../ui/parts";

const words = text.connections;

/** A command that would let him in: several stand one after the other. */
export function Remedy({ children }: { children: string }) {
	return (
		<div class="remedy">
			<span class="dim small">{words.remedy}</span>
			{children.split("; ").map((one) => <Command key={one}>{one}</Command>)}
		</div>
	);
}

function Ban({ ban }: { ban: Schemas["Ban"] }) {
	return (
		<li>
			<b class="name">{ban.subject}</b> {words.banned(ban.until === null ? null : exactly(ban.until))}
			{ban.reason !== null && <span class="name">: {ban.reason}</span>}{" "}
			<span class="dim small">(<Time of={ban.created} />{ban.by !== null && <>, <span class="name">{ban.by}</span></>})</span>
		</li>
	);
}

function Verdict({ why }: { why: Schemas["Why"] }) {
	if (why.admitted) return <Notice kind="good"><p>{words.admitted(why.failures)}</p></Notice>;
	return (
		<Notice kind="warn">
			<p><b>{words.notAdmitted}</b> {why.again && words.again(exactly(why.again))}</p>
			{why.account !== null && <p>{why.account}</p>}
			{why.standing !== null && <p>{words.isTold} “{why.standing}”</p>}
		</Notice>
	);
}

export function Why({ of }: { of: string }) {
	const { data: why, refusal, again } = useAsked(of, (signal) => ask("get", "/why", { query: { of }, signal }), ["ban", "refusal"]);
	if (refusal) return <Problem refusal={refusal} again={again} />;
	if (!why) return <Waiting />;
	return (
		<div class="stack">
			<Verdict why={why} />
			{why.bans.length > 0 && <ul class="stack">{why.bans.map((ban) => <Ban key={ban.id} ban={ban} />)}</ul>}
			{why.remedies.map((one) => <Remedy key={one}>{one}</Remedy>)}
		</div>
	);
}
