// Who is at the console, and what he may: the server decides, and the pages do not offer in vain.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Schemas } from "../api/client";

export type Level = "read" | "operate" | "admin";
const levels = { user: 0, operator: 1, admin: 2 };
const needs = { read: 1, operate: 1, admin: 2 };

export const Me = createContext<Schemas["User"] | null>(null);

export function useMay(): (level: Level) => boolean {
	const role = useContext(Me)?.role ?? "user";
	return (level) => levels[role] >= needs[level];
}
