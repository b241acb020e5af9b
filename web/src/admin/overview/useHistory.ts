// The last hour: asked for once, and then only for what came since.
import { useRef } from "preact/hooks";
import { type Asked, useAsked } from "../../api/asked";
import { ask } from "../../api/client";
import { extended, type History } from "../history";

export function useHistory(): Asked<History> {
	const kept = useRef<History>();
	return useAsked("history", async (signal) => {
		const since = kept.current?.times.at(-1);
		const more = await ask("get", "/status/history", { query: since === undefined ? {} : { since }, signal });
		kept.current = kept.current ? extended(kept.current, more) : more;
		return kept.current;
	}, ["status"]);
}
