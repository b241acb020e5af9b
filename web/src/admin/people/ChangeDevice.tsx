// What a device of somebody is called, and whether it always has the same address.
import { useAct } from "../../api/act";
import { ask, askVersioned, type Schemas, type Versioned } from "../../api/client";
import { type Kept, useDraft, useEdited } from "../../api/edited";
import { text } from "../../text";
import { faultOf, Field, Form } from "../../ui/form";
import { Button, Dialog, Problem, Waiting } from "../../ui/parts";
import type { User } from "./parts";

const words = text.personDevices;
type Device = Schemas["Device"];

interface ChangeProps {
	user: User;
	device: Device;
	onDone: (device: Device) => void;
	onClose: () => void;
}

interface EditProps extends Omit<ChangeProps, "device"> {
	begun: Versioned<Device>;
	kept: Kept;
	anew: () => void;
}

function Edit({ user, begun: { thing, version }, kept, anew, onDone, onClose }: EditProps) {
	const { draft, type, ...meeting } = useDraft({ name: thing.name, address: thing.address ?? "" }, kept);
	const { busy, refusal, act } = useAct();
	const submit = () => act(async () => {
		const body = { name: draft.name.trim(), address: draft.address.trim() || null };
		const parts = { user: user.name, device: `#${thing.id}` };
		onDone(await ask("patch", "/users/{user}/devices/{device}", { parts, body, version }));
	});
	const nameFault = faultOf(refusal, "name");
	return (
		<Form onSubmit={submit} refusal={refusal} fields={["name", "address"]} anew={anew} {...meeting}>
			<Field label={words.name} hint={text.add.nameHint} value={draft.name} onValue={(name) => type({ ...draft, name })} focus
				fault={nameFault} maxLength={64} autocomplete="off" />
			<Field label={words.fixed} hint={words.fixedHint} value={draft.address} onValue={(address) => type({ ...draft, address })}
				fault={faultOf(refusal, "address")} maxLength={45} optional autocomplete="off" spellcheck={false} />
			<div class="actions">
				<Button onClick={onClose}>{text.cancel}</Button>
				<Button look="main" type="submit" busy={busy}>{words.changeDo}</Button>
			</div>
		</Form>
	);
}

export function ChangeDevice({ user, device, onDone, onClose }: ChangeProps) {
	const parts = { user: user.name, device: `#${device.id}` };
	const { begun, refusal, edition, kept, anew } = useEdited(parts.device,
		(signal) => askVersioned("/users/{user}/devices/{device}", { parts, signal }));
	return (
		<Dialog title={words.changeTitle(device.name)} onClose={onClose}>
			{refusal && <Problem refusal={refusal} again={anew} />}
			{!begun && !refusal && <Waiting />}
			{begun && <Edit key={edition} user={user} begun={begun} kept={kept} anew={anew} onDone={onDone} onClose={onClose} />}
		</Dialog>
	);
}
