// What one signs in with, and where one is signed in.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useAct } from "../api/act";
import { ask, type Schemas } from "../api/client";
import { go, usePageTitle } from "../route";
import { KeepCodes } from "../session/RecoveryCodes";
import { lookForSession } from "../session/session";
import { SetUpCodes } from "../session/SetUpCodes";
import { text } from "../text";
import { Button, Dialog, Notice, Problem } from "../ui/parts";
import { Password } from "./Password";
import { Sessions } from "./Sessions";

const words = text.security;
const HERE = "/portal/account";

function Back() {
	return <a class="small" href={HERE}>{words.title}</a>;
}

function Section({ title, chip, children }: { title: string; chip?: ComponentChildren; children: ComponentChildren }) {
	return (
		<section class="card padded stack">
			<div class="head">
				<h2>{title}</h2>
				{chip}
			</div>
			{children}
		</section>
	);
}

function SwitchOff({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
	const { busy, refusal, act } = useAct();
	const switchOff = () => act(async () => {
		await ask("delete", "/me/totp");
		onDone();
	});
	return (
		<Dialog title={words.offTitle} onClose={onClose}>
			<p>{words.offText}</p>
			{refusal && <Problem refusal={refusal} />}
			<div class="actions">
				<Button onClick={onClose}>{text.cancel}</Button>
				<Button look="main danger" busy={busy} onClick={switchOff}>{words.offDo}</Button>
			</div>
		</Dialog>
	);
}

interface CodesProps {
	isOn: boolean;
	isRequired: boolean;
	onOff: () => void;
}

function Codes({ isOn, isRequired, onOff }: CodesProps) {
	const chip = <span class={`chip ${isOn ? "good" : ""}`}>{isOn ? words.codesOn : words.codesOff}</span>;
	if (!isOn)
		return (
			<Section title={words.codes} chip={chip}>
				<p>{words.codesOffText}</p>
				<div class="actions"><a class="button main" href={`${HERE}/codes`}>{words.codesSetUp}</a></div>
			</Section>
		);
	return (
		<Section title={words.codes} chip={chip}>
			<p>{words.codesOnText}</p>
			{isRequired && <p class="dim">{words.codesRequired}</p>}
			<div class="actions">
				<a class="button" href={`${HERE}/recovery`}>{words.recovery}</a>
				<a class="button" href={`${HERE}/codes`}>{words.otherApp}</a>
				{!isRequired && <Button look="quiet danger" onClick={onOff}>{words.off}</Button>}
			</div>
		</Section>
	);
}

/** Asked for before they are made: the old ones are void from then on. */
function NewRecoveryCodes({ user, onDone }: { user: Schemas["User"]; onDone: () => void }) {
	const [codes, setCodes] = useState<string[]>();
	const { busy, refusal, act } = useAct();
	usePageTitle(words.recoveryTitle);
	if (codes) return <KeepCodes user={user} codes={codes} onKept={onDone} />;
	const make = () => act(async () => setCodes((await ask("post", "/me/recovery-codes")).codes));
	return (
		<div class="stack wide">
			<div>
				<Back />
				<h1 tabIndex={-1}>{words.recoveryTitle}</h1>
			</div>
			<div class="card padded stack">
				<p>{words.recoveryText}</p>
				{refusal && <Problem refusal={refusal} />}
				<div class="actions">
					<Button look="main" busy={busy} onClick={make}>{words.recoveryDo}</Button>
					<a class="button" href={HERE}>{text.cancel}</a>
				</div>
			</div>
		</div>
	);
}

interface AccountProps {
	user: Schemas["User"];
	policy: Schemas["Policy"];
}

function Overview({ user, policy, done, onDone }: AccountProps & { done: string | undefined; onDone: (what: string) => void }) {
	const [switchesOff, switchOff] = useState(false);
	usePageTitle(words.title);
	return (
		<div class="stack wide">
			<div>
				<a class="small" href="/portal">{text.devices.title}</a>
				<h1 tabIndex={-1}>{words.title}</h1>
			</div>
			{done && <Notice kind="good">{done}</Notice>}
			<Section title={words.password}>
				<p>{words.passwordText(user.name)}</p>
				<div class="actions"><a class="button" href={`${HERE}/password`}>{words.passwordChange}</a></div>
			</Section>
			<Codes isOn={user.has_totp} isRequired={policy.totp_required === true} onOff={() => switchOff(true)} />
			<Sessions />
			{switchesOff && (
				<SwitchOff onClose={() => switchOff(false)} onDone={() => {
					switchOff(false);
					onDone(words.offDone);
				}} />
			)}
		</div>
	);
}

export function Account({ part, user, policy }: AccountProps & { part: string | undefined }) {
	const [done, setDone] = useState<string>();
	useEffect(() => {
		if (part) setDone(undefined);
	}, [part]);
	const finish = (what: string) => {
		setDone(what);
		void lookForSession();
		if (part) go(HERE);
	};
	switch (part) {
		case "password":
			return <Password user={user} onDone={() => finish(words.passwordDone)} />;
		case "codes":
			return <SetUpCodes user={user} back={<Back />} onDone={() => finish(words.codesDone)} />;
		case "recovery":
			return <NewRecoveryCodes user={user} onDone={() => finish(words.recoveryDone)} />;
		default:
			return <Overview user={user} policy={policy} done={done} onDone={finish} />;
	}
}
