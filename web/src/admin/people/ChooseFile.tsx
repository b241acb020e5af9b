import { useId, useState } from "preact/hooks";
import { text } from "../../text";
import { Notice } from "../../ui/parts";

const words = text.importing;
const MOST = 1024 * 1024;

/** Read here: what is done with its text is for whoever asked. */
export function ChooseFile({ onText }: { onText: (content: string) => void }) {
	const id = useId();
	const [name, setName] = useState<string>();
	const [fault, setFault] = useState<string>();
	const read = (file: File | undefined) => {
		setName(undefined);
		setFault(file && file.size > MOST ? words.tooLarge : undefined);
		if (!file || file.size > MOST) return;
		file.text().then((content) => {
			setName(file.name);
			onText(content);
		}, () => setFault(words.unreadable));
	};
	return (
		<div class="field">
			<label for={id}>{words.choose}</label>
			<input id={id} type="file" accept=".csv,text/csv,text/plain" onChange={(event) => read(event.currentTarget.files?.[0])} />
			{name !== undefined && <small class="dim name" role="status">{words.chosen(name)}</small>}
			{fault !== undefined && <Notice kind="bad">{fault}</Notice>}
		</div>
	);
}
