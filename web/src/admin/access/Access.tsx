// What people reach through the VPN: the rules, and what they come to.
import { useEffect, useState } from "preact/hooks";
import { go, partsOf, usePath } from "../../route";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { Icon } from "../../ui/Icon";
import { Head, Tabs } from "../../ui/page";
import { Notice } from "../../ui/parts";
import { ForAdministrators } from "../Elsewhere";
import { Reach } from "./Reach";
import { AddRule, RulePage } from "./RuleForm";
import { PLACE } from "./rule";
import { Rules } from "./Rules";

const words = text.access;
const TABS = [[PLACE, words.rules], [`${PLACE}/reach`, words.reach]] as const;

function Ways({ here }: { here: string }) {
	return <Tabs label={words.pages} tabs={TABS} here={here} />;
}

export function Access() {
	const [part, id] = partsOf(usePath(), PLACE);
	const mayChange = useMay()("admin");
	const [done, say] = useState<string>();
	useEffect(() => {
		if (part !== undefined) say(undefined);
	}, [part]);
	const finish = (what: string) => {
		go(PLACE);
		say(what);
	};
	if (part === "add") return mayChange ? <AddRule onDone={finish} /> : <ForAdministrators />;
	if (part === "rules" && id !== undefined) return <RulePage key={id} id={id} onDone={finish} />;
	if (part === "reach")
		return (
			<div class="stack">
				<Head title={text.reach.title} lead={text.reach.lead} />
				<Ways here={`${PLACE}/reach`} />
				<Reach />
			</div>
		);
	return (
		<div class="stack">
			<Head title={words.title} lead={words.lead}>
				{mayChange && <a class="button main" href={`${PLACE}/add`}><Icon name="plus" />{words.add}</a>}
			</Head>
			<Ways here={PLACE} />
			{done && <Notice kind="good">{done}</Notice>}
			<Rules onDone={say} />
		</div>
	);
}
