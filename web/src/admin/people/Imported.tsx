// Who was just added has no password: a link for each, all at once.
import { useEffect, useRef, useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { ask, asRefusal } from "../../api/client";
import { save } from "../../save";
import { text } from "../../text";
import { Head, Section } from "../../ui/page";
import { Button, Notice, Problem } from "../../ui/parts";

const words = text.importing;

interface Invitation {
	name: string;
	url: string;
	expires: string;
}

interface Missed {
	name: string;
	why: string;
}

function tableOf(invitations: readonly Invitation[]): string {
	return ["name,link,expires", ...invitations.map(({ name, url, expires }) => `${name},${url},${expires}`)].join("\r\n") + "\r\n";
}

/** Who was deleted meanwhile, or has a password by now, keeps nobody else from being invited. */
async function invite(name: string): Promise<Invitation | Missed> {
	try {
		const { url, expires } = await ask("post", "/users/{user}/invite", { parts: { user: name } });
		return { name, url: url ?? "", expires: expires ?? "" };
	} catch (error) {
		const why = asRefusal(error);
		if (why.status === 404 || why.status === 409) return { name, why: why.message };
		throw error;
	}
}

function useInvitations(names: readonly string[]) {
	const [made, setMade] = useState<Invitation[]>([]);
	const [missed, setMissed] = useState<Missed[]>([]);
	const stopped = useRef(false);
	const { busy, refusal, act } = useAct();
	useEffect(() => () => {
		stopped.current = true;
	}, []);
	const isStopped = () => stopped.current;
	const make = () => act(async () => {
		stopped.current = false;
		for (const name of names.slice(made.length + missed.length)) {
			if (isStopped()) return;
			const one = await invite(name);
			if ("why" in one) setMissed((all) => [...all, one]);
			else setMade((all) => [...all, one]);
		}
	});
	return { made, missed, busy, refusal, make, stop: () => void (stopped.current = true) };
}

function NotInvited({ missed }: { missed: readonly Missed[] }) {
	return (
		<Notice kind="warn">
			<p>{words.notInvited(missed.length)}</p>
			<ul>
				{missed.map(({ name, why }) => (
					<li key={name}>
						<span class="name">{name}</span>: {why}
					</li>
				))}
			</ul>
		</Notice>
	);
}

function Invite({ names }: { names: readonly string[] }) {
	const { made, missed, busy, refusal, make, stop } = useInvitations(names);
	const left = names.length - made.length - missed.length;
	return (
		<Section title={words.invite} lead={words.inviteText}>
			<div class="stack inset">
				{(busy || made.length > 0) && (
					<label class="progress">
						<span class="number">{words.inviting(made.length, names.length)}</span>
						<progress max={names.length} value={made.length} />
					</label>
				)}
				{missed.length > 0 && <NotInvited missed={missed} />}
				{refusal && <Problem refusal={refusal} />}
				<div class="actions">
					{busy && <Button onClick={stop}>{words.stop}</Button>}
					{!busy && left > 0 && <Button look="main" icon="link" onClick={make}>{words.inviteDo(left)}</Button>}
					{!busy && made.length > 0 && (
						<Button look={left > 0 ? "" : "main"} icon="download" onClick={() => save(words.file, tableOf(made), "text/csv")}>
							{words.save}
						</Button>
					)}
				</div>
			</div>
		</Section>
	);
}

export function Imported({ names, onAnother }: { names: readonly string[]; onAnother: () => void }) {
	return (
		<div class="stack wide">
			<Head title={words.title} />
			<Notice kind="good">{words.done(names.length)}</Notice>
			<Invite names={names} />
			<div class="actions">
				<a class="button" href="/admin/people">{words.toPeople}</a>
				<Button onClick={onAnother}>{words.another}</Button>
			</div>
		</div>
	);
}
