// Where one is signed in, and how to be so no more.
import { useState } from "preact/hooks";
import { useAct } from "../api/act";
import { ask, asRefusal, type Schemas } from "../api/client";
import { useAsked } from "../api/asked";
import { SignOut } from "../session/SignOut";
import { text } from "../text";
import { Icon } from "../ui/Icon";
import { Button, Notice, Problem, Time, Waiting } from "../ui/parts";
import { agentName, platformOf, platforms } from "./platform";

const words = text.sessions;
const PAGE = 20;
type Session = Schemas["Session"];

function Row({ session, onEnd }: { session: Session; onEnd: () => void }) {
	const platform = platformOf(session.agent ?? "");
	const name = agentName(session.agent);
	return (
		<li class="device">
			<span class="picture"><Icon name={platform ? platforms[platform].icon : "desktop"} /></span>
			<div>
				<div class="title">
					<span class="name">{name}</span>
					{session.current && <span class="chip good">{words.current}</span>}
				</div>
				<div class="facts">
					{session.address && <span class="number name">{session.address}</span>}
					<span>{words.since}<Time of={session.created} /></span>
					{!session.current && <span>{words.seen}<Time of={session.seen} /></span>}
				</div>
			</div>
			<div class="actions">
				{session.current
					? <SignOut />
					: <Button look="quiet danger" label={words.endOf(name, session.address ?? "")} onClick={onEnd}>{words.end}</Button>}
			</div>
		</li>
	);
}

async function end(id: number): Promise<void> {
	try {
		await ask("delete", "/me/sessions/{id}", { parts: { id: String(id) } });
	} catch (error) {
		// It ended by itself meanwhile.
		if (asRefusal(error).status !== 404) throw error;
	}
}

export function Sessions() {
	const [limit, setLimit] = useState(PAGE);
	const [done, setDone] = useState<string>();
	const { busy, refusal, act } = useAct();
	const { data, refusal: unseen, again } = useAsked(`sessions ${limit}`,
		(signal) => ask("get", "/me/sessions", { query: { sort: "seen", descending: true, limit }, signal }), [], 15_000);
	const first = (session: Session) => (session.current ? 0 : 1);
	const sessions = [...(data?.items ?? [])].sort((a, b) => first(a) - first(b));

	const endOne = (session: Session) => act(async () => {
		await end(session.id);
		setDone(words.ended(agentName(session.agent)));
		again();
	});
	const endOthers = () => act(async () => {
		const { ended } = await ask("delete", "/me/sessions");
		setDone(words.endedOthers(ended));
		again();
	});

	return (
		<section class="stack" aria-labelledby="sessions">
			<div class="head">
				<h2 id="sessions">{words.title}</h2>
				{sessions.length > 1 && <Button busy={busy} onClick={endOthers}>{words.endOthers}</Button>}
			</div>
			<p class="dim">{words.lead}</p>
			{done && !refusal && <Notice kind="good">{done}</Notice>}
			{refusal && <Problem refusal={refusal} />}
			{unseen && <Problem refusal={unseen} again={again} />}
			{!data && !unseen && <Waiting />}
			{sessions.length > 0 && (
				<ul class="card">
					{sessions.map((session) => <Row key={session.id} session={session} onEnd={() => endOne(session)} />)}
				</ul>
			)}
			{data?.next && (
				<div class="actions">
					<Button onClick={() => setLimit(limit + PAGE)}>{words.more}</Button>
				</div>
			)}
		</section>
	);
}
