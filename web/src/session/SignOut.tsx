import { useAct } from "../api/act";
import { text } from "../text";
import { Button, Problem } from "../ui/parts";
import { signOut } from "./session";

export function SignOut() {
	const { busy, refusal, act } = useAct();
	return (
		<>
			<Button look="quiet" busy={busy} onClick={() => act(signOut)}>{text.account.signOut}</Button>
			{refusal && <Problem refusal={refusal} />}
		</>
	);
}
