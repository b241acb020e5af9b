// A change of the configuration before it is one: the editor and all forms work on the same, and it is
// applied at one place, after a look at what it does. It lives as long as the page.
import { ask, Refusal } from "../../api/client";
import { go } from "../../route";
import { text as english } from "../../text";
import { join } from "./join";
import { Unreadable } from "./lines";

export interface Proposal {
	text: string;
	/** The file that it was made from: its text, and what the server knows it by. */
	file: string;
	base: string;
	/** What came of it when others changed the file first. */
	met?: "joined" | "clash";
}

export const PLACE = "/admin/configuration";
export const REVIEW = `${PLACE}/review`;
const words = english.configuration;
let proposal: Proposal | undefined;

/** What is being changed, if anything. */
export function proposed(): Proposal | undefined {
	return proposal;
}

export function keepProposal(next: Proposal | undefined): void {
	proposal = next && next.text !== next.file ? next : undefined;
}

/** Makes of it a change of the file as it is now: what others changed there stays, where both can be. */
export function meet(file: string, base: string): void {
	if (!proposal) return;
	const joined = join(proposal.file, proposal.text, file);
	keepProposal({ text: joined ?? proposal.text, file, base, met: joined === undefined ? "clash" : "joined" });
}

export async function readFile(): Promise<Proposal> {
	const { text, sha256, read_only } = await ask("get", "/config");
	if (read_only) throw new Refusal("read_only", 403, words.readOnly);
	return { text: text ?? "", file: text ?? "", base: sha256 ?? "" };
}

/**
 * Takes the file as it is now, or what is being changed of it already, with this change; and shows
 * what that does, to be applied there. Nothing is lost of what somebody typed.
 */
export async function propose(change: (text: string) => string): Promise<void> {
	const before = proposal ?? (await readFile());
	try {
		keepProposal({ ...before, text: change(before.text) });
	} catch (error) {
		if (error instanceof Unreadable) throw new Refusal("invalid", 400, words.unreadable);
		throw error;
	}
	go(REVIEW);
}
