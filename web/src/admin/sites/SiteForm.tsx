import { useState } from "preact/hooks";
import { useAct } from "../../api/act";
import { text } from "../../text";
import { Check, Choice, Field, Form } from "../../ui/form";
import { Button } from "../../ui/parts";
import { propose } from "../config/proposal";
import { addSite, changeSite, type Shown, type SiteWords, wordsOf } from "./changes";
import type { Site } from "./model";

const words = text.sites.form;
const SHOWN = ["root", "proxy", "redirect", "respond", "nothing"] as const;

interface Typed {
	names: string;
	chain: string;
	key: string;
	certificate: "self-signed" | "files";
	by: Shown;
	to: string;
	accessServer: boolean;
}

function typedOf(site: Site | undefined): Typed {
	const [chain = "", key = ""] = site?.certificates[0] ?? [];
	const answer = site?.answers.find(({ by }) => by !== "access_server");
	return {
		names: site?.names.join(" ") ?? "",
		...(key ? { chain, key, certificate: "files" as const } : { chain: "", key: "", certificate: "self-signed" as const }),
		by: site && !answer ? "nothing" : ((answer?.by ?? "root") as Shown),
		to: answer?.to ?? "",
		accessServer: site?.answers.some(({ by }) => by === "access_server") ?? false,
	};
}

function siteOf(typed: Typed): SiteWords {
	const { names, chain, key, certificate, by, to, accessServer } = typed;
	// A directory is one word, whatever is in it; a text behind its status too.
	const status = /^\s*(\d{3})\s*(.*?)\s*$/.exec(to) ?? ["", "", to];
	const said = by === "root" ? [to.trim()] : by === "respond" ? status.slice(1).filter(Boolean) : wordsOf(to);
	return { names: wordsOf(names), files: certificate === "files" ? [chain.trim(), key.trim()] : [], by, to: said, accessServer };
}

interface PartProps {
	typed: Typed;
	type: (change: Partial<Typed>) => void;
}

function CertificateFields({ typed, type }: PartProps) {
	return (
		<>
			<Choice label={words.certificate} hint={words.certificateHint[typed.certificate]} value={typed.certificate}
				onValue={(value) => type({ certificate: value === "files" ? "files" : "self-signed" })}
				options={[["self-signed", words.selfSigned], ["files", words.files]]} />
			{typed.certificate === "files" && (
				<div class="pair">
					<Field label={words.chain} value={typed.chain} onValue={(chain) => type({ chain })} class="mono" spellcheck={false} />
					<Field label={words.key} value={typed.key} onValue={(key) => type({ key })} class="mono" spellcheck={false} />
				</div>
			)}
		</>
	);
}

function AnswerFields({ typed, type }: PartProps) {
	const { by } = typed;
	return (
		<>
			<Choice label={words.by} value={by} options={SHOWN.map((one) => [one, words.shown[one].name] as const)}
				onValue={(value) => type({ by: SHOWN.find((one) => one === value) ?? "root", to: "" })} />
			{by !== "nothing" && (
				<Field key={by} label={words.shown[by].label} hint={words.shown[by].hint} value={typed.to} onValue={(to) => type({ to })}
					class="mono" spellcheck={false} />
			)}
			<Check label={words.accessServer} hint={words.accessServerHint} checked={typed.accessServer}
				onChecked={(accessServer) => type({ accessServer })} />
		</>
	);
}

export function SiteForm({ site }: { site?: Site | undefined }) {
	const [typed, set] = useState(() => typedOf(site));
	const { busy, refusal, act } = useAct();
	const type = (change: Partial<Typed>) => set({ ...typed, ...change });
	const submit = () => act(() => propose((file) => (site ? changeSite(file, site, siteOf(typed)) : addSite(file, siteOf(typed)))));
	return (
		<section class="card padded narrow">
			<Form onSubmit={submit} refusal={refusal}>
				<Field label={words.names} hint={words.namesHint} value={typed.names} onValue={(names) => type({ names })} focus
					class="mono" spellcheck={false} autocapitalize="off" />
				<CertificateFields typed={typed} type={type} />
				<AnswerFields typed={typed} type={type} />
				{site && <p class="dim small">{words.rest}</p>}
				<div class="actions">
					<Button look="main" type="submit" busy={busy}>{words.submit}</Button>
					<a class="button" href="/admin/sites">{text.cancel}</a>
				</div>
			</Form>
		</section>
	);
}
