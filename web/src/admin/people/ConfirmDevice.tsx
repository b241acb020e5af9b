// What is done to a device of somebody once it was asked about.
import { ask, type Schemas } from "../../api/client";
import { text } from "../../text";
import { Confirm } from "../../ui/confirm";
import type { User } from "./parts";

type Device = Schemas["Device"];

interface ConfirmProps<T> {
	user: User;
	device: Device;
	onDone: (done: T) => void;
	onClose: () => void;
}

export function RenewDevice({ user, device, onDone, onClose }: ConfirmProps<Device>) {
	const parts = { user: user.name, device: `#${device.id}` };
	return (
		<Confirm title={text.device.renewTitle(device.name)} verb={text.device.renewDo} harmless onClose={onClose} onDone={onDone}
			act={() => ask("post", "/users/{user}/devices/{device}/renew", { parts })}>
			<p>{text.personDevices.renewText}</p>
		</Confirm>
	);
}

export function RevokeDevice({ user, device, onDone, onClose }: ConfirmProps<undefined>) {
	const parts = { user: user.name, device: `#${device.id}` };
	return (
		<Confirm title={text.devices.revokeTitle(device.name)} verb={text.devices.revokeDo} onClose={onClose} onDone={onDone}
			act={() => ask("post", "/users/{user}/devices/{device}/revoke", { parts })}>
			<p>{text.devices.revokeText}</p>
		</Confirm>
	);
}
