// What "sallyport status --json" says, as far as it is shown here: the document leaves its form open.
import { ask, type Schemas } from "../api/client";

export interface ServerStatus {
	uptime_s: number;
	awaits_confirmation: boolean;
	/** How long it does, in seconds. */
	confirm_s: number;
	connections: { open: number; relayed: number };
	tls: { handshakes: number; failed: number };
	requests: { total: number };
	vpn: object | null;
}

export interface Status extends Omit<Schemas["Status"], "server"> {
	server: ServerStatus;
}

export async function getStatus(signal: AbortSignal): Promise<Status> {
	const status = await ask("get", "/status", { signal });
	return { ...status, server: status.server as ServerStatus };
}
