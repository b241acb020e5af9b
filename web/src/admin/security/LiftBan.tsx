import { ask, type Schemas } from "../../api/client";
import { text } from "../../text";
import { Confirm } from "../../ui/confirm";

const words = text.guard.bans;

interface LiftProps {
	ban: Schemas["Ban"];
	onDone: () => void;
	onClose: () => void;
}

export function LiftBan({ ban, onDone, onClose }: LiftProps) {
	return (
		<Confirm title={words.liftTitle(ban.subject)} verb={words.liftDo} harmless onDone={onDone} onClose={onClose}
			act={() => ask("delete", "/bans/{id}", { parts: { id: String(ban.id) } })}>
			<p>{words.liftText}</p>
		</Confirm>
	);
}
