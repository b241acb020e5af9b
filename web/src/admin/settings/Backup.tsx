// What has to be kept elsewhere, and how it comes back.
import { text } from "../../text";
import { Command, Notice } from "../../ui/parts";

const words = text.settings.backup;

function Section({ title, lead, command, children }: { title: string; lead: string; command: string; children?: string }) {
	return (
		<section class="card padded stack" aria-label={title}>
			<h2>{title}</h2>
			<p>{lead}</p>
			<Command>{command}</Command>
			{children && <p class="dim">{children}</p>}
		</section>
	);
}

export function Backup() {
	return (
		<>
			<p class="dim">{words.lead}</p>
			<Section title={words.make} lead={words.makeText} command={words.makeCommand}>{words.makeNote}</Section>
			<Section title={words.nightly} lead={words.nightlyText} command={words.nightlyCommand}>{words.nightlyNote}</Section>
			<Section title={words.restore} lead={words.restoreText} command={words.restoreCommand}>{words.restoreNote}</Section>
			<Notice kind="warn">{words.secret}</Notice>
		</>
	);
}
