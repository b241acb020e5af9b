import { useState } from "preact/hooks";
import { partsOf, usePath } from "../route";
import { text } from "../text";
import { Head, Tabs } from "../ui/page";
import { Problem, Waiting } from "../ui/parts";
import { useFile } from "./config/file";
import { FilePage } from "./config/FilePage";
import { History, HISTORY, VersionPage } from "./config/History";
import { PLACE } from "./config/proposal";
import { Review } from "./config/Review";
import { useTrial } from "./config/trial";
import { TrialNotice } from "./config/TrialNotice";

const words = text.configuration;

function Part({ file, isHistory }: { file: ReturnType<typeof useFile>; isHistory: boolean }) {
	if (isHistory) return <History />;
	if (file.data) return <FilePage file={file.data} />;
	return file.refusal ? null : <Waiting />;
}

export function Configuration() {
	const [part = "", name = ""] = partsOf(usePath(), PLACE);
	const [movedTo, move] = useState<string>();
	const file = useFile(), trial = useTrial();
	const notice = <TrialNotice trial={trial} movedTo={movedTo} />;
	if (part === "review") return <div class="stack">{notice}<Review file={file} trial={trial} onMoved={move} /></div>;
	if (part === "history" && name) return <div class="stack">{notice}<VersionPage name={name} file={file} /></div>;
	return (
		<div class="stack">
			<Head title={words.title} lead={words.lead} />
			{notice}
			<Tabs label={words.title} here={part === "history" ? HISTORY : PLACE}
				tabs={[[PLACE, words.fileTab], [HISTORY, words.history.title]]} />
			{file.refusal && <Problem refusal={file.refusal} again={file.again} />}
			<Part file={file} isHistory={part === "history"} />
		</div>
	);
}
