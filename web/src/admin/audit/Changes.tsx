import type { Schemas } from "../../api/client";
import { text } from "../../text";
import { type Changed, changesOf } from "./changes";

const words = text.audit;
/** More than these, or long ones, are folded away. */
const OPEN_VALUES = 2, OPEN_LENGTH = 60;

function Value({ of: { name, was, is } }: { of: Changed }) {
	return (
		<div>
			{name && <dt class="mono name">{name}</dt>}
			<dd>
				{was !== undefined && <span class="was name"><span class="hidden">{words.was}</span>{was}</span>}
				{was !== undefined && is !== undefined && <span class="dim" aria-hidden="true"> → </span>}
				{is !== undefined && <span class="name">{was !== undefined && <span class="hidden">{words.is}</span>}{is}</span>}
			</dd>
		</div>
	);
}

function Values({ of }: { of: Changed[] }) {
	return <dl class="changes">{of.map((one) => <Value key={one.name} of={one} />)}</dl>;
}

export function Changes({ of }: { of: Schemas["AuditRow"] }) {
	const all = changesOf(of);
	if (all.length === 0) return <span class="dim">–</span>;
	const length = all.reduce((sum, { was = "", is = "" }) => sum + was.length + is.length, 0);
	if (all.length <= OPEN_VALUES && length <= OPEN_LENGTH) return <Values of={all} />;
	return (
		<details>
			<summary>{words.values(all.length)}</summary>
			<Values of={all} />
		</details>
	);
}
