import { ask } from "../api/client";
import { useAsked } from "../api/asked";
import { partsOf, usePath } from "../route";
import { text } from "../text";
import { Nothing } from "../ui/list";
import { Head } from "../ui/page";
import { Notice, Problem, Waiting } from "../ui/parts";
import { type Configuration, useFile } from "./config/file";
import { readTree } from "./config/lines";
import { proposed, REVIEW } from "./config/proposal";
import { hasVpn, rulesOf, sitesOf } from "./sites/model";
import { RuleForm } from "./sites/RuleForm";
import { Sharing } from "./sites/Sharing";
import { SiteCard } from "./sites/SiteCard";
import { SiteForm } from "./sites/SiteForm";

const words = text.sites;

async function getRunning(signal: AbortSignal) {
	const [running, certificates] = await Promise.all([
		ask("get", "/config/running", { signal }),
		ask("get", "/site-certificates", { signal }),
	]);
	return { whole: running.text ?? "", certificates: certificates.items };
}

function Overview({ file }: { file: Configuration }) {
	const { data, refusal, again } = useAsked("running", getRunning, ["config", "certificate"]);
	if (!data) return refusal ? <Problem refusal={refusal} again={again} /> : <Waiting />;
	const tree = readTree(data.whole), sites = sitesOf(tree), canEdit = !file.read_only;
	return (
		<>
			{refusal && <Problem refusal={refusal} again={again} />}
			{!canEdit && <Notice kind="warn">{text.configuration.readOnly}</Notice>}
			{canEdit && (file.differs || proposed()) && <Notice kind="warn">{words.waits} <a href={REVIEW}>{words.waitsDo}</a></Notice>}
			<h2>{words.sites}</h2>
			{sites.length === 0 && <Nothing title={words.none} lead={words.noneText} />}
			{sites.map((site, i) => (
				<SiteCard key={site.at.from} site={site} whole={data.whole} isFirst={i === 0 && sites.length > 1} canEdit={canEdit}
					certificates={data.certificates.filter((one) => one.site === site.names[0])} />
			))}
			<Sharing rules={rulesOf(tree)} whole={data.whole} vpn={hasVpn(tree)} canEdit={canEdit} />
		</>
	);
}

/** The forms change the file, or what is being changed of it: so they begin with what that says. */
function Change({ part, file, query }: { part: string; file: Configuration; query: URLSearchParams }) {
	if (file.read_only) return <Notice kind="warn">{text.configuration.readOnly}</Notice>;
	const tree = readTree(proposed()?.text ?? file.text ?? ""), name = query.get("name");
	if (part === "add") return <SiteForm />;
	if (part === "share") {
		const rule = rulesOf(tree).find(({ kind, names }) => kind === query.get("kind") && (name === null || names.includes(name)));
		return <RuleForm key={query.toString()} rule={rule} />;
	}
	const site = sitesOf(tree).find(({ names }) => name !== null && names.includes(name));
	return site ? <SiteForm key={name} site={site} /> : <Nothing title={words.gone} lead={words.goneText} />;
}

const TITLES: Record<string, string> = { add: words.addSite, edit: words.editSite, share: words.editRule };

export function Sites() {
	const url = usePath(), [part = ""] = partsOf(url, "/admin/sites");
	const { data: file, refusal, again } = useFile();
	const title = TITLES[part];
	return (
		<div class="stack">
			{title !== undefined && <p><a href="/admin/sites">{words.title}</a></p>}
			<Head title={title ?? words.title} lead={title === undefined ? words.lead : words.changeLead}>
				{title === undefined && file && !file.read_only && <a class="button main" href="/admin/sites/add">{words.addSite}</a>}
			</Head>
			{refusal && <Problem refusal={refusal} again={again} />}
			{!file && !refusal && <Waiting />}
			{file && (title === undefined ? <Overview file={file} /> : <Change part={part} file={file} query={url.searchParams} />)}
		</div>
	);
}
