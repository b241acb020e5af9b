import { text } from "../../text";
import { Confirm } from "../../ui/confirm";
import { Sentence } from "./parts";
import { removeRule, type Rule } from "./rule";

const words = text.access;

export function RemoveRule({ rule, onDone, onClose }: { rule: Rule; onDone: () => void; onClose: () => void }) {
	return (
		<Confirm title={words.removeTitle} verb={words.removeDo} act={() => removeRule(rule.id)} onDone={onDone} onClose={onClose}>
			<p><Sentence rule={rule} /></p>
			<p>{words.removeText}</p>
		</Confirm>
	);
}
