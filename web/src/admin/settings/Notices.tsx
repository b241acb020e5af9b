import { useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { useAsked } from "../../api/asked";
import { ask, type Schemas } from "../../api/client";
import { text } from "../../text";
import { ahead } from "../../time";
import { type Column, Filter, List, Nothing, orderOf, PAGE, Search, Tools, useView } from "../../ui/list";
import { Button, Notice, Problem, Time } from "../../ui/parts";

const words = text.settings.notices;
const channels: Record<string, string> = words.channels;
const SORTS = ["created", "subject", "channel"] as const;
type Sent = Schemas["Notice"];

function State({ sent }: { sent: Sent }) {
	if (sent.delivered) return <span class="chip good">{words.delivered}</span>;
	if (sent.next_try) return <span class="chip warn">{sent.attempts > 0 ? words.again(ahead(sent.next_try)) : words.waiting}</span>;
	return <span class="chip bad">{words.givenUp}</span>;
}

const columns: readonly Column<Sent>[] = [
	{ name: words.subject, class: "name", sort: "subject", cell: (sent) => <b>{sent.subject}</b> },
	{ name: words.channel, sort: "channel", cell: (sent) => channels[sent.channel ?? ""] ?? sent.channel },
	{ name: words.created, sort: "created", lastFirst: true, cell: (sent) => <Time of={sent.created} /> },
	{
		name: words.state,
		cell: (sent) => (
			<>
				<State sent={sent} />
				{!sent.delivered && sent.last_error && <div class="small name">{sent.last_error}</div>}
			</>
		),
	},
];

export function Notices({ canTest }: { canTest: boolean }) {
	const [done, setDone] = useState<string>();
	const { busy, refusal, act } = useAct();
	const shown = useView({ search: "", which: "", sort: "created", descending: "true" });
	const { search, which } = shown.view;
	const query = { search, after: shown.after, limit: PAGE, waiting: which === "waiting", ...orderOf(SORTS, shown.view) };
	const asked = useAsked(JSON.stringify(query), (signal) => ask("get", "/notices", { query, signal }), ["notice"]);
	const test = () => act(async () => {
		await ask("post", "/alerts/test");
		setDone(words.tested);
		asked.again();
	});
	return (
		<>
			<div class="head">
				<h2>{words.title}</h2>
				{canTest && <Button icon="mail" busy={busy} onClick={test}>{words.test}</Button>}
			</div>
			{refusal && <Problem refusal={refusal} />}
			{done && <Notice kind="good">{done}</Notice>}
			<Tools>
				<Search label={words.search} shown={shown} />
				<Filter label={words.which} of="which" shown={shown} options={[["", words.all], ["waiting", words.onlyWaiting]]} />
			</Tools>
			<List asked={asked} columns={columns} keyOf={(sent) => sent.id} shown={shown}>
				<Nothing title={words.emptyTitle} lead={words.emptyText} />
			</List>
		</>
	);
}
