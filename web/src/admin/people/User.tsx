// All there is of one person.
import { useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { ask, askVersioned, type Refusal, type Schemas, type Versioned } from "../../api/client";
import { useAsked } from "../../api/asked";
import { text } from "../../text";
import { Head, Tabs } from "../../ui/page";
import { Button, Problem, Waiting } from "../../ui/parts";
import { Nothing } from "../../ui/list";
import { Said, useSaid } from "../../ui/said";
import { LinkDialog } from "./NewLink";
import { BackTo, pathOfUser, State, useManages, type User } from "./parts";
import { UserDevices } from "./UserDevices";
import { UserLinks } from "./UserLinks";
import { UserOverview } from "./UserOverview";
import { UserSessions } from "./UserSessions";

const words = text.person;

/** A link to choose a password: the first one, or another. */
function PasswordLink({ user }: { user: User }) {
	const [link, setLink] = useState<Schemas["NewLink"]>();
	const [name] = useState(user.name);
	const { busy, refusal, act } = useAct();
	const parts = { user: user.name };
	const make = () => act(async () => setLink(user.has_password
		? await ask("post", "/users/{user}/reset", { parts })
		: await ask("post", "/users/{user}/invite", { parts })));
	return (
		<>
			<Button icon="link" busy={busy} onClick={make}>{user.has_password ? text.newLink.reset : text.newLink.invite}</Button>
			{link && <LinkDialog name={name} link={link} email={user.email} onClose={() => setLink(undefined)} />}
			{refusal && <Problem refusal={refusal} />}
		</>
	);
}

function Gone({ name, refusal, again }: { name: string; refusal: Refusal; again: () => void }) {
	return (
		<div class="stack wide">
			<Head title={text.people.title} />
			{refusal.status === 404
				? (
					<Nothing title={words.gone} lead={words.goneText(name)}>
						<a class="button" href="/admin/people">{words.back}</a>
					</Nothing>
				)
				: <Problem refusal={refusal} again={again} />}
		</div>
	);
}

interface PartProps {
	part: string | undefined;
	is: Versioned<User>;
	onDone: (what: string) => void;
	anew: () => void;
}

function Part({ part, is, onDone, anew }: PartProps) {
	switch (part) {
		case "devices": return <UserDevices user={is.thing} onDone={onDone} />;
		case "sessions": return <UserSessions user={is.thing} onDone={onDone} />;
		case "links": return <UserLinks user={is.thing} onDone={onDone} />;
		default: return <UserOverview is={is} onDone={onDone} anew={anew} />;
	}
}

function UserTabs({ user, here }: { user: User; here: string }) {
	const tabs = [
		["", words.overview], ["devices", words.devices(user.devices)], ["sessions", words.sessions], ["links", words.links],
	] as const;
	return (
		<Tabs label={words.parts(user.name)} here={pathOfUser(user, here)}
			tabs={tabs.map(([part, name]) => [pathOfUser(user, part), name] as const)} />
	);
}

export function UserPage({ name, part }: { name: string; part: string | undefined }) {
	const { data: is, refusal, again } = useAsked(`user ${name}`,
		(signal) => askVersioned("/users/{user}", { parts: { user: name }, signal }), ["user", "device", "group"]);
	const [said, say] = useSaid();
	const manages = useManages();
	if (refusal && (!is || refusal.status === 404)) return <Gone name={name} refusal={refusal} again={again} />;
	if (!is) return <Waiting />;
	const user = is.thing;
	const done = (what: string) => {
		say(what);
		again();
	};
	return (
		<div class="stack">
			<div>
				<BackTo href="/admin/people">{words.back}</BackTo>
				<Head title={user.name} lead={user.full_name ?? undefined}>
					<State user={user} />
					{manages(user) && (
						<>
							{user.enabled && <PasswordLink user={user} />}
							<a class="button" href={pathOfUser(user, "edit")}>{words.edit}</a>
						</>
					)}
				</Head>
			</div>
			<UserTabs user={user} here={part ?? ""} />
			<Said what={said} />
			{refusal && <Problem refusal={refusal} again={again} />}
			<Part part={part} is={is} onDone={done} anew={again} />
		</div>
	);
}
