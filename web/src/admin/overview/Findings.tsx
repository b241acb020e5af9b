import type { Schemas } from "../../api/client";
import { text } from "../../text";
import { useFolded } from "../../ui/folded";
import { Icon } from "../../ui/Icon";
import { Section } from "../../ui/page";

const words = text.overview;
const MOST = 5;
const severities = ["danger", "warning", "notice"] as const;
const looks = { danger: "bad", warning: "warn", notice: "" };

export function Findings({ items }: { items: Schemas["Finding"][] }) {
	const sorted = [...items].sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
	const [shown, fold] = useFolded(sorted, MOST);
	return (
		<Section title={words.findings}>
			{items.length === 0 ? (
				<div class="nothing">
					<Icon name="check" size={28} />
					<p class="dim">{words.findingsGood}</p>
				</div>
			) : (
				<ul class="findings">
					{shown.map((finding, i) => (
						<li key={i}>
							<span class={`chip ${looks[finding.severity]}`}>{words.severity[finding.severity]}</span>
							<div>
								<p><b class="name">{finding.subject}</b> {finding.text}</p>
								<p class="dim">{finding.remedy}</p>
							</div>
						</li>
					))}
				</ul>
			)}
			{fold}
		</Section>
	);
}
