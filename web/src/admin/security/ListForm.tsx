// One of the two lists of who may come, as a form.
import { useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { useTypedOver } from "../../api/edited";
import { text } from "../../text";
import { Area, Check, Form } from "../../ui/form";
import { Button, Notice } from "../../ui/parts";
import { readTree } from "../config/lines";
import { propose } from "../config/proposal";
import type { Here } from "./AllowList";
import { changedList, listOf, type ListName, withList } from "./lists";
import { isIn, networkOf } from "./network";

const words = text.guard.allow;
const LOOPBACK = ["127.0.0.0/8", "::1"];
const NAMED = ["any", "loopback", "vpn"] as const;
type Named = (typeof NAMED)[number];

export function lets(list: readonly string[], { address, vpn }: Here): boolean {
	if (address === undefined || list.includes("any")) return true;
	const networks = list.flatMap((word) => (word === "loopback" ? LOOPBACK : word === "vpn" ? vpn : [word]));
	return networks.some((network) => isIn(address, network));
}

function faultIn(typed: readonly string[], list: readonly string[]): string | undefined {
	const wrong = typed.find((word) => !networkOf(word));
	if (wrong !== undefined) return words.wrong(wrong);
	return list.length === 0 ? words.nobody : undefined;
}

function withChange(file: string, name: ListName, before: readonly string[], after: readonly string[]): string {
	const tree = readTree(file);
	return withList(file, name, tree ? changedList(listOf(tree, name), before, after) : after);
}

interface Typed {
	named: readonly string[];
	/** As they stand in the field, a line each. */
	others: string;
}

function typedOf(list: readonly string[]): Typed {
	const isNamed = (word: string) => NAMED.includes(word as Named);
	return { named: list.filter(isNamed), others: list.filter((word) => !isNamed(word)).join("\n") };
}

interface ListFormProps {
	name: ListName;
	list: readonly string[];
	here: Here;
	locked: boolean;
}

export function ListForm({ name, list, here, locked }: ListFormProps) {
	const { begun, typed: { named, others }, type } = useTypedOver({ list, ...typedOf(list) });
	const setNamed = (next: readonly string[]) => type({ list: begun.list, named: next, others });
	const setOthers = (next: string) => type({ list: begun.list, named, others: next });
	const [tried, setTried] = useState(false);
	const { busy, refusal, act } = useAct();
	const typed = others.split(/[\s,]+/).filter(Boolean);
	const next = named.includes("any") ? ["any"] : [...NAMED.filter((one) => named.includes(one)), ...typed];
	const fault = named.includes("any") ? undefined : faultIn(typed, next);
	const isSame = next.join(" ") === list.join(" ");
	const submit = () => {
		setTried(true);
		if (!fault) act(() => propose((file) => withChange(file, name, begun.list, next)));
	};
	const check = (one: Named) => (
		<Check key={one} label={words.named[one]} hint={words.namedHint[one]} checked={named.includes(one)}
			onChecked={(on) => setNamed(on ? [...named, one] : named.filter((word) => word !== one))} />
	);
	return (
		<section class="card padded stack" aria-label={words[name].title}>
			<div>
				<h2>{words[name].title}</h2>
				<p class="dim">{words[name].text}</p>
			</div>
			<Form onSubmit={submit} refusal={refusal} locked={locked}>
				{check("any")}
				{!named.includes("any") && (
					<>
						{check("loopback")}
						{check("vpn")}
						<Area label={words.others} hint={words.othersHint} value={others} onValue={setOthers} rows={3} optional
							class="mono" fault={tried ? fault : undefined} />
					</>
				)}
				{name === "allow" && here.address && !fault && !lets(next, here) && (
					<Notice kind="warn">
						<p>{words.shutOut(here.address)}</p>
						<p><Button look="quiet" onClick={() => setOthers([...typed, here.address].join("\n"))}>{words.letIn(here.address)}</Button></p>
					</Notice>
				)}
				{named.includes("any") && name === "allow" && <Notice kind="warn">{words.anyWarning}</Notice>}
				{!locked && (
					<div class="actions">
						<Button look={isSame ? "" : "main"} type="submit" busy={busy}>{words.review}</Button>
						{isSame && <span class="dim small">{words.same}</span>}
					</div>
				)}
			</Form>
		</section>
	);
}
