// The parts that all pages are made of.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Refusal } from "../api/client";
import { text } from "../text";
import { ago, ahead, exactly } from "../time";
import iconUrl from "./icon.svg";
import { Icon, type IconName } from "./Icon";

export function Brand({ href }: { href?: string }) {
	const inside = (
		<>
			<img src={iconUrl} width="28" height="28" alt="" />
			{text.product}
		</>
	);
	return href ? <a class="brand" href={href}>{inside}</a> : <span class="brand">{inside}</span>;
}

type ButtonLook = "" | "main" | "danger" | "quiet" | "main danger" | "quiet danger";
interface ButtonProps {
	look?: ButtonLook;
	icon?: IconName;
	busy?: boolean | undefined;
	wide?: boolean;
	label?: string;
	/** Of what it opens and shuts: whether that is open. */
	expanded?: boolean;
	type?: "button" | "submit";
	onClick?: () => void;
	children: ComponentChildren;
}

/** While it is busy it keeps the focus, and does nothing. */
export function Button({ look = "", icon, busy = false, wide = false, label, expanded, type = "button", onClick, children }: ButtonProps) {
	return (
		<button
			type={type}
			class={`button ${look} ${wide ? "wide" : ""}`}
			aria-disabled={busy}
			aria-label={label}
			aria-expanded={expanded}
			onClick={(event) => {
				if (busy) event.preventDefault();
				else onClick?.();
			}}
		>
			{busy ? <span class="spin" /> : icon && <Icon name={icon} />}
			{children}
		</button>
	);
}

export function Notice({ kind, children }: { kind: "bad" | "warn" | "good"; children: ComponentChildren }) {
	return (
		<div class={`notice ${kind}`} role={kind === "bad" ? "alert" : "status"}>
			<Icon name={kind === "good" ? "check" : "alert"} />
			<div>{children}</div>
		</div>
	);
}

/** What went wrong, and what can be done about it. */
export function Problem({ refusal, again }: { refusal: Refusal; again?: () => void }) {
	return (
		<Notice kind="bad">
			<p>{refusal.message}</p>
			{refusal.retryAfter !== undefined && <p>{text.problem.wait(refusal.retryAfter)}</p>}
			{again && (
				<p><Button look="quiet" onClick={again}>{refusal.kind === "changed" ? text.problem.loadAnew : text.retry}</Button></p>
			)}
		</Notice>
	);
}

/** Open as long as it is there; the browser keeps the focus inside and gives it back. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
	const box = useRef<HTMLDialogElement>(null);
	const id = useId();
	useEffect(() => {
		const dialog = box.current;
		dialog?.showModal();
		return () => dialog?.close();
	}, []);
	return (
		<dialog
			ref={box}
			aria-labelledby={id}
			onCancel={(event) => {
				event.preventDefault();
				onClose();
			}}
		>
			<div class="stack">
				<h2 id={id}>{title}</h2>
				{children}
			</div>
		</dialog>
	);
}

/** Only what takes long shows that it does. */
export function Waiting() {
	const [shown, show] = useState(false);
	useEffect(() => {
		const timer = window.setTimeout(() => show(true), 300);
		return () => window.clearTimeout(timer);
	}, []);
	return <div class="waiting" role="status">{shown && text.loading}</div>;
}

export function Time({ of }: { of: string | null | undefined }) {
	return of ? <time dateTime={of} title={exactly(of)}>{ago(of)}</time> : <>{text.time.never}</>;
}

/** Of what ends then, or may be done again. */
export function Until({ when }: { when: string }) {
	return <time dateTime={when} title={exactly(when)}>{ahead(when)}</time>;
}

export function CopyButton({ of, look = "quiet" }: { of: string; look?: ButtonLook }) {
	const [copied, set] = useState(false);
	useEffect(() => {
		const timer = copied ? window.setTimeout(() => set(false), 2000) : undefined;
		return () => window.clearTimeout(timer);
	}, [copied]);
	return (
		<>
			<Button look={look} icon={copied ? "check" : "copy"} onClick={() => {
				void navigator.clipboard.writeText(of).then(() => set(true), () => undefined);
			}}>
				{copied ? text.copied : text.copy}
			</Button>
			{/* Not within the button, which would have no name then. */}
			<span class="hidden" role="status">{copied && text.copied}</span>
		</>
	);
}

export function Command({ children }: { children: string }) {
	return (
		<div class="command">
			<code>{children}</code>
			<CopyButton of={children} />
		</div>
	);
}
