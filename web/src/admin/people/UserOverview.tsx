import { useState } from "preact/hooks";
import { ask, type Versioned } from "../../api/client";
import { useAsked } from "../../api/asked";
import { go } from "../../route";
import { text } from "../../text";
import { exactly } from "../../time";
import { Confirm } from "../../ui/confirm";
import { Section } from "../../ui/page";
import { Button, Problem, Time } from "../../ui/parts";
import { sayNext } from "../../ui/said";
import { Facts, pathOfGroup, pathOfUser, useManages, type User } from "./parts";
import { PolicyTable } from "./PolicyFields";
import { askWider } from "./wider";

const words = text.person;

function About({ user }: { user: User }) {
	return (
		<Section title={words.facts}>
			<Facts of={[
				[words.email, user.email],
				[text.people.role, text.account.roles[user.role]],
				[text.people.group, user.group && <a href={pathOfGroup(user.group)}>{user.group}</a>],
				[words.expires, user.expires ? exactly(user.expires) : words.noEnd],
				[words.password, user.has_password ? words.hasPassword : words.hasNone],
				[words.codes, user.has_totp ? words.codesOn : words.codesOff],
				[text.people.created, <Time of={user.created} />],
				[text.people.seen, <Time of={user.last_seen} />],
				[words.comment, user.comment],
			]} />
		</Section>
	);
}

function InForce({ user }: { user: User }) {
	const { data, refusal, again } = useAsked(`wider ${user.group}`, (signal) => askWider(user.group, signal),
		["settings", "group"]);
	const levels = data && [{ source: text.policy.sources.account, policy: user.policy }, ...data];
	return (
		<Section title={words.policy} lead={words.policyLead}
			actions={useManages()(user) && <a class="button" href={pathOfUser(user, "policy")}>{words.policyEdit}</a>}>
			{refusal && <Problem refusal={refusal} again={again} />}
			{levels && <PolicyTable levels={levels} />}
		</Section>
	);
}

interface ActProps {
	is: Versioned<User>;
	onDone: (what: string) => void;
	anew: () => void;
}

interface Act {
	lead: string;
	verb: string;
	title: string;
	warning: string;
	done: string;
	harmless?: boolean;
	act: () => Promise<unknown>;
}

function actsOn({ thing: user, version }: Versioned<User>): Act[] {
	const { name, enabled } = user, parts = { user: name };
	const acts: Act[] = [{
		lead: enabled ? words.disableText : words.enableText,
		verb: enabled ? words.disable : words.enable,
		title: (enabled ? words.disableTitle : words.enableTitle)(name),
		warning: enabled ? words.disableWarn : words.enableWarn,
		done: (enabled ? words.disableDone : words.enableDone)(name),
		harmless: !enabled,
		act: () => ask("patch", "/users/{user}", { parts, body: { enabled: !enabled }, version }),
	}];
	if (user.has_totp)
		acts.push({
			lead: words.codesEndText, verb: words.codesEnd, title: words.codesEndTitle(name), warning: words.codesEndWarn,
			done: words.codesEndDone(name), act: () => ask("delete", "/users/{user}/totp", { parts }),
		});
	return acts;
}

function removal({ thing: { name }, version }: Versioned<User>): Act {
	return {
		lead: words.removeText, verb: words.remove, title: words.removeTitle(name), warning: words.removeWarn, done: "",
		act: async () => {
			await ask("delete", "/users/{user}", { parts: { user: name }, version });
			sayNext(text.person.removed(name));
			go("/admin/people");
		},
	};
}

function Acts({ is, onDone, anew }: ActProps) {
	const [asks, ask] = useState<Act>();
	return (
		<Section title={words.danger}>
			<ul class="acts">
				{[...actsOn(is), removal(is)].map((one) => (
					<li key={one.verb}>
						<p class="dim">{one.lead}</p>
						<Button look={one.harmless ? "" : "danger"} onClick={() => ask(one)}>{one.verb}</Button>
					</li>
				))}
			</ul>
			{asks && (
				<Confirm title={asks.title} verb={asks.verb} harmless={asks.harmless ?? false} act={asks.act} anew={anew}
					onClose={() => ask(undefined)} onDone={() => {
						ask(undefined);
						if (asks.done) onDone(asks.done);
					}}>
					<p>{asks.warning}</p>
				</Confirm>
			)}
		</Section>
	);
}

export function UserOverview(props: ActProps) {
	const user = props.is.thing;
	const manages = useManages()(user);
	return (
		<div class="stack">
			<About user={user} />
			<InForce user={user} />
			{manages ? <Acts {...props} /> : <p class="dim small">{words.notYours}</p>}
		</div>
	);
}
