// A secret that the server never shows: only whether there is one.
import { text } from "../../text";
import { Field } from "../../ui/form";
import { Button } from "../../ui/parts";

const words = text.settings.alerts;

interface SecretProps {
	label: string;
	hint?: string;
	value: string;
	onValue: (value: string) => void;
	/** There is one, on the server. */
	isSet: boolean;
	/** That one was for another server than the one now typed, which must not be shown it. */
	isElsewhere: boolean;
	isRemoved: boolean;
	onRemoved: (removed: boolean) => void;
	fault: string | undefined;
}

function stateOf({ isSet, isElsewhere, isRemoved }: SecretProps): string {
	if (!isSet) return words.secretNone;
	if (isRemoved) return words.secretRemoved;
	return isElsewhere ? words.secretElsewhere : words.secretSet;
}

export function SecretField(props: SecretProps) {
	const { label, hint, value, onValue, isSet, isElsewhere, isRemoved, onRemoved, fault } = props;
	const verb = isRemoved ? words.secretKeep : words.secretRemove;
	return (
		<div class="secret">
			<Field label={label} hint={[hint, stateOf(props)].filter(Boolean).join(" ")} value={value} optional maxLength={500}
				type="password" autocomplete="new-password" fault={fault} onValue={onValue} />
			{isSet && !isElsewhere && value === "" && (
				<Button look="quiet" label={`${verb}: ${label}`} onClick={() => onRemoved(!isRemoved)}>{verb}</Button>
			)}
		</div>
	);
}
