import { ask, type Schemas } from "../../api/client";
import { text } from "../../text";
import { Confirm } from "../../ui/confirm";

const words = text.connections;

interface EndProps {
	of: Schemas["Tunnel"];
	onDone: () => void;
	onClose: () => void;
}

export function EndTunnel({ of, onDone, onClose }: EndProps) {
	return (
		<Confirm title={words.endTitle(of.user_name, of.device_name)} verb={words.endDo} onDone={onDone} onClose={onClose}
			act={() => ask("delete", "/tunnels/{id}", { parts: { id: String(of.id) } })}>
			<p>{words.endText}</p>
			<p class="dim">{words.endForGood}</p>
		</Confirm>
	);
}
