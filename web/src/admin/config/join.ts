// Two changes of one text, made apart from each other, as one: where they are of different lines.
interface Hunk {
	/** Lines of the old text from here on, up to `end`, are these now. */
	from: number;
	end: number;
	lines: readonly string[];
}

function hunkOf(before: readonly string[], after: readonly string[]): Hunk {
	const least = Math.min(before.length, after.length);
	let from = 0, behind = 0;
	while (from < least && before[from] === after[from]) from++;
	while (behind < least - from && before.at(-1 - behind) === after.at(-1 - behind)) behind++;
	return { from, end: before.length - behind, lines: after.slice(from, after.length - behind) };
}

/**
 * `theirs` with what `mine` changes of `base`, from its first changed line to its last; undefined where
 * both change the same lines, or put some at the same place.
 */
export function join(base: string, mine: string, theirs: string): string | undefined {
	if (theirs === base || mine === theirs) return mine;
	const before = base.split("\n"), other = theirs.split("\n");
	const ours = hunkOf(before, mine.split("\n")), their = hunkOf(before, other);
	if (ours.from <= their.end && their.from <= ours.end) return undefined;
	const moved = their.from < ours.from ? other.length - before.length : 0;
	return [...other.slice(0, ours.from + moved), ...ours.lines, ...other.slice(ours.end + moved)].join("\n");
}
