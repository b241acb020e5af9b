import { render } from "preact";
import "../style/base.css";
import "../style/portal.css";
import { type Schemas } from "../api/client";
import { followLinks, partsOf, usePath } from "../route";
import { AccountMenu } from "../session/AccountMenu";
import { Gate } from "../session/Gate";
import { text } from "../text";
import { keepFocus } from "../ui/focus";
import { Brand } from "../ui/parts";
import { Account } from "./Account";
import { AddDevice } from "./AddDevice";
import { Devices } from "./Devices";
import { SetUp } from "./SetUp";

interface PageProps {
	user: Schemas["User"];
	policy: Schemas["Policy"];
	server: Schemas["ServerForPeople"];
}

function Page({ user, policy, server }: PageProps) {
	const [place, name] = partsOf(usePath(), "/portal");
	if (place === "account") return <Account part={name} user={user} policy={policy} />;
	if (place === "add") return <AddDevice />;
	if (place === "devices" && name !== undefined) return <SetUp name={name} user={user} server={server} />;
	return <Devices />;
}

function Portal() {
	return (
		<Gate to={text.signIn.portal}>
			{(user, policy, server) => (
				<>
					<a class="skip" href="#content">{text.skip}</a>
					<header class="top">
						<div>
							<Brand href="/portal" />
							<AccountMenu user={user} at="portal" />
						</div>
					</header>
					<main class="page" id="content"><Page user={user} policy={policy} server={server} /></main>
				</>
			)}
		</Gate>
	);
}

followLinks("/portal");
keepFocus();
const place = document.getElementById("app");
if (place) render(<Portal />, place);
