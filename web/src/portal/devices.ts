// One's own devices, and which of them are connected now.
import { ask, type Schemas } from "../api/client";
import { type Asked, useAsked } from "../api/asked";

export type Device = Schemas["Device"];
export type Tunnel = Schemas["Tunnel"];

export function setUpPath(device: Pick<Device, "name">): string {
	return `/portal/devices/${encodeURIComponent(device.name)}`;
}

const SOON_MS = 30 * 24 * 3600 * 1000;

/** How its profile fares: who has one that ends soon is told in time. */
export function lifeOf({ expires }: Pick<Device, "expires">): "good" | "expiring" | "expired" {
	if (!expires) return "good";
	const left = Date.parse(expires) - Date.now();
	return left < 0 ? "expired" : left < SOON_MS ? "expiring" : "good";
}

export interface Mine {
	devices: Device[];
	next: string | null;
	tunnels: Map<number, Tunnel>;
	/** How many one may have; 0: any number. */
	max: number;
}

async function tunnelsByDevice(signal: AbortSignal): Promise<Map<number, Tunnel>> {
	const { items } = await ask("get", "/me/tunnels", { query: { limit: 1000 }, signal });
	return new Map(items.map((tunnel) => [tunnel.device, tunnel]));
}

/** Events are for administrators: a portal asks again now and then. */
export function useMine(limit: number): Asked<Mine> {
	return useAsked(`mine ${limit}`, async (signal) => {
		const [page, tunnels, policy] = await Promise.all([
			ask("get", "/me/devices", { query: { sort: "created", descending: true, limit }, signal }),
			tunnelsByDevice(signal),
			ask("get", "/me/policy", { signal }),
		]);
		return { devices: page.items, next: page.next, tunnels, max: policy.devices_max ?? 0 };
	}, [], 15_000);
}

export interface One {
	device: Device;
	tunnel?: Tunnel | undefined;
}

export function useDevice(name: string): Asked<One> {
	return useAsked(`device ${name}`, async (signal) => {
		const [device, tunnels] = await Promise.all([
			ask("get", "/me/devices/{device}", { parts: { device: name }, signal }),
			tunnelsByDevice(signal),
		]);
		return { device, tunnel: tunnels.get(device.id) };
	}, [], 3_000);
}
