// What is filled in of somebody, when he is added and later.
import type { Refusal, Schemas } from "../../api/client";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { Area, Choice, faultOf, Field } from "../../ui/form";
import { useGroupNames, type User } from "./parts";

const words = text.personForm;
const ROLES = ["user", "operator", "admin"] as const;
export const USER_FIELDS = ["name", "full_name", "email", "role", "group", "expires", "comment"];

export interface Draft {
	full_name: string;
	email: string;
	role: Schemas["User"]["role"];
	group: string;
	/** A day, or nothing. */
	expires: string;
	comment: string;
}

export const nobody: Draft = { full_name: "", email: "", role: "user", group: "", expires: "", comment: "" };

/** The day that it is there, here. */
function dayOf(time: string | null): string {
	if (!time) return "";
	const at = new Date(time);
	return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

export function draftOf(user: User): Draft {
	return {
		full_name: user.full_name ?? "", email: user.email ?? "", role: user.role, group: user.group ?? "",
		expires: dayOf(user.expires), comment: user.comment ?? "",
	};
}

/** As the API has it. Who did not touch the day keeps its hour as well. */
export function bodyOf(draft: Draft, before?: User) {
	const { full_name, email, role, group, expires, comment } = draft;
	const kept = before !== undefined && expires === dayOf(before.expires);
	return {
		full_name: full_name.trim() || null, email: email.trim() || null, comment: comment.trim() || null, role,
		group: group || null,
		expires: kept ? before.expires : expires ? new Date(`${expires}T00:00`).toISOString() : null,
	};
}

interface FieldsProps {
	draft: Draft;
	onDraft: (draft: Draft) => void;
	refusal: Refusal | undefined;
}

function RoleField({ draft, onDraft, refusal }: FieldsProps) {
	if (!useMay()("admin")) return null;
	return (
		<Choice label={words.role} hint={words.roleHint[draft.role]} value={draft.role} fault={faultOf(refusal, "role")}
			options={ROLES.map((one) => [one, text.account.roles[one]] as const)}
			onValue={(value) => onDraft({ ...draft, role: ROLES.find((one) => one === value) ?? "user" })} />
	);
}

function GroupField({ draft, onDraft, refusal }: FieldsProps) {
	const names = useGroupNames();
	const all = draft.group === "" || names.includes(draft.group) ? names : [draft.group, ...names];
	return (
		<Choice label={words.group} value={draft.group} fault={faultOf(refusal, "group")}
			options={[["", words.noGroup], ...all.map((name) => [name, name] as const)]}
			onValue={(group) => onDraft({ ...draft, group })} />
	);
}

export function UserFields({ draft, onDraft, refusal }: FieldsProps) {
	const rest = { draft, onDraft, refusal };
	return (
		<>
			<div class="pair">
				<Field label={words.fullName} value={draft.full_name} fault={faultOf(refusal, "full_name")} optional
					maxLength={200} autocomplete="off" onValue={(full_name) => onDraft({ ...draft, full_name })} />
				<Field label={words.email} type="email" value={draft.email} fault={faultOf(refusal, "email")} optional
					maxLength={200} autocomplete="off" onValue={(email) => onDraft({ ...draft, email })} />
			</div>
			<div class="pair">
				<RoleField {...rest} />
				<GroupField {...rest} />
			</div>
			<Field label={words.expires} hint={words.expiresHint} type="date" value={draft.expires} optional
				fault={faultOf(refusal, "expires")} onValue={(expires) => onDraft({ ...draft, expires })} />
			<Area label={words.comment} hint={words.commentHint} value={draft.comment} fault={faultOf(refusal, "comment")}
				rows={2} maxLength={200} optional onValue={(comment) => onDraft({ ...draft, comment })} />
		</>
	);
}
