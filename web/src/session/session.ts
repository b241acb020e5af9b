// Who is signed in, as all of the page sees it.
import { useEffect, useState } from "preact/hooks";
import { ask, asRefusal, onSessionLost, onSessionReplaced, Refusal, type Schemas, setCsrf } from "../api/client";
import { text } from "../text";

export type SessionState =
	| { kind: "unknown" }
	| { kind: "unreachable"; refusal: Refusal }
	/** `ended`: somebody was, a moment ago. */
	| { kind: "nobody"; ended: boolean }
	| {
		kind: "somebody";
		user: Schemas["User"];
		policy: Schemas["Policy"];
		server: Schemas["ServerForPeople"];
		/** Until when this browser may use the console from here, as it set the server up. */
		consoleUntil: string | null;
	};

const watchers = new Set<(state: SessionState) => void>();
let state: SessionState = { kind: "unknown" };
/** Whom this page knew. */
let last: number | undefined;
/** The other tabs have the same session. */
const tabs = new BroadcastChannel("session");

function become(next: SessionState): void {
	state = next;
	for (const watcher of watchers) watcher(next);
}

function leave(ended: boolean): void {
	setCsrf("", 0);
	become({ kind: "nobody", ended });
}

/** Of several that were asked at once, each may say so. */
function lose(): void {
	if (state.kind !== "nobody") leave(state.kind === "somebody");
}

onSessionLost(lose);
onSessionReplaced(() => void lookForSession());
tabs.onmessage = () => void lookForSession();

export async function lookForSession(): Promise<void> {
	try {
		const [{ csrf, user, server, console_until }, policy] = await Promise.all([ask("get", "/session"), ask("get", "/me/policy")]);
		setCsrf(csrf ?? "", user.id);
		// Who comes after somebody else finds nothing here of what that one did.
		if (last !== undefined && last !== user.id) {
			become({ kind: "unknown" });
			location.reload();
			return;
		}
		last = user.id;
		become({ kind: "somebody", user, policy, server, consoleUntil: console_until });
	} catch (error) {
		const refusal = asRefusal(error);
		if (refusal.status === 401) lose();
		else become({ kind: "unreachable", refusal });
	}
}

export async function signIn(name: string, password: string, code: string): Promise<void> {
	await ask("post", "/session", { body: { name, password, code: code || null } });
	await lookForSession();
	tabs.postMessage("");
	if (state.kind === "nobody") throw new Refusal("no_cookie", 0, text.signIn.noCookie);
}

/** Who could not be signed out is not told that he was. */
export async function signOut(): Promise<void> {
	try {
		await ask("delete", "/session");
	} catch (error) {
		if (asRefusal(error).status !== 401) throw error;
	}
	leave(false);
	tabs.postMessage("");
}

export function useSession(): SessionState {
	const [now, set] = useState(state);
	useEffect(() => {
		watchers.add(set);
		set(state);
		return () => void watchers.delete(set);
	}, []);
	return now;
}
