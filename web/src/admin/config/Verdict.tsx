import { text } from "../../text";
import { Notice, Problem } from "../../ui/parts";
import type { Fault } from "./faults";
import type { Verdict } from "./verdict";

const words = text.configuration.verdict;

function FaultLine({ fault, onShow }: { fault: Fault; onShow: ((fault: Fault) => void) | undefined }) {
	const place = fault.line > 0 && words.place(fault.line, fault.column);
	return (
		<li>
			{place && (onShow ? <button type="button" class="link" onClick={() => onShow(fault)}>{place}</button> : <b>{place}</b>)}
			{place && " "}
			<span class="name">{fault.message}</span>
		</li>
	);
}

interface VerdictProps {
	of: Verdict | undefined;
	/** Leads to where it is. */
	onShow?: (fault: Fault) => void;
}

/** What is wrong; or what is allowed but maybe not meant. */
export function VerdictNotice({ of: verdict, onShow }: VerdictProps) {
	return (
		<div id="verdict" class="stack">
			{verdict?.refusal && <Problem refusal={verdict.refusal} again={verdict.again} />}
			{verdict && verdict.faults.length > 0 && (
				<Notice kind="bad">
					<p><b>{words.faults(verdict.faults.length)}</b></p>
					<ul>{verdict.faults.map((fault, i) => <FaultLine key={i} fault={fault} onShow={onShow} />)}</ul>
				</Notice>
			)}
			{verdict && verdict.warnings.length > 0 && (
				<Notice kind="warn">
					<p><b>{words.warnings}</b></p>
					<ul>{verdict.warnings.map((warning, i) => <FaultLine key={i} fault={warning} onShow={onShow} />)}</ul>
				</Notice>
			)}
			{verdict?.needsRestart && <Notice kind="warn">{words.restart(verdict.needsRestart)}</Notice>}
		</div>
	);
}
