// What is at the head of a page, the ways to its parts, and what those are made of.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { usePageTitle } from "../route";

interface HeadProps {
	title: string;
	lead?: string | undefined;
	/** What can be done here. */
	children?: ComponentChildren;
}

export function Head({ title, lead, children }: HeadProps) {
	usePageTitle(title);
	return (
		<div class="head">
			<div>
				<h1 class="name" tabIndex={-1}>{title}</h1>
				{lead && <p class="dim name">{lead}</p>}
			</div>
			{children && <div class="actions">{children}</div>}
		</div>
	);
}

interface TabsProps {
	label: string;
	/** [address, name] of each. */
	tabs: readonly (readonly [string, string])[];
	here: string;
}

/** Where not all of them have room, the one that is open is in sight. */
export function Tabs({ label, tabs, here }: TabsProps) {
	const box = useRef<HTMLElement>(null);
	useEffect(() => {
		const open = box.current?.querySelector<HTMLElement>("[aria-current]");
		if (box.current && open) box.current.scrollLeft = open.offsetLeft - (box.current.clientWidth - open.offsetWidth) / 2;
	}, [here]);
	return (
		<nav class="tabs" aria-label={label} ref={box}>
			{tabs.map(([path, name]) => (
				<a key={path} href={path} aria-current={path === here ? "page" : undefined}>{name}</a>
			))}
		</nav>
	);
}

interface SectionProps {
	title: string;
	lead?: string;
	/** What can be done here. */
	actions?: ComponentChildren;
	children: ComponentChildren;
}

export function Section({ title, lead, actions, children }: SectionProps) {
	return (
		<section class="card section">
			<div class="head">
				<div>
					<h2 class="name">{title}</h2>
					{lead && <p class="dim small">{lead}</p>}
				</div>
				{actions && <div class="actions">{actions}</div>}
			</div>
			{children}
		</section>
	);
}
