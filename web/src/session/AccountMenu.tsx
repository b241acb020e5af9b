import type { Schemas } from "../api/client";
import { text } from "../text";
import { SignOut } from "./SignOut";
import { useMenu } from "../ui/menu";
import { Button } from "../ui/parts";

const words = text.account;

export function AccountMenu({ user, at }: { user: Schemas["User"]; at: "portal" | "console" }) {
	const { box, open, turn } = useMenu<HTMLDivElement>();
	const other = at === "portal" ? "/admin" : "/portal";
	return (
		<div class="menu" ref={box}>
			<Button look="quiet" expanded={open} onClick={turn}>
				<span class="avatar" aria-hidden="true">{user.name.charAt(0)}</span>
				<span class="hidden">{words.menu}</span>
				<span class="who-name name">{user.name}</span>
			</Button>
			{open && (
				<div class="sheet card">
					<div class="who">
						<small class="dim">{words.signedIn}</small>
						<div class="name"><b>{user.full_name ?? user.name}</b></div>
						<small class="dim">{words.roles[user.role]}</small>
					</div>
					{(at === "console" || user.role !== "user") && (
						<a class="button quiet" href={other}>{at === "portal" ? words.toConsole : words.toPortal}</a>
					)}
					<a class="button quiet" href="/portal/account">{words.security}</a>
					<SignOut />
				</div>
			)}
		</div>
	);
}
