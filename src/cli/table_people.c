/* People, and what is theirs. */
#include "cli/options.h"
#include "cli/people.h"

static const struct noun nouns[] = {
    {"user", "people who may sign in, or have a device"},
    {"group", "users who have a policy and rules in common"},
    {"policy", "what holds for everybody unless a group or user says otherwise"},
    {"device", "what users connect with"},
    {"profile", "a device's .ovpn file"},
    {"link", "one-time links"},
    {"token", "API tokens, for programs"},
    {"session", "who is signed in with a browser, or connected to the VPN"},
    {"tunnel", "who is connected to the VPN"},
    {"connection", "what is relayed to servers behind this one"},
    {"setup-link", "the link by which the first administrator is made"},
};

/* --- user */

static const struct column user_columns[] = {
    {"NAME", "name"},       {"ROLE", "role"},           {"ENABLED", "enabled"},
    {"GROUP", "group"},     {"DEVICES", "devices"},     {"TOTP", "has_totp"},
    {"EXPIRES", "expires"}, {"LAST SEEN", "last_seen"},
};

static const struct option user_list[] = {
    TEXT_OPTION("--role", "user|operator|admin", PART_QUERY, "role", "only users of this role"),
    TEXT_OPTION("--group", "GROUP", PART_QUERY, "group", "only members of this group"),
    SEARCH,
    SORT("name|created|last_seen"),
    LIMIT,
};

#define USER_OPTIONS                                                                               \
	TEXT_OPTION("--role", "user|operator|admin", PART_BODY, "role", "what he may do here"),    \
	    NULLABLE("--group", "GROUP", VALUE_TEXT, "group", "his group"),                        \
	    NULLABLE("--full-name", "TEXT", VALUE_TEXT, "full_name", "what he is called"),         \
	    NULLABLE("--email", "ADDRESS", VALUE_TEXT, "email", "where to write to him"),          \
	    NULLABLE("--comment", "TEXT", VALUE_TEXT, "comment", "for administrators"),            \
	    NULLABLE("--expires", "TIME", VALUE_TIME, "expires",                                   \
		     "from when on he may sign in no more; \"never\""),                            \
	    {.name = "--enabled",                                                                  \
	     .value = "yes|no",                                                                    \
	     .kind = VALUE_YES_NO,                                                                 \
	     .part = PART_BODY,                                                                    \
	     .member = "enabled",                                                                  \
	     .help = "whether he may sign in and connect"},                                        \
	    POLICY_OPTIONS("policy.")

static const struct option user_add[] = {
    PASSWORD_FILE("with the password in it, \"-\" for standard input"),
    {.name = "--ask-password", .kind = VALUE_FLAG, .help = "ask for a password, twice"},
    USER_OPTIONS,
};
static const struct option user_change[] = {USER_OPTIONS};
static const struct option user_password[] = {
    PASSWORD_FILE("with the password in it, \"-\" for standard input; else it is asked for"),
};
static const struct option user_import_[] = {
    {.name = "--preview", .kind = VALUE_FLAG, .help = "only say what would be done"},
};

static const struct column grant_columns[] = {
    {"TO", "to"},      {"ACTION", "action"}, {"PROTOCOL", "protocol"}, {"PORTS FROM", "port_from"},
    {"TO", "port_to"}, {"WAY", "way"},       {"RULE", "rule"},
};

#define USER_VERB(verb_) .noun = "user", .verb = (verb_), .arguments = {ARG_PATH("USER")}

/* --- the others */

static const struct column group_columns[] = {
    {"NAME", "name"}, {"MEMBERS", "members"}, {"COMMENT", "comment"}};
static const struct option group_list[] = {SEARCH, SORT("name|members|created"), LIMIT};

#define GROUP_OPTIONS                                                                              \
	NULLABLE("--comment", "TEXT", VALUE_TEXT, "comment", "for administrators"),                \
	    POLICY_OPTIONS("policy.")
static const struct option group_add[] = {GROUP_OPTIONS};
static const struct option group_change[] = {
    TEXT_OPTION("--name", "NAME", PART_BODY, "name", "what it is called from now on"),
    GROUP_OPTIONS,
};

static const struct option policy_set[] = {POLICY_OPTIONS("")};

static const struct column device_columns[] = {
    {"USER", "user"},           {"NAME", "name"},       {"KIND", "kind"},
    {"PLATFORM", "platform"},   {"ADDRESS", "address"}, {"EXPIRES", "expires"},
    {"LAST SEEN", "last_seen"}, {"REVOKED", "revoked"}, {"ID", "id"},
};
static const struct option device_list[] = {
    FLAG("--revoked", PART_QUERY, "revoked", "true", "with those that were revoked"),
    SEARCH,
    SORT("name|created|last_seen|expires"),
    LIMIT,
};

#define DEVICE_OPTIONS                                                                             \
	TEXT_OPTION("--kind", "locked|auto", PART_BODY, "kind",                                    \
		    "whether its user signs in besides, or its certificate is enough"),            \
	    NULLABLE("--platform", "TEXT", VALUE_TEXT, "platform", "what it runs"),                \
	    NULLABLE("--address", "ADDRESS", VALUE_TEXT, "address",                                \
		     "in the VPN, kept for it alone")
static const struct option device_add[] = {DEVICE_OPTIONS};
static const struct option device_change[] = {
    TEXT_OPTION("--name", "NAME", PART_BODY, "name", "what it is called from now on"),
    DEVICE_OPTIONS,
};

#define DEVICE_VERB(verb_)                                                                         \
	.noun = "device", .verb = (verb_), .arguments = {ARG_PATH("USER"), ARG_PATH("DEVICE")}

static const struct option profile_get[] = {
    FLAG("--legacy", PART_QUERY, "legacy", "true", "for OpenVPN 2.4, where the server allows it"),
    OUTPUT,
};

static const struct column link_columns[] = {
    {"ID", "id"},           {"KIND", "kind"},       {"USER", "user"},
    {"DEVICE", "device"},   {"MADE BY", "made_by"}, {"CREATED", "created"},
    {"EXPIRES", "expires"}, {"USED", "used"},       {"USES LEFT", "uses_left"},
};
static const struct option link_list[] = {OF_USER, SEARCH,
					  SORT("created|kind|user|made_by|expires"), LIMIT};

static const struct column token_columns[] = {
    {"ID", "id"},     {"NAME", "name"},       {"USER", "user"},       {"SCOPE", "scope"},
    {"HINT", "hint"}, {"CREATED", "created"}, {"EXPIRES", "expires"}, {"LAST USED", "last_used"},
};
static const struct option token_list[] = {
    OF_USER, SEARCH, SORT("created|name|user|scope|expires|last_used"), LIMIT};
static const struct option token_create[] = {
    TEXT_OPTION("--scope", "read|operate|admin", PART_BODY, "scope", "what it may do"),
    NULLABLE("--expires", "TIME", VALUE_TIME, "expires", "when it ends; \"never\""),
};

static const struct column session_columns[] = {
    {"ID", "id"},     {"USER", "user"},       {"ADDRESS", "address"}, {"CREATED", "created"},
    {"SEEN", "seen"}, {"EXPIRES", "expires"}, {"BROWSER", "agent"},
};

static const struct option session_list[] = {OF_USER, SEARCH,
					     SORT("created|user|address|seen|expires"), LIMIT};

static const struct column tunnel_columns[] = {
    {"ID", "id"},         {"USER", "user_name"},    {"DEVICE", "device_name"},
    {"FROM", "from"},     {"INSIDE", "inside"},     {"BY", "protocol"},
    {"SINCE", "since"},   {"BYTES IN", "bytes_in"}, {"BYTES OUT", "bytes_out"},
    {"CIPHER", "cipher"}, {"CLIENT", "client"},
};
static const struct option tunnel_list[] = {
    OF_USER, SEARCH, SORT("since|user|device|from|inside|client|bytes"), LIMIT};

static const struct column connection_columns[] = {
    {"ID", "id"}, {"RULE", "rule"},   {"FROM", "from"},         {"TO", "to"},
    {"AT", "at"}, {"SINCE", "since"}, {"BYTES IN", "bytes_in"}, {"BYTES OUT", "bytes_out"},
};
static const struct option connection_list[] = {SEARCH, SORT("since|from|at|rule|to|bytes"), LIMIT};

#define END_OF_TUNNEL                                                                              \
	.arguments = {ARG_PATH("ID")}, .method = "DELETE", .path = "/tunnels/{}",                  \
	.ask = "End connection {1}? Its client may connect again.",                                \
	.done = "Connection {1} has ended.", .help = "Ends a connection to the VPN at once."

#define LINK_DONE "{url}"

static const struct verb verbs[] = {
    {.noun = "user",
     .verb = "list",
     .method = "GET",
     .path = "/users",
     OPTIONS(user_list),
     COLUMNS(user_columns),
     .flags = VERB_LIST,
     .help = "Lists users."},
    {USER_VERB("show"), .method = "GET", .path = "/users/{}", .flags = VERB_SHOWN,
     .help = "Shows a user."},
    {.noun = "user",
     .verb = "add",
     .arguments = {ARG_BODY("USER", "name")},
     .method = "POST",
     .path = "/users",
     OPTIONS(user_add),
     .done = "User {name} was added.",
     .help = "Adds a user: with a password, or invite him then.",
     .run = people_add},
    {USER_VERB("change"), .method = "PATCH", .path = "/users/{}", OPTIONS(user_change),
     .done = "User {name} was changed.", .flags = VERB_MATCHED,
     .help = "Changes what is given, and leaves the rest."},
    {USER_VERB("enable"), .method = "PATCH", .path = "/users/{}", .body = "{\"enabled\":true}",
     .done = "User {name} may sign in and connect.", .flags = VERB_MATCHED,
     .help = "Lets a user sign in and connect again."},
    {USER_VERB("disable"), .method = "PATCH", .path = "/users/{}", .body = "{\"enabled\":false}",
     .done = "User {name} may not sign in any more.", .flags = VERB_MATCHED,
     .help = "Ends a user's sessions, and lets him in no more."},
    {USER_VERB("remove"), .method = "DELETE", .path = "/users/{}",
     .ask = "Remove user {1} with all devices, sessions, tokens and rules of his?",
     .done = "User {1} was removed.", .flags = VERB_MATCHED,
     .help = "Removes a user with all that is his. The audit log stays."},
    {USER_VERB("password"), .method = "POST", .path = "/users/{}/password", OPTIONS(user_password),
     .done = "The password of {1} was set; his sessions have ended.",
     .help = "Sets a user's password.", .run = people_password},
    {USER_VERB("invite"), .method = "POST", .path = "/users/{}/invite", .done = LINK_DONE,
     .flags = VERB_SECRET, .help = "Makes a link by which a user chooses his first password."},
    {USER_VERB("reset"), .method = "POST", .path = "/users/{}/reset", .done = LINK_DONE,
     .flags = VERB_SECRET, .help = "Makes a link for a user who forgot his password."},
    {USER_VERB("reset-totp"), .method = "DELETE", .path = "/users/{}/totp",
     .ask = "Forget the one-time codes and recovery codes of {1}?",
     .done = "The one-time codes of {1} are forgotten.",
     .help = "Forgets a user's one-time codes, for one who has lost his phone."},
    {USER_VERB("policy"), .method = "GET", .path = "/users/{}/policy", .flags = VERB_SHOWN,
     .help = "Shows what holds for a user: his own, else his group's, else everybody's."},
    {USER_VERB("grant"), .method = "GET", .path = "/users/{}/grant", COLUMNS(grant_columns),
     .flags = VERB_SHOWN, .help = "Shows what a connection of his would be held to."},
    {.noun = "user",
     .verb = "import",
     .arguments = {{.name = "FILE"}},
     .method = "POST",
     .path = "/users/import",
     OPTIONS(user_import_),
     .ask = "Add these users?",
     .done = "{added} users were added.",
     .help = "Adds the users of a CSV table: all of them, or none.",
     .run = people_import},

    {.noun = "group",
     .verb = "list",
     .method = "GET",
     .path = "/groups",
     OPTIONS(group_list),
     COLUMNS(group_columns),
     .flags = VERB_LIST,
     .help = "Lists groups."},
    {.noun = "group",
     .verb = "show",
     .arguments = {ARG_PATH("GROUP")},
     .method = "GET",
     .path = "/groups/{}",
     .flags = VERB_SHOWN,
     .help = "Shows a group."},
    {.noun = "group",
     .verb = "add",
     .arguments = {ARG_BODY("GROUP", "name")},
     .method = "POST",
     .path = "/groups",
     OPTIONS(group_add),
     .done = "Group {name} was added.",
     .help = "Adds a group."},
    {.noun = "group",
     .verb = "change",
     .arguments = {ARG_PATH("GROUP")},
     .method = "PATCH",
     .path = "/groups/{}",
     OPTIONS(group_change),
     .done = "Group {name} was changed.",
     .flags = VERB_MATCHED,
     .help = "Changes what is given, and leaves the rest."},
    {.noun = "group",
     .verb = "remove",
     .arguments = {ARG_PATH("GROUP")},
     .method = "DELETE",
     .path = "/groups/{}",
     .ask = "Remove group {1} with its rules?",
     .done = "Group {1} was removed.",
     .flags = VERB_MATCHED,
     .help = "Removes a group that has no members any more."},

    {.noun = "policy",
     .verb = "show",
     .method = "GET",
     .path = "/policy",
     .flags = VERB_SHOWN,
     .help = "Shows what holds for everybody."},
    {.noun = "policy",
     .verb = "set",
     .method = "PUT",
     .path = "/policy",
     OPTIONS(policy_set),
     .done = "The policy was set.",
     .flags = VERB_MERGED,
     .help = "Sets what is given, and leaves the rest."},

    {.noun = "device",
     .verb = "list",
     .arguments = {ARG_QUERY("USER", "user", true)},
     .method = "GET",
     .path = "/devices",
     OPTIONS(device_list),
     COLUMNS(device_columns),
     .flags = VERB_LIST,
     .help = "Lists devices, of one user or of all."},
    {DEVICE_VERB("show"), .method = "GET", .path = "/users/{}/devices/{}", .flags = VERB_SHOWN,
     .help = "Shows a device, by its name or # and its id."},
    {.noun = "device",
     .verb = "add",
     .arguments = {ARG_PATH("USER"), ARG_BODY("DEVICE", "name")},
     .method = "POST",
     .path = "/users/{}/devices",
     OPTIONS(device_add),
     .done = "Device {name} of {user} was added. Its profile: sallyport profile get {user} "
	     "'{name}'",
     .help = "Adds a device, with a certificate and keys of its own."},
    {DEVICE_VERB("change"), .method = "PATCH", .path = "/users/{}/devices/{}",
     OPTIONS(device_change), .done = "Device {name} of {user} was changed.", .flags = VERB_MATCHED,
     .help = "Changes what is given, and leaves the rest."},
    {DEVICE_VERB("renew"), .method = "POST", .path = "/users/{}/devices/{}/renew",
     .done = "Device {name} of {user} has a new certificate, good until {expires}: give it its "
	     "new profile.",
     .help = "Gives a device a new certificate, for a new profile."},
    {DEVICE_VERB("revoke"), .method = "POST", .path = "/users/{}/devices/{}/revoke",
     .ask = "Revoke device {2} of {1} for good? It is cut off at once.",
     .done = "Device {2} of {1} was revoked.",
     .help = "Makes a device's certificates and profiles void, at once and for good."},
    {DEVICE_VERB("link"), .method = "POST", .path = "/users/{}/devices/{}/link", .done = LINK_DONE,
     .flags = VERB_SECRET, .help = "Makes a link, good for one download of its profile."},

    {.noun = "profile",
     .verb = "get",
     .arguments = {ARG_PATH("USER"), ARG_PATH("DEVICE")},
     .method = "GET",
     .path = "/users/{}/devices/{}/profile",
     OPTIONS(profile_get),
     .flags = VERB_BYTES,
     .help = "Writes a device's profile, which has its private key."},

    {.noun = "link",
     .verb = "list",
     .method = "GET",
     .path = "/links",
     OPTIONS(link_list),
     COLUMNS(link_columns),
     .flags = VERB_LIST,
     .help = "Lists one-time links, without their secrets."},
    {.noun = "link",
     .verb = "show",
     .arguments = {ARG_PATH("ID")},
     .method = "GET",
     .path = "/links/{}",
     .flags = VERB_SHOWN,
     .help = "Shows a one-time link."},
    {.noun = "link",
     .verb = "revoke",
     .arguments = {ARG_PATH("ID")},
     .method = "DELETE",
     .path = "/links/{}",
     .ask = "Make link {1} void?",
     .done = "Link {1} is void.",
     .help = "Makes a one-time link void."},

    {.noun = "token",
     .verb = "list",
     .method = "GET",
     .path = "/tokens",
     OPTIONS(token_list),
     COLUMNS(token_columns),
     .flags = VERB_LIST,
     .help = "Lists API tokens."},
    {.noun = "token",
     .verb = "create",
     .arguments = {ARG_BODY("NAME", "name")},
     .method = "POST",
     .path = "/tokens",
     OPTIONS(token_create),
     .done = "{token}",
     .flags = VERB_SECRET,
     .help = "Makes a token, and prints it this once."},
    {.noun = "token",
     .verb = "show",
     .arguments = {ARG_PATH("TOKEN")},
     .method = "GET",
     .path = "/tokens/{}",
     .find_path = "/tokens",
     .find_member = "name",
     .flags = VERB_SHOWN,
     .help = "Shows a token, by its name or id, without its text."},
    {.noun = "token",
     .verb = "revoke",
     .arguments = {ARG_PATH("TOKEN")},
     .method = "DELETE",
     .path = "/tokens/{}",
     .find_path = "/tokens",
     .find_member = "name",
     .ask = "Revoke token {1}?",
     .done = "Token {1} was revoked.",
     .help = "Revokes a token, by its name or id."},

    {.noun = "session",
     .verb = "list",
     .method = "GET",
     .path = "/sessions",
     OPTIONS(session_list),
     COLUMNS(session_columns),
     .flags = VERB_LIST,
     .help = "Lists who is signed in with a browser, and who is connected to the VPN.",
     .run = people_sessions},
    {.noun = "session",
     .verb = "end",
     .arguments = {ARG_PATH("ID")},
     .method = "DELETE",
     .path = "/sessions/{}",
     .ask = "End session {1}?",
     .done = "Session {1} has ended.",
     .help = "Ends a browser's session at once."},
    {.noun = "session", .verb = "kill", END_OF_TUNNEL},

    {.noun = "tunnel",
     .verb = "list",
     .method = "GET",
     .path = "/tunnels",
     OPTIONS(tunnel_list),
     COLUMNS(tunnel_columns),
     .flags = VERB_LIST,
     .help = "Lists who is connected to the VPN."},
    {.noun = "tunnel",
     .verb = "show",
     .arguments = {ARG_PATH("ID")},
     .method = "GET",
     .path = "/tunnels/{}",
     .flags = VERB_SHOWN,
     .help = "Shows a connection to the VPN."},
    {.noun = "tunnel", .verb = "kill", END_OF_TUNNEL},

    {.noun = "connection",
     .verb = "list",
     .method = "GET",
     .path = "/connections",
     OPTIONS(connection_list),
     COLUMNS(connection_columns),
     .flags = VERB_LIST,
     .help = "Lists the connections that are relayed to servers behind this one."},
    {.noun = "connection",
     .verb = "kill",
     .arguments = {ARG_PATH("ID")},
     .method = "DELETE",
     .path = "/connections/{}",
     .ask = "End connection {1}? Its client may connect again.",
     .done = "Connection {1} has ended.",
     .help = "Ends a relayed connection at once."},

    {.noun = "setup-link",
     .method = "POST",
     .path = "/setup-link",
     .done = LINK_DONE,
     .flags = VERB_SECRET,
     .help = "Makes the link, good for 15 minutes, by which the first administrator is made.",
     .run = people_setup_link},
};

const struct verb_group verbs_people = {"People", nouns, COUNT(nouns), verbs, COUNT(verbs)};
