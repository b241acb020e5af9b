// Whose name one types, with those that there are to choose from.
import { useId } from "preact/hooks";
import { useAsked } from "../../api/asked";
import { ask } from "../../api/client";
import { Field } from "../../ui/form";

const SUGGESTED = 20;

interface SubjectProps {
	of: "user" | "group";
	label: string;
	value: string;
	onValue: (value: string) => void;
	fault?: string | undefined;
	focus?: boolean;
}

async function namesLike(of: "user" | "group", search: string, signal: AbortSignal): Promise<string[]> {
	const query = { search, limit: SUGGESTED };
	const { items } = of === "user" ? await ask("get", "/users", { query, signal }) : await ask("get", "/groups", { query, signal });
	return items.map(({ name }) => name);
}

export function SubjectField({ of, ...field }: SubjectProps) {
	const id = useId();
	const { data } = useAsked(`${of} ${field.value}`, (signal) => namesLike(of, field.value.trim(), signal));
	return (
		<>
			<Field {...field} list={id} autocomplete="off" autocapitalize="none" spellcheck={false} maxLength={64} />
			<datalist id={id}>{data?.map((name) => <option key={name} value={name} />)}</datalist>
		</>
	);
}
