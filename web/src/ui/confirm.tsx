// What does harm is asked about first, in words that say what will happen.
import type { ComponentChildren } from "preact";
import { useAct } from "../api/act";
import { text } from "../text";
import { Button, Dialog, Problem } from "./parts";

interface ConfirmProps<T> {
	title: string;
	/** What the button says that does it. */
	verb: string;
	harmless?: boolean;
	act: () => Promise<T>;
	/** With what came of it. */
	onDone: (done: T) => void;
	onClose: () => void;
	/** Looks again at what it is done to, where somebody else changed that first. */
	anew?: () => void;
	/** What will happen, and whether it can be undone. */
	children: ComponentChildren;
}

export function Confirm<T>({ title, verb, harmless = false, act: what, onDone, onClose, anew, children }: ConfirmProps<T>) {
	const { busy, refusal, act } = useAct();
	const go = () => act(async () => {
		onDone(await what());
	});
	return (
		<Dialog title={title} onClose={onClose}>
			{children}
			{refusal && (
				<Problem refusal={refusal} {...(anew && refusal.kind === "changed" && { again: () => {
					anew();
					onClose();
				} })} />
			)}
			<div class="actions">
				<Button onClick={onClose}>{text.cancel}</Button>
				<Button look={harmless ? "main" : "main danger"} busy={busy} onClick={go}>{verb}</Button>
			</div>
		</Dialog>
	);
}
