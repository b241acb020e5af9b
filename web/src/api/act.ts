// One thing that somebody does: one at a time, and why it was refused.
import { useState } from "preact/hooks";
import { asRefusal, type Refusal } from "./client";

export interface Act {
	busy: boolean;
	refusal: Refusal | undefined;
	act: (what: () => Promise<void>) => void;
}

export function useAct(): Act {
	const [busy, setBusy] = useState(false);
	const [refusal, refuse] = useState<Refusal>();
	const act = (what: () => Promise<void>) => {
		if (busy) return;
		setBusy(true);
		refuse(undefined);
		void what()
			.catch((error: unknown) => {
				const why = asRefusal(error);
				// Who does not give his password has changed his mind, and knows it.
				if (why.kind !== "proof_needed") refuse(why);
			})
			.finally(() => setBusy(false));
	};
	return { busy, refusal, act };
}
