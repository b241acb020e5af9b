// From a password alone to a password and an app that makes codes.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useAct } from "../api/act";
import { ask, type Schemas } from "../api/client";
import { usePageTitle } from "../route";
import { text } from "../text";
import { Icon } from "../ui/Icon";
import { Field, Form } from "../ui/form";
import { Button, Command, Notice, Problem } from "../ui/parts";
import { KeepCodes } from "./RecoveryCodes";

const words = text.codes;
type Offer = Schemas["TotpOffer"];

function Scan({ offer, onOffer }: { offer: Offer | undefined; onOffer: (offer: Offer) => void }) {
	const { busy, refusal, act } = useAct();
	const begin = () => act(async () => onOffer(await ask("post", "/me/totp")));
	return (
		<li>
			<h2>{words.scan}</h2>
			<p>{words.scanText}</p>
			{refusal && <Problem refusal={refusal} />}
			{offer?.qr && offer.uri && (
				<div class="qr">
					<img src={`data:image/svg+xml,${encodeURIComponent(offer.qr)}`} alt={words.qr} />
					<div class="stack">
						<p>{words.here}</p>
						<p><a class="button" href={offer.uri}><Icon name="phone" />{words.hereDo}</a></p>
					</div>
				</div>
			)}
			<p><Button look={offer ? "quiet" : "main"} busy={busy} onClick={begin}>{offer ? words.scanAgain : words.scanDo}</Button></p>
			{offer?.secret && (
				<details class="more">
					<summary>{words.secret}</summary>
					<div class="stack">
						<p>{words.secretText}</p>
						<Command>{offer.secret}</Command>
					</div>
				</details>
			)}
		</li>
	);
}

function Confirm({ onCodes }: { onCodes: (codes: string[]) => void }) {
	const [code, setCode] = useState("");
	const { busy, refusal, act } = useAct();
	const fault = refusal?.field === "code" ? refusal.message : undefined;
	const submit = () => act(async () => {
		const { codes } = await ask("post", "/me/totp/confirm", { body: { code: code.replace(/\s/g, "") } });
		onCodes(codes);
	});
	return (
		<li>
			<h2>{words.confirm}</h2>
			{refusal && !fault && <Problem refusal={refusal} />}
			<Form onSubmit={submit}>
				<Field label={words.code} hint={words.codeHint} value={code} onValue={setCode} fault={fault} class="code-input"
					autocomplete="one-time-code" inputMode="numeric" maxLength={8} spellcheck={false} />
				<div class="actions">
					<Button look="main" type="submit" busy={busy}>{words.confirmDo}</Button>
				</div>
			</Form>
		</li>
	);
}

interface SetUpProps {
	user: Schemas["User"];
	/** Why this is shown, where he did not ask for it. */
	lead?: string;
	back?: ComponentChildren;
	onDone: () => void;
}

function Steps({ user, lead, back, onCodes }: Omit<SetUpProps, "onDone"> & { onCodes: (codes: string[]) => void }) {
	const [offer, setOffer] = useState<Offer>();
	usePageTitle(words.title);
	return (
		<div class="stack wide">
			<div>
				{back}
				<h1 tabIndex={-1}>{words.title}</h1>
			</div>
			{lead && <Notice kind="warn">{lead}</Notice>}
			<p class="dim">{user.has_totp ? words.replace : words.lead}</p>
			<ol class="steps card padded">
				<li>
					<h2>{words.app}</h2>
					<p>{words.appText}</p>
				</li>
				<Scan offer={offer} onOffer={setOffer} />
				{offer && <Confirm onCodes={onCodes} />}
			</ol>
		</div>
	);
}

export function SetUpCodes({ user, onDone, ...rest }: SetUpProps) {
	const [codes, setCodes] = useState<string[]>();
	return codes
		? <KeepCodes user={user} codes={codes} onKept={onDone} />
		: <Steps user={user} onCodes={setCodes} {...rest} />;
}
