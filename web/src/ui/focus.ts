/**
 * What has the focus is often gone soon, as the button of what was removed, or of a form that is loaded anew:
 * then the page's head has it, and whoever has no mouse does not begin at the top of the document again.
 */
export function keepFocus(): void {
	let last: EventTarget | null = null;
	document.addEventListener("focusin", ({ target }) => {
		last = target;
	});
	// Who presses beside everything has left it; what he presses gets the focus after this.
	document.addEventListener("mousedown", () => {
		last = null;
	});
	new MutationObserver(() => {
		const head = document.querySelector<HTMLElement>("h1");
		if (!head || !(last instanceof Element) || last.isConnected || document.activeElement !== document.body) return;
		last = null;
		head.focus({ preventScroll: true });
	}).observe(document.body, { childList: true, subtree: true });
}
