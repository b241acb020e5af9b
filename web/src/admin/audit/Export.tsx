import { useEffect, useRef, useState } from "preact/hooks";
import { asRefusal, type Refusal } from "../../api/client";
import { save } from "../../save";
import { text } from "../../text";
import { Button } from "../../ui/parts";
import { filtersOf, type Shown } from "../../ui/list";
import { exportAll, exportFound } from "./export";

const words = text.audit;

export interface ExportEnd {
	/** How many rows there were, or why there is no file. */
	rows?: number;
	/** They are those that the filters let through. */
	isPart?: boolean;
	refusal?: Refusal;
}

function fileName(isPart: boolean): string {
	const day = new Date().toISOString().slice(0, 10);
	return (isPart ? words.partName : words.fileName)(location.hostname, day);
}

export function Export({ shown, onEnd }: { shown: Shown; onEnd: (end: ExportEnd | undefined) => void }) {
	const [row, at] = useState<number>();
	const isPart = shown.isNarrowed;
	const running = useRef<AbortController>();
	const stop = () => {
		running.current?.abort();
		at(undefined);
	};
	useEffect(() => () => running.current?.abort(), []);
	const begin = async () => {
		const own = new AbortController();
		running.current = own;
		onEnd(undefined);
		try {
			const { content, rows } = await (isPart ? exportFound(filtersOf(shown.view), at, own.signal) : exportAll(at, own.signal));
			save(fileName(isPart), content);
			onEnd({ rows, isPart });
		} catch (error) {
			if (own.signal.aborted) return;
			onEnd({ refusal: asRefusal(error) });
		}
		at(undefined);
	};
	if (row === undefined)
		return <Button icon="download" onClick={() => void begin()}>{isPart ? words.exportPart : words.export}</Button>;
	return (
		<>
			<span class="dim number" role="status">{words.exporting(row)}</span>
			<Button onClick={stop}>{words.exportStop}</Button>
		</>
	);
}
