// A one-time link that was just made: the server tells it this once.
import type { Schemas } from "../../api/client";
import { text } from "../../text";
import { exactly, withZone } from "../../time";
import { Icon } from "../../ui/Icon";
import { Button, Command, Dialog } from "../../ui/parts";

const words = text.newLink;
type NewLink = Schemas["NewLink"];

function mailTo(address: string, url: string, expires: string | null): string {
	const subject = encodeURIComponent(words.mailSubject(location.host));
	const when = expires ? withZone(expires) : "";
	return `mailto:${encodeURIComponent(address)}?subject=${subject}&body=${encodeURIComponent(words.mailBody(url, when))}`;
}

interface LinkProps {
	link: NewLink;
	email?: string | null;
}

export function LinkText({ link, email }: LinkProps) {
	const url = link.url ?? "", until = link.expires ? exactly(link.expires) : "";
	return (
		<>
			<p>{words.texts[link.kind]}</p>
			{link.qr && (
				<div class="qr">
					<img src={`data:image/svg+xml,${encodeURIComponent(link.qr)}`} alt={words.qr} />
					{link.import_url && <p><a class="button" href={link.import_url}><Icon name="link" />{words.connect}</a></p>}
				</div>
			)}
			<Command>{url}</Command>
			<p class="dim small">{words.once(until)}</p>
			{email && <p><a class="button" href={mailTo(email, url, link.expires)}><Icon name="mail" />{words.mail}</a></p>}
		</>
	);
}

export function LinkDialog({ name, onClose, ...rest }: LinkProps & { name: string; onClose: () => void }) {
	return (
		<Dialog title={words.titles[rest.link.kind](name)} onClose={onClose}>
			<LinkText {...rest} />
			<div class="actions"><Button look="main" onClick={onClose}>{text.close}</Button></div>
		</Dialog>
	);
}
