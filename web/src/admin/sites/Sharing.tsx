// What becomes of each protocol that somebody speaks at the shared port.
import { useAct } from "../../api/act";
import { text } from "../../text";
import { Section } from "../../ui/page";
import { Button, Problem } from "../../ui/parts";
import { propose } from "../config/proposal";
import { removeRule } from "./changes";
import { Lines } from "./Lines";
import type { Rule } from "./model";

const words = text.sites;

function addressOf({ kind, names }: Rule): string {
	const query = new URLSearchParams({ kind, ...(names[0] !== undefined && { name: names[0] }) });
	return `/admin/sites/share?${query.toString()}`;
}

function Acts({ rule, whole }: { rule: Rule; whole: string }) {
	const { busy, refusal, act } = useAct();
	const name = [words.rules[rule.kind].name, ...rule.names].join(" ");
	return (
		<>
			<div class="actions">
				<a class="button quiet" href={addressOf(rule)} aria-label={rule.at ? words.editOf(name) : words.setUpOf(name)}>{rule.at ? words.edit : words.setUp}</a>
				{rule.at && (
					<Button look="quiet danger" label={words.removeOf(name)} busy={busy}
						onClick={() => act(() => propose((file) => removeRule(file, rule)))}>{words.remove}</Button>
				)}
			</div>
			{refusal && <Problem refusal={refusal} />}
			{rule.at && <Lines whole={whole} of={rule.at} />}
		</>
	);
}

function goesTo(rule: Rule, vpn: boolean) {
	if (rule.to.length > 0) return <b class="name">{rule.to.map((to) => words.special[to] ?? to).join(", ")}</b>;
	const usual = rule.kind === "openvpn" && vpn ? words.special["builtin"] : words.rules[rule.kind].usual;
	return <span class="dim">{usual}</span>;
}

export function Sharing({ rules, whole, vpn, canEdit }: { rules: Rule[]; whole: string; vpn: boolean; canEdit: boolean }) {
	return (
		<Section title={words.sharing} lead={words.sharingLead}
			actions={canEdit && <a class="button" href="/admin/sites/share">{words.addRule}</a>}>
			<div class="table">
				<table class="cards">
					<thead>
						<tr>
							<th scope="col">{words.speaks}</th>
							<th scope="col">{words.goes}</th>
							<th scope="col"><span class="hidden">{words.acts}</span></th>
						</tr>
					</thead>
					<tbody>
						<tr>
							<td><b>{words.ours}</b><div class="dim small">{words.oursText}</div></td>
							<td data-label={words.goes}><b>{words.oursTo}</b></td>
							<td />
						</tr>
						{rules.map((rule, i) => (
							<tr key={i}>
								<td>
									<b>{words.rules[rule.kind].name}</b>
									<div class="dim small name">{rule.names.length > 0 ? rule.names.join(", ") : words.rules[rule.kind].what}</div>
								</td>
								<td class="goes" data-label={words.goes}>{goesTo(rule, vpn)}</td>
								<td class="does">{canEdit && <Acts rule={rule} whole={whole} />}</td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
		</Section>
	);
}
