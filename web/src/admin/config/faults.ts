// What the server says of a text, by line: "sallyport.conf:3:5: there is no option ...", then the line
// and a caret, which the editor shows by itself.
export interface Fault {
	/** Both counted from 1; 0: it is about no line. */
	line: number;
	column: number;
	message: string;
}

const PLACED = /^.*?:(\d+):(\d+): (.*)$/;

export function readFaults(told: string | null): Fault[] {
	const faults: Fault[] = [], loose: string[] = [];
	for (const line of (told ?? "").split("\n")) {
		const [, row, column, message] = PLACED.exec(line) ?? [];
		if (message !== undefined) faults.push({ line: Number(row), column: Number(column), message });
		else loose.push(line);
	}
	const said = loose.join("\n").trim();
	return faults.length > 0 || !said ? faults : [{ line: 0, column: 0, message: said }];
}

/** Where in the text that is. The server counts characters, browsers halves of some. */
export function placeOf(text: string, { line, column }: Fault): number {
	const lines = text.split("\n");
	const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
	return before + Array.from(lines[line - 1] ?? "").slice(0, column - 1).join("").length;
}
