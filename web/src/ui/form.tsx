// What people fill in, and press.
import type { ComponentChildren, JSX, RefObject } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Refusal } from "../api/client";
import { text } from "../text";
import { Notice, Problem } from "./parts";

interface Control {
	label: string;
	hint?: string | undefined;
	value: string;
	onValue: (value: string) => void;
	/** What is wrong with it: it takes the focus. */
	fault?: string | undefined;
	focus?: boolean;
}

interface Wired<E> {
	id: string;
	ref: RefObject<E>;
	"aria-invalid": boolean;
	"aria-describedby": string | undefined;
}

/** A control between its label and what is to be said of it. */
function useControl<E extends HTMLElement>({ label, hint, fault, focus = false }: Control) {
	const id = useId();
	const ref = useRef<E>(null);
	useEffect(() => {
		if (focus || fault) ref.current?.focus();
	}, [focus, fault]);
	const wired: Wired<E> = {
		id, ref, "aria-invalid": fault !== undefined, "aria-describedby": hint || fault ? `${id}-hint` : undefined,
	};
	const around = (control: JSX.Element) => (
		<div class="field">
			<label for={id}>{label}</label>
			{control}
			{(hint || fault) && (
				<small id={`${id}-hint`}>
					{fault && <span class="fault">{fault} </span>}
					<span class="dim">{hint}</span>
				</small>
			)}
		</div>
	);
	return { wired, around };
}

interface FieldProps extends Control, Pick<JSX.IntrinsicElements["input"],
	"type" | "autocomplete" | "inputMode" | "maxLength" | "spellcheck" | "autocapitalize" | "class" | "readOnly"
	| "placeholder" | "min" | "max" | "list"> {
	optional?: boolean;
}

export function Field({ label, hint, value, onValue, fault, focus = false, optional = false, ...input }: FieldProps) {
	const { wired, around } = useControl<HTMLInputElement>({ label, hint, value, onValue, fault, focus });
	return around(
		<input {...input} {...wired} required={!optional} value={value}
			onInput={(event) => onValue(event.currentTarget.value)} />,
	);
}

interface AreaProps extends Control {
	rows?: number;
	maxLength?: number;
	optional?: boolean;
	class?: string;
}

/** Text of several lines. */
export function Area({ rows = 4, maxLength, optional = false, class: look, ...control }: AreaProps) {
	const { wired, around } = useControl<HTMLTextAreaElement>(control);
	return around(
		<textarea {...wired} {...(maxLength !== undefined && { maxLength })} {...(look && { class: look })} rows={rows}
			required={!optional} spellcheck={false} value={control.value}
			onInput={(event) => control.onValue(event.currentTarget.value)} />,
	);
}

/** A value, and what people call it. */
export type Option = readonly [value: string, name: string];

export function Choice({ options, ...control }: Control & { options: readonly Option[] }) {
	const { wired, around } = useControl<HTMLSelectElement>(control);
	return around(
		<select {...wired} value={control.value} onChange={(event) => control.onValue(event.currentTarget.value)}>
			{options.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
		</select>,
	);
}

interface CheckProps {
	label: string;
	hint?: string;
	checked: boolean;
	onChecked: (checked: boolean) => void;
}

export function Check({ label, hint, checked, onChecked }: CheckProps) {
	const id = useId();
	return (
		<div class="check">
			<input type="checkbox" id={id} checked={checked} aria-describedby={hint ? `${id}-hint` : undefined}
				onChange={(event) => onChecked(event.currentTarget.checked)} />
			<div>
				<label for={id}>{label}</label>
				{hint && <small class="dim" id={`${id}-hint`}>{hint}</small>}
			</div>
		</div>
	);
}

interface FormProps {
	onSubmit: () => void;
	/** Why it was not taken. What is about a field stands beside that field. */
	refusal?: Refusal | undefined;
	fields?: readonly string[];
	/** Begins again with what is there now, where somebody else changed it first. */
	anew?: (() => void) | undefined;
	/** It has begun again, with what was typed. */
	met?: boolean;
	/** What others chose where something else was typed. */
	clashes?: readonly string[];
	/** It may be read and not changed. */
	locked?: boolean;
	children: ComponentChildren;
}

function Met({ clashes }: { clashes: readonly string[] }) {
	return (
		<Notice kind="warn">
			<p>{text.problem.met}</p>
			{clashes.length > 0 && <p>{text.problem.clashes} <span class="name">{clashes.map(text.problem.clash).join(", ")}</span></p>}
		</Notice>
	);
}

export function Form({ onSubmit, refusal, fields = [], anew, met = false, clashes = [], locked = false, children }: FormProps) {
	return (
		<form
			class="form"
			onSubmit={(event) => {
				event.preventDefault();
				onSubmit();
			}}
		>
			{refusal && !faultOf(refusal, ...fields) && (
				<Problem refusal={refusal} {...(anew && refusal.kind === "changed" && { again: anew })} />
			)}
			{met && !refusal && <Met clashes={clashes} />}
			{locked ? <fieldset class="form" disabled>{children}</fieldset> : children}
		</form>
	);
}

/** What a refusal has to say of a field; of any of them, where several are named. */
export function faultOf(refusal: Refusal | undefined, ...fields: readonly string[]): string | undefined {
	return refusal?.field !== undefined && fields.includes(refusal.field) ? refusal.message : undefined;
}
