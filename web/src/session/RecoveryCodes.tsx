// What gets people in who have lost their phone. The server shows it this once and keeps hashes.
import type { Schemas } from "../api/client";
import { usePageTitle } from "../route";
import { save } from "../save";
import { text } from "../text";
import { dayOf } from "../time";
import { Button, CopyButton, Notice } from "../ui/parts";

const words = text.recovery;

interface KeepProps {
	user: Schemas["User"];
	codes: string[];
	onKept: () => void;
}

export function KeepCodes({ user, codes, onKept }: KeepProps) {
	usePageTitle(words.title);
	const plain = codes.join("\n");
	const file = `${words.fileHead(user.name, location.host, dayOf(new Date().toISOString()))}\n\n${plain}\n`;
	return (
		<div class="stack wide">
			<h1 tabIndex={-1}>{words.title}</h1>
			<div class="card padded stack">
				<p>{words.text}</p>
				<Notice kind="warn">{words.once}</Notice>
				<ol class="codes" aria-label={words.list}>
					{codes.map((code) => <li key={code}><code>{code}</code></li>)}
				</ol>
				<div class="actions">
					<CopyButton of={plain} look="" />
					<Button icon="download" onClick={() => save(words.fileName, file)}>{words.download}</Button>
				</div>
				<div class="actions">
					<Button look="main" icon="check" onClick={onKept}>{words.kept}</Button>
				</div>
			</div>
		</div>
	);
}
