import { useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { ask, type Schemas } from "../../api/client";
import { platformNames } from "../../portal/platform";
import { text } from "../../text";
import { Choice, faultOf, Field, Form } from "../../ui/form";
import { Button, Dialog } from "../../ui/parts";
import type { User } from "./parts";

const words = text.personDevices;
const KINDS = ["locked", "auto"] as const;
type Kind = (typeof KINDS)[number];

interface AddProps {
	user: User;
	onAdded: (device: Schemas["Device"]) => void;
	onClose: () => void;
}

/** A device for somebody else. */
export function AddDevice({ user, onAdded, onClose }: AddProps) {
	const [name, setName] = useState("");
	const [platform, setPlatform] = useState("");
	const [kind, setKind] = useState<Kind>("locked");
	const { busy, refusal, act } = useAct();
	const submit = () => act(async () => {
		onAdded(await ask("post", "/users/{user}/devices", {
			parts: { user: user.name }, body: { name: name.trim(), platform: platform || null, kind },
		}));
	});
	return (
		<Dialog title={words.addTitle(user.name)} onClose={onClose}>
			<p class="dim">{words.addText}</p>
			<Form onSubmit={submit} refusal={refusal} fields={["name", "platform", "kind"]}>
				<Field label={words.name} hint={text.add.nameHint} value={name} onValue={setName} focus maxLength={64}
					fault={faultOf(refusal, "name")} autocomplete="off" />
				<Choice label={words.platform} value={platform} onValue={setPlatform} fault={faultOf(refusal, "platform")}
					options={[["", words.otherPlatform], ...platformNames.map((one) => [one, text.platforms[one]] as const)]} />
				<Choice label={words.kindLabel} value={kind} fault={faultOf(refusal, "kind")}
					options={KINDS.map((one) => [one, words.kindOptions[one]] as const)}
					onValue={(value) => setKind(KINDS.find((one) => one === value) ?? "locked")} />
				<div class="actions">
					<Button onClick={onClose}>{text.cancel}</Button>
					<Button look="main" type="submit" busy={busy}>{words.addDo}</Button>
				</div>
			</Form>
		</Dialog>
	);
}
