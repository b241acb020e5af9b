// Of a long list, what matters most; the rest when it is asked for.
import { useState } from "preact/hooks";
import { text } from "../text";
import { Button } from "./parts";

/** The first `most` of them, and the button that shows all. */
export function useFolded<T>(all: readonly T[], most: number) {
	const [open, set] = useState(false);
	const isLong = all.length > most + 1;
	const button = isLong && (
		<div class="more-rows">
			<Button look="quiet" expanded={open} onClick={() => set(!open)}>
				{open ? text.list.less : text.list.all(all.length)}
			</Button>
		</div>
	);
	return [isLong && !open ? all.slice(0, most) : all, button] as const;
}
