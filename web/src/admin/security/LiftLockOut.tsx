import { ask, type Schemas } from "../../api/client";
import { text } from "../../text";
import { Confirm } from "../../ui/confirm";

const words = text.guard.lockOuts;

interface LiftProps {
	of: Schemas["LockOut"];
	onDone: () => void;
	onClose: () => void;
}

export function LiftLockOut({ of, onDone, onClose }: LiftProps) {
	return (
		<Confirm title={words.liftTitle(of.subject)} verb={words.liftDo} harmless onDone={onDone} onClose={onClose}
			act={() => ask("delete", "/lock-outs/{id}", { parts: { id: String(of.id) } })}>
			<p>{words.liftText(of.failures)} {of.banned && words.liftBan}</p>
			<p class="dim">{words.liftOthers[of.kind]}</p>
		</Confirm>
	);
}
