// Whether the log is as it was written, and what that means.
import type { Schemas } from "../../api/client";
import { text } from "../../text";
import { Command, Notice } from "../../ui/parts";

const words = text.audit;
const JOURNAL = "journalctl --unit sallyport --grep 'audit head'";

function sentence(why: string): string {
	return `${why.charAt(0).toUpperCase()}${why.slice(1)}.`;
}

export function Chain({ of: { whole, rows, why, head } }: { of: Schemas["AuditVerdict"] }) {
	return (
		<section class="card padded stack">
			<Notice kind={whole ? "good" : "bad"}>
				<p><b>{whole ? words.whole : words.broken}</b></p>
				<p>{sentence(why ?? "")}</p>
			</Notice>
			{!whole && <p>{words.brokenDo}</p>}
			<p class="dim">{words.wholeMeans}</p>
			{head !== null && (
				<div class="stack">
					<div>
						<h2>{words.head(rows)}</h2>
						<p><code class="name">{head}</code></p>
					</div>
					<p class="dim">{words.headHint}</p>
					<Command>{JOURNAL}</Command>
				</div>
			)}
		</section>
	);
}
