// Of what administrators are told, and how; and what was sent.
import { useState } from "preact/hooks";
import { askVersioned, type Schemas } from "../../api/client";
import { useEdited } from "../../api/edited";
import { useMay } from "../../session/me";
import { text } from "../../text";
import { Notice, Problem, Waiting } from "../../ui/parts";
import { AlertsForm } from "./AlertsForm";
import { Notices } from "./Notices";

const words = text.settings.alerts;

/** For who may look at them, and not change them. */
function Summary({ settings }: { settings: Schemas["AlertSettingsShown"] }) {
	return (
		<section class="card padded stack">
			<h2>{words.waysTitle}</h2>
			<dl class="pairs">
				<div><dt>{words.mail}</dt><dd class="name">{settings.smtp_url ? settings.mail_to.join(", ") : words.off}</dd></div>
				<div><dt>{words.webhook}</dt><dd class="name">{settings.webhook_url ?? words.off}</dd></div>
			</dl>
		</section>
	);
}

export function Alerts() {
	const [done, setDone] = useState<string>();
	const may = useMay()("admin");
	const { begun, refusal, edition, kept, anew } = useEdited("alerts", (signal) => askVersioned("/alerts", { signal }));
	const ways = begun && (begun.thing.smtp_url !== null || begun.thing.webhook_url !== null);
	return (
		<>
			<p class="dim">{words.lead}</p>
			{refusal && <Problem refusal={refusal} again={anew} />}
			{done && <Notice kind="good">{done}</Notice>}
			{!begun && !refusal && <Waiting />}
			{begun && (may
				? <AlertsForm key={edition} begun={begun} kept={kept} anew={anew} onSaved={() => setDone(words.saved)} />
				: <Summary settings={begun.thing} />)}
			<Notices canTest={may && ways === true} />
		</>
	);
}
