/** Gives a text, or what was downloaded, to the browser to keep as a file. */
export function save(name: string, content: string | Blob, type = "text/plain"): void {
	const url = URL.createObjectURL(new Blob([content], { type }));
	const link = document.createElement("a");
	link.href = url;
	link.download = name;
	link.click();
	window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
