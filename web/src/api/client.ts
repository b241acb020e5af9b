// One function for all that the server can be asked, typed by its own document.
import { text } from "../text";
import { early, tooEarly } from "./early";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
type Method = "get" | "post" | "patch" | "put" | "delete";
type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>;
type PathsOf<M extends Method> = {
	[P in keyof paths]: [Operation<P, M>] extends [never] ? never : P;
}[keyof paths];

type JsonOf<R> = R extends { content: { "application/json": infer Body } } ? Body : undefined;
type AnswerOf<O> = O extends { responses: infer R }
	? R extends { 200: infer Ok } ? JsonOf<Ok> : R extends { 201: infer Made } ? JsonOf<Made> : undefined
	: undefined;
type PartsOf<O> = O extends { parameters: { path: infer Parts } } ? { parts: Parts } : { parts?: undefined };
type QueryOf<O> = O extends { parameters: { query?: infer Query } } ? { query?: Query } : { query?: undefined };
type BodyOf<O> = O extends { requestBody: { content: { "application/json": infer Body } } }
	? { body: Body }
	: { body?: undefined };
type HeadersOf<O> = O extends { parameters: { header?: infer Headers } }
	? [NonNullable<Headers>] extends [never] ? never : keyof NonNullable<Headers>
	: never;
/** What is changed must be as it was when it was looked at: the version says so. */
type VersionOf<O> = "If-Match" extends HeadersOf<O> ? { version: string } : { version?: undefined };
/** Of one operation after the other: of all at once, each part of one would be tried with each of all others. */
type Options<O> = O extends unknown
	? PartsOf<O> & QueryOf<O> & BodyOf<O> & VersionOf<O> & { signal?: AbortSignal }
	: never;
interface AnyOptions {
	parts?: Record<string, string | number>;
	query?: object;
	body?: unknown;
	version?: string;
	signal?: AbortSignal;
}
type Words<O> = Options<O> extends { parts: unknown } | { body: unknown } | { version: string }
	? [Options<O>] : [Options<O>?];

/** A thing, and which version of it this is. */
export interface Versioned<T> {
	thing: T;
	version: string;
}

/** What the server would not do, or that it could not be asked: `message` is for people. */
export class Refusal extends Error {
	constructor(
		/** "invalid", "code_needed", "unreachable" ... */
		readonly kind: string,
		readonly status: number,
		message: string,
		/** Which field of the form is at fault. */
		readonly field?: string,
		/** Seconds. */
		readonly retryAfter?: number,
	) {
		super(message);
	}
}

/** A sentence of what the server says in half of one. */
function sentence(words: string): string {
	const whole = words.charAt(0).toUpperCase() + words.slice(1);
	return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

async function refusalOf(response: Response): Promise<Refusal> {
	try {
		const told = (await response.json()) as Partial<Schemas["Problem"]>;
		const kind = (told.type ?? "").split(":").pop() ?? "";
		const why = kind === "changed" ? text.problem.changed : (told.detail ?? text.problem.unknown);
		return new Refusal(kind, response.status, sentence(why),
			told.field, told.retry_after);
	} catch {
		return new Refusal("unknown", response.status, text.problem.status(response.status));
	}
}

export function asRefusal(error: unknown): Refusal {
	return error instanceof Refusal ? error : new Refusal("broken", 0, text.problem.unknown);
}

/** Where `path` of the document is, with its parts filled in. */
export function urlOf(path: string, parts: Record<string, string | number> = {}, query: object = {}): string {
	const filled = path.replace(/{(\w+)}/g, (_, name: string) => encodeURIComponent(parts[name] ?? ""));
	const words = new URLSearchParams();
	for (const [name, value] of Object.entries(query))
		if (value !== undefined && value !== "") words.set(name, String(value));
	const tail = words.toString();
	return `/api/v1${filled}${tail && `?${tail}`}`;
}

let csrf = "", whose = 0;
let lost: () => void = () => undefined;
let replaced: () => void = () => undefined;
let prove: () => Promise<boolean> = () => Promise.resolve(false);

/** What GET /session says of it, and whose it is; kept here and nowhere else. */
export function setCsrf(value: string, user: number): void {
	csrf = value;
	whose = user;
}

/** Called when the server no longer knows who we are. */
export function onSessionLost(call: () => void): void {
	lost = call;
}

/** Called when the server knows us as somebody else than whom we knew. */
export function onSessionReplaced(call: () => void): void {
	replaced = call;
}

/** Called when the server wants the password once more; says whether it was given. */
export function onProofNeeded(call: () => Promise<boolean>): void {
	prove = call;
}

async function send(method: Method, url: string, { body, version, signal }: AnyOptions = {}): Promise<Response> {
	const headers = new Headers();
	if (method !== "get") tooEarly();
	if (version !== undefined) headers.set("If-Match", version);
	if (method !== "get" && csrf) headers.set("X-CSRF-Token", csrf);
	if (body !== undefined) headers.set("Content-Type", "application/json");
	try {
		return await (early(url) ?? fetch(url, {
			method: method.toUpperCase(),
			headers,
			credentials: "same-origin",
			...(body !== undefined && { body: JSON.stringify(body) }),
			...(signal && { signal }),
		}));
	} catch (error) {
		if (error instanceof DOMException && error.name === "AbortError") throw error;
		throw new Refusal("unreachable", 0, text.problem.unreachable);
	}
}

/**
 * Another tab may have signed in anew since: its session is ours too, with another token. What was begun
 * here by one person is not done in the name of another.
 */
async function renewCsrf(): Promise<boolean> {
	const response = await send("get", "/api/v1/session");
	if (!response.ok) return false;
	const before = csrf, { csrf: token, user } = (await response.json()) as Schemas["SignedIn"];
	if (user.id !== whose) {
		replaced();
		return false;
	}
	setCsrf(token ?? "", whose);
	return csrf !== before;
}

/** Of what can be put right: how, before the same is asked once more. */
const remedies = new Map<string, () => Promise<boolean>>([
	["forged", renewCsrf],
	["proof_needed", () => prove()],
]);

async function answerTo(method: Method, path: string, options: AnyOptions = {}): Promise<Response> {
	const url = urlOf(path, options.parts, options.query);
	const left = new Map(remedies);
	let response = await send(method, url, options);
	while (!response.ok) {
		const refusal = await refusalOf(response);
		const remedy = left.get(refusal.kind);
		left.delete(refusal.kind);
		if (!remedy || !(await remedy())) {
			if (refusal.kind === "unauthenticated" && path !== "/session") lost();
			throw refusal;
		}
		response = await send(method, url, options);
	}
	return response;
}

export async function ask<M extends Method, P extends PathsOf<M>>(
	method: M,
	path: P,
	...words: Words<Operation<P, M>>
): Promise<AnswerOf<Operation<P, M>>> {
	const response = await answerTo(method, path, (words as unknown as [AnyOptions?])[0]);
	const isJson = response.headers.get("Content-Type")?.startsWith("application/json") ?? false;
	return (isJson ? await response.json() : undefined) as AnswerOf<Operation<P, M>>;
}

/** What can be changed, with the version that whoever changes it must name. */
export async function askVersioned<P extends PathsOf<"get">>(
	path: P,
	...words: Words<Operation<P, "get">>
): Promise<Versioned<AnswerOf<Operation<P, "get">>>> {
	const response = await answerTo("get", path, (words as unknown as [AnyOptions?])[0]);
	const thing = (await response.json()) as AnswerOf<Operation<P, "get">>;
	return { thing, version: response.headers.get("ETag") ?? "*" };
}

/** An answer that is no JSON, or of which more matters than its body. */
export function askRaw<P extends PathsOf<"get">>(path: P, ...words: Words<Operation<P, "get">>): Promise<Response> {
	return answerTo("get", path, (words as unknown as [AnyOptions?])[0]);
}
