import { useState } from "preact/hooks";
import { asRefusal, type Refusal } from "../api/client";
import { usePageTitle } from "../route";
import { text } from "../text";
import { Field, Form } from "../ui/form";
import { Brand, Button, Notice, Problem } from "../ui/parts";
import { signIn } from "./session";

const words = text.signIn;

/** In a sentence that helps: which of the three was wrong is not told. */
function Refused({ refusal, coded }: { refusal: Refusal; coded: boolean }) {
	if (refusal.status !== 401) return <Problem refusal={refusal} />;
	return <Notice kind="bad">{coded ? words.wrongCode : words.wrong}</Notice>;
}

interface CodeProps {
	value: string;
	onValue: (value: string) => void;
	busy: boolean;
	onBack: () => void;
}

/** The second of what proves who it is. */
function CodeStep({ value, onValue, busy, onBack }: CodeProps) {
	const [recovery, setRecovery] = useState(false);
	return (
		<>
			<Field
				key={String(recovery)}
				label={recovery ? words.recovery : words.code}
				hint={recovery ? words.recoveryHint : words.codeHint}
				value={value}
				onValue={onValue}
				focus
				class="code-input"
				autocomplete={recovery ? "off" : "one-time-code"}
				inputMode={recovery ? "text" : "numeric"}
				maxLength={32}
				spellcheck={false}
				autocapitalize="none"
			/>
			<Button look="main" type="submit" wide busy={busy}>{words.continue}</Button>
			<div class="actions">
				<Button look="quiet" onClick={() => {
					onValue("");
					setRecovery(!recovery);
				}}>
					{recovery ? words.useCode : words.useRecovery}
				</Button>
				<Button look="quiet" onClick={onBack}>{words.back}</Button>
			</div>
		</>
	);
}

export function SignIn({ to, ended }: { to: string; ended: boolean }) {
	const [name, setName] = useState("");
	const [password, setPassword] = useState("");
	const [code, setCode] = useState("");
	const [asksCode, askCode] = useState(false);
	const [busy, setBusy] = useState(false);
	const [refusal, refuse] = useState<Refusal>();
	usePageTitle(words.title);

	const submit = async () => {
		if (busy) return;
		setBusy(true);
		refuse(undefined);
		try {
			await signIn(name, password, code.trim());
		} catch (error) {
			const why = asRefusal(error);
			askCode(asksCode || why.kind === "code_needed");
			if (why.kind !== "code_needed") refuse(why);
			setCode("");
			setBusy(false);
		}
	};

	return (
		<main class="entrance">
			<Brand />
			<div class="card">
				<div class="stack">
					<div>
						<h1 tabIndex={-1}>{asksCode ? words.codeTitle : words.title}</h1>
						{!asksCode && <p class="dim">{to}</p>}
					</div>
					{ended && !refusal && !asksCode && <Notice kind="warn">{words.ended}</Notice>}
					{refusal && <Refused refusal={refusal} coded={asksCode} />}
					<Form onSubmit={() => void submit()}>
						{asksCode ? (
							<CodeStep value={code} onValue={setCode} busy={busy} onBack={() => {
								askCode(false);
								refuse(undefined);
								setPassword("");
								setCode("");
							}} />
						) : (
							<>
								<Field label={words.name} value={name} onValue={setName} focus autocomplete="username"
									maxLength={64} spellcheck={false} autocapitalize="none" />
								<Field label={words.password} value={password} onValue={setPassword} type="password"
									autocomplete="current-password" />
								<Button look="main" type="submit" wide busy={busy}>{words.submit}</Button>
							</>
						)}
					</Form>
					{!asksCode && <small class="dim">{words.forgot}</small>}
				</div>
			</div>
			<p class="dim small name">{location.host}</p>
		</main>
	);
}
