// Addresses that lead to nothing here, or to nothing for who follows them.
import { text } from "../text";
import { Nothing } from "../ui/list";
import { Head } from "../ui/page";

const words = text.elsewhere;

/** Within a page that has a head. */
export function OnlyAdministrators() {
	return <Nothing title={words.forbidden} lead={words.forbiddenText} />;
}

export function ForAdministrators() {
	return (
		<div class="stack">
			<Head title={words.forbidden} lead={words.forbiddenText} />
			<p><a class="button" href="/admin">{words.back}</a></p>
		</div>
	);
}

export function NoSuchPage() {
	return (
		<div class="stack">
			<Head title={words.nowhere} lead={words.nowhereText} />
			<p><a class="button" href="/admin">{words.back}</a></p>
		</div>
	);
}
