// "What can this user reach?", as it stands in the address, and the answer.
import { useAsked } from "../../api/asked";
import { ask, type Refusal, type Schemas } from "../../api/client";
import { hasPorts, PLACE, type Protocol, PROTOCOLS, type Rule } from "./rule";

export interface Question {
	user: string;
	/** "": all that the user is held to. */
	to: string;
	/** "any": what has no ports. */
	protocol: Protocol;
	port: string;
}

export function questionOf(query: URLSearchParams): Question {
	const protocol = PROTOCOLS.find((one) => one === query.get("protocol")) ?? "any";
	return {
		user: query.get("user") ?? "",
		to: query.get("to") ?? "",
		protocol,
		port: hasPorts(protocol) ? (query.get("port") ?? "") : "",
	};
}

export function addressOf({ user, to, protocol, port }: Question): string {
	const words = {
		user: user.trim(),
		...(to.trim() && { to: to.trim() }),
		...(protocol !== "any" && { protocol }),
		...(hasPorts(protocol) && port && { port }),
	};
	return `${PLACE}/reach?${new URLSearchParams(words)}`;
}

export interface Reached {
	question: Question;
	reach: Schemas["Reach"];
	/** What decides, where a rule does. */
	rule?: Rule;
}

async function answerTo(question: Question, signal: AbortSignal): Promise<Reached> {
	const { user, to, protocol, port } = question;
	const query = { user, to, ...(protocol !== "any" && { protocol }), ...(port && { port: Number(port) }) };
	const reach = await ask("get", "/reach", { query, signal });
	if (reach.rule === null) return { question, reach };
	return { question, reach, rule: await ask("get", "/rules/{id}", { parts: { id: String(reach.rule) }, signal }) };
}

export interface Answer {
	grant?: Schemas["Grant"];
	/** None where no destination was asked about. */
	reached?: Reached;
	refusal?: Refusal;
	again: () => void;
}

/** What may change it: a rule, his group, a policy, the configuration. */
const EVENTS = ["rule", "user", "group", "settings", "config"] as const;

export function useAnswer(question: Question): Answer {
	const key = JSON.stringify(question);
	const { data, refusal, again } = useAsked(key, async (signal) => {
		if (question.user === "") return { key };
		const [grant, reached] = await Promise.all([
			ask("get", "/users/{user}/grant", { parts: { user: question.user }, signal }),
			question.to ? answerTo(question, signal) : undefined,
		]);
		return { key, grant, ...(reached && { reached }) };
	}, EVENTS);
	// What was asked before is no answer to this.
	return { ...(data?.key === key && data), ...(refusal && { refusal }), again };
}
