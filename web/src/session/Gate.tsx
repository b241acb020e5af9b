// What everybody sees who is not signed in yet, at whatever address.
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { Schemas } from "../api/client";
import { text } from "../text";
import { Brand, Problem, Waiting } from "../ui/parts";
import { Prove } from "./Prove";
import { lookForSession, useSession } from "./session";
import { SetUpCodes } from "./SetUpCodes";
import { SignIn } from "./SignIn";
import { SignOut } from "./SignOut";

interface GateProps {
	/** What one signs in for. */
	to: string;
	children: (user: Schemas["User"], policy: Schemas["Policy"], server: Schemas["ServerForPeople"]) => ComponentChildren;
}

/** The server lets nobody do much without codes where they are required: he is led to them. */
function CodesFirst({ user }: { user: Schemas["User"] }) {
	return (
		<>
			<header class="top">
				<div>
					<Brand />
					<SignOut />
				</div>
			</header>
			<main class="page">
				<SetUpCodes user={user} lead={text.codes.required} onDone={() => void lookForSession()} />
			</main>
		</>
	);
}

export function Gate({ to, children }: GateProps) {
	const session = useSession();
	useEffect(() => void lookForSession(), []);
	switch (session.kind) {
		case "unknown":
			return <Waiting />;
		case "unreachable":
			return (
				<main class="entrance">
					<Brand />
					<div class="card">
						<h1 class="hidden">{text.problem.title}</h1>
						<Problem refusal={session.refusal} again={() => void lookForSession()} />
					</div>
				</main>
			);
		case "nobody":
			return <SignIn to={to} ended={session.ended} />;
		case "somebody":
			return (
				<>
					{session.policy.totp_required === true && !session.user.has_totp
						? <CodesFirst user={session.user} />
						: children(session.user, session.policy, session.server)}
					<Prove />
				</>
			);
	}
}
