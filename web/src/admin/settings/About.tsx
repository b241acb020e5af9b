import { useAsked } from "../../api/asked";
import { ask } from "../../api/client";
import { text } from "../../text";
import { exactly } from "../../time";
import { Command, Problem, Time, Waiting } from "../../ui/parts";
import type { ServerStatus } from "../status";

const words = text.settings.about;

export function About() {
	const { data, refusal, again } = useAsked("about", (signal) => ask("get", "/status", { signal }), ["status"]);
	if (!data) return refusal ? <Problem refusal={refusal} again={again} /> : <Waiting />;
	const started = new Date(Date.now() - (data.server as ServerStatus).uptime_s * 1000).toISOString();
	return (
		<>
			<section class="card padded stack" aria-label={text.product}>
				<h2>{text.product}</h2>
				<dl class="pairs">
					<div><dt>{words.version}</dt><dd>{data.version}</dd></div>
					<div><dt>{words.started}</dt><dd>{exactly(started)} (<Time of={started} />)</dd></div>
					<div><dt>{words.host}</dt><dd class="name">{location.host}</dd></div>
					<div><dt>{words.licence}</dt><dd>{words.licenceText}</dd></div>
					<div><dt>{words.api}</dt><dd>
						<a href="/api/v1/openapi.json" target="_blank" rel="noreferrer">
							{words.apiDocument}<span class="hidden"> {text.setUp.newTab}</span>
						</a>
					</dd></div>
				</dl>
			</section>
			<section class="card padded stack" aria-label={words.manual}>
				<h2>{words.manual}</h2>
				<p>{words.manualText}</p>
				<Command>man sallyport</Command>
				<Command>man sallyport.conf</Command>
			</section>
		</>
	);
}
