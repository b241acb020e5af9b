// What all pages about access show of a rule.
import { text } from "../../text";
import { type Said, trafficOf } from "./rule";

const words = text.access;

export function Verdict({ of }: { of: "allow" | "deny" }) {
	return <span class={`chip ${of === "allow" ? "good" : "bad"}`}>{words.verdicts[of]}</span>;
}

/** A rule as a sentence, with what people have called things told apart from it. */
export function Sentence({ rule }: { rule: Said }) {
	const said = words.sentence;
	return (
		<>
			{said.who[rule.scope]}
			{rule.of !== null && <b class="name">{rule.of}</b>}
			{said[rule.action]}
			<b class="name mono">{rule.destination}</b>
			{rule.protocol !== "any" && said.by(trafficOf(rule))}
			{rule.action === "allow" && said[rule.way]}.
		</>
	);
}
