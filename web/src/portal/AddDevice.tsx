import { useState } from "preact/hooks";
import { ask, asRefusal, type Refusal } from "../api/client";
import { go, usePageTitle } from "../route";
import { type Platform, text } from "../text";
import { Icon } from "../ui/Icon";
import { Field, Form } from "../ui/form";
import { Button, Problem } from "../ui/parts";
import { setUpPath } from "./devices";
import { platformNames, platforms, thisPlatform } from "./platform";

const words = text.add;

function PlatformChoice({ value, onValue }: { value: Platform; onValue: (value: Platform) => void }) {
	return (
		<fieldset class="field">
			<legend>{words.platform}</legend>
			<div class="platforms">
				{platformNames.map((name) => (
					<label key={name}>
						<input type="radio" name="platform" value={name} checked={name === value}
							onChange={() => onValue(name)} />
						<Icon name={platforms[name].icon} />
						{text.platforms[name]}
					</label>
				))}
			</div>
		</fieldset>
	);
}

export function AddDevice() {
	const [platform, setPlatform] = useState(thisPlatform);
	const [typed, type] = useState<string>();
	const [busy, setBusy] = useState(false);
	const [refusal, refuse] = useState<Refusal>();
	const name = typed ?? words.suggestions[platform];
	const fault = refusal?.field === "name" || refusal?.kind === "conflict" ? refusal.message : undefined;
	usePageTitle(words.title);

	const submit = async () => {
		if (busy) return;
		setBusy(true);
		refuse(undefined);
		try {
			const device = await ask("post", "/me/devices", { body: { name: name.trim(), platform } });
			go(setUpPath(device));
		} catch (error) {
			refuse(asRefusal(error));
			setBusy(false);
		}
	};

	return (
		<div class="stack wide">
			<div>
				<a class="small" href="/portal">{words.back}</a>
				<h1 tabIndex={-1}>{words.title}</h1>
			</div>
			<div class="card padded">
				<Form onSubmit={() => void submit()}>
					{refusal && !fault && <Problem refusal={refusal} />}
					<PlatformChoice value={platform} onValue={setPlatform} />
					<Field label={words.name} hint={words.nameHint} value={name} onValue={type} fault={fault}
						autocomplete="off" maxLength={64} />
					<div class="actions">
						<Button look="main" type="submit" busy={busy}>{words.submit}</Button>
						<a class="button" href="/portal">{text.cancel}</a>
					</div>
				</Form>
			</div>
		</div>
	);
}
