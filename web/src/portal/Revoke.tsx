import { ask } from "../api/client";
import { text } from "../text";
import { Confirm } from "../ui/confirm";
import type { Device } from "./devices";

const words = text.devices;

interface RevokeProps {
	device: Device;
	onDone: () => void;
	onClose: () => void;
}

export function Revoke({ device, ...rest }: RevokeProps) {
	const revoke = () => ask("post", "/me/devices/{device}/revoke", { parts: { device: `#${device.id}` } });
	return (
		<Confirm title={words.revokeTitle(device.name)} verb={words.revokeDo} act={revoke} {...rest}>
			<p>{words.revokeText}</p>
		</Confirm>
	);
}
