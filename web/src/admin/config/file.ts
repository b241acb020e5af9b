import { ask, type Schemas } from "../../api/client";
import { type Asked, useAsked } from "../../api/asked";

export type Configuration = Schemas["Configuration"];

/** The file as it is now, and what runs. */
export function useFile(): Asked<Configuration> {
	return useAsked("config", (signal) => ask("get", "/config", { signal }), ["config"]);
}
