// What opens below a button, over the rest of the page.
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** Shut by Escape, which gives the focus back to its button, by a link in it, and by a click anywhere else. */
export function useMenu<Box extends HTMLElement>() {
	const box = useRef<Box>(null);
	const [open, set] = useState(false);
	// At once: Escape may follow faster than a browser paints.
	useLayoutEffect(() => {
		if (!open) return undefined;
		const onKey = (event: KeyboardEvent) => {
			if (event.key !== "Escape") return;
			set(false);
			box.current?.querySelector("button")?.focus();
		};
		const onClick = ({ target }: Event) => {
			const isLink = target instanceof Element && target.closest("a") !== null;
			if (isLink || !box.current?.contains(target as Node)) set(false);
		};
		document.addEventListener("click", onClick);
		document.addEventListener("keydown", onKey);
		return () => {
			document.removeEventListener("click", onClick);
			document.removeEventListener("keydown", onKey);
		};
	}, [open]);
	return { box, open, turn: () => set(!open) };
}
