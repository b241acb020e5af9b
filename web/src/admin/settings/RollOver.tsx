import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import { text } from "../../text";
import { Confirm } from "../../ui/confirm";
import { Choice } from "../../ui/form";
import { Notice } from "../../ui/parts";

const words = text.settings.certificates;

export function RollOver({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
	const [keep, setKeep] = useState("365");
	return (
		<Confirm title={words.rollTitle} verb={words.rollDo} onDone={onDone} onClose={onClose}
			act={() => ask("post", "/ca/roll-over", { body: { keep_days: Number(keep) } })}>
			<p>{words.rollText}</p>
			<Choice label={words.keep} value={keep} onValue={setKeep} options={words.keepOptions} />
			{keep === "0" ? <Notice kind="warn">{words.keepNone}</Notice> : <p class="dim">{words.keepText}</p>}
		</Confirm>
	);
}
