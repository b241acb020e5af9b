// In which order rules are looked at, and what is so where none fits.
import { text } from "../../text";

const words = text.access;

export function Steps() {
	return (
		<section class="card padded stack">
			<div>
				<h2>{words.decides}</h2>
				<p class="dim small">{words.decidesLead}</p>
			</div>
			<ol class="decides">
				{words.steps.map((step, i) => (
					<li key={step.name}>
						<span class="step-number" aria-hidden="true">{i + 1}</span>
						<div><b>{step.name}</b> <span class="dim">{step.text}</span></div>
					</li>
				))}
			</ol>
		</section>
	);
}
