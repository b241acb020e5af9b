import type { Schemas } from "../../api/client";
import { useAct } from "../../api/act";
import { text } from "../../text";
import { dayOf } from "../../time";
import { Button, Problem } from "../../ui/parts";
import { propose } from "../config/proposal";
import { removeSite } from "./changes";
import { Lines } from "./Lines";
import type { Answer, Site } from "./model";

const words = text.sites;
const SOON_MS = 21 * 86_400_000;
type Certificate = Schemas["SiteCertificate"];

function lookOf({ problem, self_signed, not_after }: Certificate): "bad" | "warn" | "good" {
	const left = Date.parse(not_after ?? "") - Date.now();
	if (problem !== null || left < 0) return "bad";
	return self_signed || left < SOON_MS ? "warn" : "good";
}

function CertificateLine({ of }: { of: Certificate }) {
	return (
		<li>
			<span class={`chip ${lookOf(of)}`}>{of.self_signed ? words.selfSigned : (of.key_type ?? words.certificate)}</span>{" "}
			{of.not_after && <span>{words.until(dayOf(of.not_after))}</span>}
			{of.chain && !of.self_signed && <span class="dim small name"> {of.chain}</span>}
			{of.problem && <p class="fault name">{of.problem}</p>}
		</li>
	);
}

function AnswerLine({ path, answer }: { path: string; answer: Answer | undefined }) {
	return (
		<li>
			<code class="name">{path}</code>
			{answer
				? <span><span class="dim">{words.answers[answer.by]}</span> <b class="name">{answer.to}</b></span>
				: <span class="dim">{words.noAnswer}</span>}
		</li>
	);
}

interface SiteProps {
	site: Site;
	whole: string;
	certificates: readonly Certificate[];
	isFirst: boolean;
	canEdit: boolean;
}

export function SiteCard({ site, whole, certificates, isFirst, canEdit }: SiteProps) {
	const { busy, refusal, act } = useAct();
	const [name = "", ...others] = site.names;
	const shown = site.answers.length > 0 ? site.answers : [undefined];
	return (
		<section class="card section site">
			<div class="head">
				<div>
					<h3 class="name">{name}</h3>
					{others.length > 0 && <p class="dim small name">{others.join(", ")}</p>}
				</div>
				<div class="actions">
					{isFirst && <span class="chip plain">{words.first}</span>}
					{canEdit && <a class="button quiet" href={`/admin/sites/edit?name=${encodeURIComponent(name)}`} aria-label={words.editOf(name)}>{words.edit}</a>}
					{canEdit && (
						<Button look="quiet danger" label={words.removeOf(name)} busy={busy}
							onClick={() => act(() => propose((file) => removeSite(file, site)))}>{words.remove}</Button>
					)}
				</div>
			</div>
			{refusal && <Problem refusal={refusal} />}
			<ul class="answers">
				{site.routes.map(({ path, answers }, i) => <AnswerLine key={i} path={path} answer={answers[0]} />)}
				{shown.map((answer, i) => <AnswerLine key={i} path={site.routes.length > 0 ? words.rest : "/*"} answer={answer} />)}
			</ul>
			<ul class="certificates">
				{certificates.map((one) => <CertificateLine key={one.sha256} of={one} />)}
			</ul>
			<Lines whole={whole} of={site.at} />
		</section>
	);
}
