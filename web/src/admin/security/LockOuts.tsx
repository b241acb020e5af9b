// Who is locked out; and of one account, address or network, whether it is let in now, and why not.
import { useEffect, useState } from "preact/hooks";
import { useAsked } from "../../api/asked";
import { ask, type Schemas } from "../../api/client";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { ahead } from "../../time";
import { Field } from "../../ui/form";
import { useView } from "../../ui/list";
import { Button, Notice, Problem, Time, Until, Waiting } from "../../ui/parts";
import { LiftBan } from "./LiftBan";
import { LiftLockOut } from "./LiftLockOut";
import { LockedOut } from "./LockedOut";

const words = text.guard.lockOuts;
type Ban = Schemas["Ban"];
type LockOut = Schemas["LockOut"];
type Why = Schemas["Why"];

function Standing({ why }: { why: Why }) {
	return (
		<dl class="pairs">
			<div><dt>{words.now}</dt><dd>
				{why.admitted
					? <span class="chip good">{words.admitted}</span>
					: <span class="chip bad">{words.refused}</span>}
			</dd></div>
			{why.standing && <div><dt>{words.told}</dt><dd>{why.standing}</dd></div>}
			{why.again && <div><dt>{words.again}</dt><dd><Until when={why.again} /></dd></div>}
			<div><dt>{words.failures}</dt><dd class="number">{why.failures}</dd></div>
		</dl>
	);
}

function Standings({ bans, onLift }: { bans: Ban[]; onLift: ((ban: Ban) => void) | undefined }) {
	return (
		<ul class="rows">
			{bans.map((ban) => (
				<li key={ban.id}>
					<div>
						<p><b class="name">{ban.subject}</b> <span class="dim">{text.guard.bans.kinds[ban.kind]}</span></p>
						<p class="dim small name">
							{ban.reason}{" · "}{ban.until ? text.guard.bans.ends(ahead(ban.until)) : text.guard.bans.endless}
						</p>
					</div>
					{onLift && (
						<Button label={text.guard.bans.liftOf(ban.subject)} onClick={() => onLift(ban)}>{text.guard.bans.lift}</Button>
					)}
				</li>
			))}
		</ul>
	);
}

function Refusals({ items }: { items: Schemas["Refusal"][] }) {
	return (
		<>
			<h3>{words.last}</h3>
			<ul class="rows">
				{items.slice(0, 10).map((one) => (
					<li key={one.id}>
						<div>
							<p class="name">{one.reason}</p>
							<p class="dim small"><Time of={one.time} /> · {one.where} · <span class="name">{one.user ?? one.device} {one.address}</span></p>
						</div>
					</li>
				))}
			</ul>
		</>
	);
}

/** What can be lifted: a ban that stands, with what was counted, or else that alone. */
function Remedies({ why: { bans, lock_outs }, onLifted }: { why: Why; onLifted: (what: string) => void }) {
	const [ban, liftBan] = useState<Ban>();
	const [counted, lift] = useState<LockOut>();
	const finish = (what: string) => {
		liftBan(undefined);
		lift(undefined);
		onLifted(what);
	};
	return (
		<>
			{bans.length > 0 && <Standings bans={bans} onLift={liftBan} />}
			{lock_outs.filter(({ banned }) => !banned).map((one) => (
				<div key={one.id} class="actions"><Button onClick={() => lift(one)}>{words.liftOf(one.subject)}</Button></div>
			))}
			{ban && (
				<LiftBan ban={ban} onClose={() => liftBan(undefined)} onDone={() => finish(text.guard.bans.liftDone(ban.subject))} />
			)}
			{counted && (
				<LiftLockOut of={counted} onClose={() => lift(undefined)} onDone={() => finish(words.liftDone(counted.subject))} />
			)}
		</>
	);
}

function Answer({ of }: { of: string }) {
	const [done, setDone] = useState<string>();
	const may = useMay()("operate");
	const { data: why, refusal, again } = useAsked(of, (signal) => ask("get", "/why", { query: { of }, signal }),
		["ban", "refusal"], 10_000);
	if (!why) return refusal ? <Problem refusal={refusal} again={again} /> : <Waiting />;
	return (
		<section class="card padded stack" aria-label={words.about(of)}>
			<h2 class="name">{words.about(of)}</h2>
			{refusal && <Problem refusal={refusal} again={again} />}
			{done && <Notice kind="good">{done}</Notice>}
			<Standing why={why} />
			{may ? (
				<Remedies why={why} onLifted={(what) => {
					setDone(what);
					again();
				}} />
			) : why.bans.length > 0 && <Standings bans={why.bans} onLift={undefined} />}
			{why.refusals.length > 0 ? <Refusals items={why.refusals} /> : <p class="dim">{words.noRefusals}</p>}
			<p><a href={location.pathname}>{words.back}</a></p>
		</section>
	);
}

export function LockOuts() {
	const { view: { of }, show } = useView({ of: "" });
	const [typed, type] = useState(of);
	useEffect(() => type(of), [of]);
	return (
		<>
			<section class="card padded stack">
				<p>{words.lead}</p>
				<form class="ask" onSubmit={(event) => {
					event.preventDefault();
					show({ of: typed.trim() });
				}}>
					<Field label={words.of} hint={words.ofHint} value={typed} onValue={type} maxLength={128}
						autocomplete="off" autocapitalize="none" spellcheck={false} />
					<Button look="main" type="submit" icon="search">{words.look}</Button>
				</form>
			</section>
			{of ? <Answer key={of} of={of} /> : <LockedOut />}
		</>
	);
}
