// Addresses that can be shared: the path is what is shown, and the browser's history is ours too.
import { useEffect, useState } from "preact/hooks";
import { text } from "./text";

const watchers = new Set<() => void>();

function changed(): void {
	for (const watcher of watchers) watcher();
}

window.addEventListener("popstate", changed);

/** "replace": what was there is no place to go back to. */
export function go(to: string, how: "push" | "replace" = "push"): void {
	if (how === "replace") history.replaceState(null, "", to);
	else history.pushState(null, "", to);
	if (how === "push") window.scrollTo(0, 0);
	changed();
}

export function usePath(): URL {
	const [url, set] = useState(() => new URL(location.href));
	useEffect(() => {
		const look = () => set(new URL(location.href));
		watchers.add(look);
		return () => void watchers.delete(look);
	}, []);
	return url;
}

/** Of a path below `base`, its parts: "/portal/devices/my%20phone" has "devices" and "my phone". */
export function partsOf(url: URL, base: string): string[] {
	const parts = url.pathname.slice(base.length).split("/").filter(Boolean);
	try {
		return parts.map(decodeURIComponent);
	} catch {
		return parts;
	}
}

/** Links within these pages need no new document. */
export function followLinks(base: string): void {
	document.addEventListener("click", (event) => {
		const link = event.target instanceof Element ? event.target.closest("a") : null;
		const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
		if (!link || !plain || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
		const to = new URL(link.href, location.href);
		const isOurs = to.pathname === base || to.pathname.startsWith(`${base}/`);
		if (to.origin !== location.origin || !isOurs || to.hash) return;
		event.preventDefault();
		go(to.pathname + to.search);
	});
}

let first = true;

/** For whoever does not see the page change: its title is said, and reading begins at its head. */
export function usePageTitle(title: string): void {
	useEffect(() => {
		document.title = `${title} – ${text.product}`;
	}, [title]);
	useEffect(() => {
		if (!first) document.querySelector<HTMLElement>("h1")?.focus();
		first = false;
	}, []);
}
