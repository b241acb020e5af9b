import { text } from "../../text";
import { type Directive, linesOf } from "../config/lines";
import { PLACE } from "../config/proposal";

const words = text.sites;

/** What stands in the file about it, and the way to it. */
export function Lines({ whole, of }: { whole: string; of: Directive }) {
	return (
		<details class="lines-of">
			<summary>{words.lines(of.first, of.last)}</summary>
			<pre class="mono" tabIndex={0} aria-label={words.lines(of.first, of.last)}>{linesOf(whole, of)}</pre>
			<a href={`${PLACE}?line=${of.first}`}>{words.toEditor}</a>
		</details>
	);
}
