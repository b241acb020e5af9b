import { useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { ask, type Schemas } from "../../api/client";
import { text } from "../../text";
import { Choice, Field, faultOf, Form } from "../../ui/form";
import { Button, Dialog } from "../../ui/parts";
import { endOf, lastingOptions } from "./lasting";

const words = text.guard.bans;
const LENGTHS = lastingOptions(["hour", "day", "week", "month", "ever"], words.ever);

interface NewBanProps {
	onDone: (ban: Schemas["Ban"]) => void;
	onClose: () => void;
}

export function NewBan({ onDone, onClose }: NewBanProps) {
	const [subject, setSubject] = useState("");
	const [lasting, setLasting] = useState("day");
	const [reason, setReason] = useState("");
	const { busy, refusal, act } = useAct();
	const submit = () => act(async () => {
		const body = { subject: subject.trim(), until: endOf(lasting), reason: reason.trim() || null };
		onDone(await ask("post", "/bans", { body }));
	});
	return (
		<Dialog title={words.addTitle} onClose={onClose}>
			<p>{words.addText}</p>
			<Form onSubmit={submit} refusal={refusal} fields={["subject", "until", "reason"]}>
				<Field label={words.whom} hint={words.whomHint} value={subject} onValue={setSubject} focus
					fault={faultOf(refusal, "subject")} maxLength={128} autocomplete="off" autocapitalize="none" spellcheck={false} />
				<Choice label={words.howLong} value={lasting} onValue={setLasting} options={LENGTHS} fault={faultOf(refusal, "until")} />
				<Field label={words.why} hint={words.whyHint} value={reason} onValue={setReason} optional
					fault={faultOf(refusal, "reason")} maxLength={200} autocomplete="off" />
				<div class="actions">
					<Button onClick={onClose}>{text.cancel}</Button>
					<Button look="main danger" type="submit" busy={busy}>{words.addDo}</Button>
				</div>
			</Form>
		</Dialog>
	);
}
