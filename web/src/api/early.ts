// What the first page shows is asked for while most of the script is still on its way: this is a module
// of its own, which runs as soon as it has come. It must import nothing.
import type { Schemas } from "./client";

const OVERVIEW = ["/status", "/status/history", "/findings", "/listeners"];
const answers = new Map<string, Promise<Response>>();

function begin(path: string): Promise<Response> {
	const url = `/api/v1${path}`;
	const answer = fetch(url, { credentials: "same-origin" });
	answer.catch(() => undefined); // it is for who takes it to say
	answers.set(url, answer);
	return answer;
}

/** The answer that is on its way already: once, as it is of this moment. */
export function early(url: string): Promise<Response> | undefined {
	const answer = answers.get(url);
	answers.delete(url);
	return answer;
}

/** Somebody has done something: what was asked before may be otherwise now. */
export function tooEarly(): void {
	answers.clear();
}

/** Nothing is asked for of those who may not. */
async function beginOverview(): Promise<void> {
	const session = await begin("/session");
	if (!session.ok) return;
	const { user } = (await session.clone().json()) as Schemas["SignedIn"];
	if (user.role !== "user") for (const path of OVERVIEW) void begin(path);
}

if (/^\/admin\/?$/.test(location.pathname)) beginOverview().catch(() => undefined);
