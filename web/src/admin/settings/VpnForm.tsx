import { useAct } from "../../api/act";
import { useTypedOver } from "../../api/edited";
import { text } from "../../text";
import { Area, Check, Field, Form } from "../../ui/form";
import { Button, Notice } from "../../ui/parts";
import { propose } from "../config/proposal";
import { type VpnSettings, withSettings } from "./vpnSettings";

const words = text.settings.vpn;

interface PartProps {
	now: VpnSettings;
	change: (some: Partial<VpnSettings>) => void;
}

function Network({ now, change }: PartProps) {
	return (
		<section class="card padded form" aria-label={words.networkTitle}>
			<h2>{words.networkTitle}</h2>
			<div class="pair">
				<Field label={words.endpoint} hint={words.endpointHint} value={now.endpoint} optional autocomplete="off"
					onValue={(endpoint) => change({ endpoint })} spellcheck={false} />
				<Field label={words.listen} hint={words.listenHint} value={now.listen} optional autocomplete="off"
					onValue={(listen) => change({ listen })} spellcheck={false} />
			</div>
			<div class="pair">
				<Field label={words.network} hint={words.networkHint} value={now.network} autocomplete="off"
					onValue={(network) => change({ network })} spellcheck={false} placeholder="10.86.0.0/20" />
				<Field label={words.network6} hint={words.network6Hint} value={now.network6} optional autocomplete="off"
					onValue={(network6) => change({ network6 })} spellcheck={false} />
			</div>
			<Check label={words.clientToClient} hint={words.clientToClientHint} checked={now.clientToClient}
				onChecked={(clientToClient) => change({ clientToClient })} />
		</section>
	);
}

function Routes({ now, change }: PartProps) {
	return (
		<section class="card padded form" aria-label={words.routesTitle}>
			<h2>{words.routesTitle}</h2>
			<p class="dim">{now.routes.trim() ? words.split : words.full}</p>
			<Area label={words.routes} hint={words.routesHint} value={now.routes} rows={4} optional class="mono"
				onValue={(routes) => change({ routes })} />
		</section>
	);
}

function Names({ now, change }: PartProps) {
	return (
		<section class="card padded form" aria-label={words.dnsTitle}>
			<h2>{words.dnsTitle}</h2>
			<Check label={words.dnsSystem} hint={words.dnsSystemHint} checked={now.dnsSystem}
				onChecked={(dnsSystem) => change({ dnsSystem })} />
			<Area label={words.dns} hint={words.dnsHint} value={now.dns} rows={2} optional class="mono"
				onValue={(dns) => change({ dns })} />
			<Field label={words.domain} hint={words.domainHint} value={now.domain} optional autocomplete="off"
				onValue={(domain) => change({ domain })} spellcheck={false} />
		</section>
	);
}

export function VpnForm({ running, locked }: { running: VpnSettings; locked: boolean }) {
	const { begun: before, typed: now, type } = useTypedOver(running);
	const { busy, refusal, act } = useAct();
	const change = (some: Partial<VpnSettings>) => type({ ...now, ...some });
	const movesNetwork = before.network !== "" && (now.network !== before.network || now.network6 !== before.network6);
	return (
		<Form refusal={refusal} locked={locked} onSubmit={() => act(() => propose((file) => withSettings(file, before, now)))}>
			<Network now={now} change={change} />
			{movesNetwork && <Notice kind="warn">{words.moves}</Notice>}
			<Routes now={now} change={change} />
			<Names now={now} change={change} />
			{!locked && (
				<div class="actions">
					<Button look="main" type="submit" busy={busy}>{words.review}</Button>
					<span class="dim small">{words.reviewText}</span>
				</div>
			)}
		</Form>
	);
}
