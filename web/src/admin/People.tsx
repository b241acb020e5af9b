// Which page of those about people an address is of.
import { partsOf, usePath } from "../route";
import { useMay } from "../session/me";
import { ForAdministrators } from "./Elsewhere";
import { AddUser } from "./people/AddUser";
import { EditUser, EditUserPolicy } from "./people/EditUser";
import { EverybodysPolicy } from "./people/EverybodysPolicy";
import { AddGroup, EditGroup } from "./people/EditGroup";
import { GroupPage } from "./people/Group";
import { Groups } from "./people/Groups";
import { Import } from "./people/Import";
import { UserPage } from "./people/User";
import { Users } from "./people/Users";

function GroupPages({ name, part }: { name: string | undefined; part: string | undefined }) {
	const may = useMay()("admin");
	if (name === undefined) return <Groups />;
	if (part !== "edit") return <GroupPage key={name} name={name} />;
	return may ? <EditGroup key={name} name={name} /> : <ForAdministrators />;
}

function UserPages({ name, part }: { name: string; part: string | undefined }) {
	if (part === "edit") return <EditUser key={name} name={name} />;
	if (part === "policy") return <EditUserPolicy key={name} name={name} />;
	return <UserPage key={name} name={name} part={part} />;
}

export function People() {
	const [, what, name, part] = partsOf(usePath(), "/admin");
	const may = useMay()("admin");
	switch (what) {
		case undefined: return <Users />;
		case "add": return <AddUser />;
		case "add-group": return may ? <AddGroup /> : <ForAdministrators />;
		case "import": return <Import />;
		case "policy": return <EverybodysPolicy />;
		case "groups": return <GroupPages name={name} part={part} />;
		default: return <UserPages name={what} part={name} />;
	}
}
