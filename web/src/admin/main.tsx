import { render } from "preact";
import { useEffect } from "preact/hooks";
import "../style/base.css";
import "../style/portal.css";
import "../style/admin.css";
import type { Schemas } from "../api/client";
import { startLive } from "../api/live";
import { followLinks, usePageTitle } from "../route";
import { AccountMenu } from "../session/AccountMenu";
import { Gate } from "../session/Gate";
import { Me } from "../session/me";
import { text } from "../text";
import { keepFocus } from "../ui/focus";
import { Brand } from "../ui/parts";
import { Shell } from "./Shell";

/** Who signs in here without being one of those who may. */
function NotAllowed({ user }: { user: Schemas["User"] }) {
	usePageTitle(text.notAllowed.title);
	return (
		<main class="entrance">
			<Brand />
			<div class="card stack">
				<h1 tabIndex={-1}>{text.notAllowed.title}</h1>
				<p>{text.notAllowed.text}</p>
				<div class="actions">
					<a class="button main" href="/portal">{text.account.toPortal}</a>
					<AccountMenu user={user} at="console" />
				</div>
			</div>
		</main>
	);
}

function Inside({ user }: { user: Schemas["User"] }) {
	useEffect(startLive, []);
	return <Me.Provider value={user}><Shell user={user} /></Me.Provider>;
}

followLinks("/admin");
keepFocus();
const place = document.getElementById("app");
if (place)
	render(
		<Gate to={text.signIn.console}>
			{(user) => (user.role === "user" ? <NotAllowed user={user} /> : <Inside user={user} />)}
		</Gate>,
		place,
	);
