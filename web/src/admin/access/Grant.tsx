// The whole list that a user's connections are held to.
import { useState } from "preact/hooks";
import type { Schemas } from "../../api/client";
import { text } from "../../text";
import { exactly } from "../../time";
import { Section } from "../../ui/page";
import { Button } from "../../ui/parts";
import { Verdict } from "./parts";
import { pathOf, trafficOf } from "./rule";

const words = text.reach;
const SHOWN_AT_FIRST = 50;
type Grant = Schemas["Grant"];

function Facts({ of: { tunnel, client_to_client, dns, connections_max, session_until } }: { of: Grant }) {
	return (
		<dl class="grant-facts">
			<div><dt>{words.tunnel}</dt><dd>{words.tunnels[tunnel]}</dd></div>
			<div><dt>{words.friends}</dt><dd>{client_to_client ? words.friendsYes : words.friendsNo}</dd></div>
			<div><dt>{words.dns}</dt><dd class="name">{dns.length > 0 ? dns.join(", ") : words.dnsUsual}</dd></div>
			{connections_max > 0 && <div><dt>{words.connections}</dt><dd>{connections_max.toLocaleString()}</dd></div>}
			{session_until !== null && <div><dt>{words.session}</dt><dd>{exactly(session_until)}</dd></div>}
		</dl>
	);
}

function Line({ line, at, decides }: { line: Schemas["GrantedRule"]; at: number; decides: boolean }) {
	const access = text.access;
	return (
		<tr class={decides ? "decider" : ""}>
			<td>
				<div class="rule">
					<span class="number dim">{at}</span>
					<Verdict of={line.action} />
					<span>
						<span class="name mono">{line.to}</span>
						{decides && <> <span class="chip plain">{words.decider}</span></>}
					</span>
				</div>
			</td>
			<td class="number traffic" data-label={access.traffic}>{trafficOf(line)}</td>
			<td class="seen" data-label={access.seenAs}>{line.action === "allow" ? access.ways[line.way] : <span class="dim">–</span>}</td>
			<td data-label={words.source}>
				{line.rule === 0
					? <span class="dim">{words.configuration}</span>
					: <a href={pathOf({ id: line.rule })}>{access.ruleNumber(line.rule)}</a>}
			</td>
		</tr>
	);
}

function Lines({ of, decider }: { of: Grant["rules"]; decider: number | undefined }) {
	const access = text.access;
	return (
		<div class="table">
			<table class="cards">
				<thead>
					<tr>
						<th scope="col">{access.rule}</th>
						<th scope="col">{access.traffic}</th>
						<th scope="col">{access.seenAs}</th>
						<th scope="col">{words.source}</th>
					</tr>
				</thead>
				<tbody>
					{of.map((line, i) => (
						<Line key={i} line={line} at={i + 1} decides={decider !== undefined && line.rule === decider} />
					))}
				</tbody>
			</table>
		</div>
	);
}

export function Grant({ of, user, decider }: { of: Grant; user: string; decider: number | undefined }) {
	const [all, showAll] = useState(false);
	const lines = all ? of.rules : of.rules.slice(0, SHOWN_AT_FIRST);
	return (
		<Section title={words.grant(user)} lead={lines.length > 0 ? words.grantLead : words.grantNone}>
			<Facts of={of} />
			{lines.length > 0 && <Lines of={lines} decider={decider} />}
			{lines.length < of.rules.length && (
				<div class="more-rows"><Button onClick={() => showAll(true)}>{words.all(of.rules.length)}</Button></div>
			)}
		</Section>
	);
}
