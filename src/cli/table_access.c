/* Who gets in, what may be reached, and what was done. */
#include "cli/options.h"
#include "cli/watch.h"

static const struct noun nouns[] = {
    {"rule", "what may be reached through the VPN"},
    {"reach", "whether a user may reach an address, and which rule decides"},
    {"why", "why an address or a user is refused, and the command that would allow it"},
    {"refusal", "attempts that were refused"},
    {"ban", "accounts, addresses and networks that are refused whatever they show"},
    {"lockout", "who has to wait or is banned after failed sign-ins"},
    {"audit", "the log of all that was done"},
    {"alert", "what administrators are told of, and how"},
};

static const struct column rule_columns[] = {
    {"ID", "id"},
    {"SCOPE", "scope"},
    {"OF", "of"},
    {"POSITION", "position"},
    {"ACTION", "action"},
    {"DESTINATION", "destination"},
    {"PROTOCOL", "protocol"},
    {"PORTS FROM", "port_from"},
    {"TO", "port_to"},
    {"WAY", "way"},
    {"COMMENT", "comment"},
};
static const struct option rule_list[] = {
    TEXT_OPTION("--scope", "global|group|user", PART_QUERY, "scope", "only those of this scope"),
    TEXT_OPTION("--of", "NAME", PART_QUERY, "of", "only this group's or user's, with --scope"),
    LIMIT,
};

#define RULE_OPTIONS                                                                               \
	TEXT_OPTION("--protocol", "any|tcp|udp|icmp", PART_BODY, "protocol", "which packets"),     \
	    {.name = "--port",                                                                     \
	     .value = "PORT[-PORT]",                                                               \
	     .kind = VALUE_PORTS,                                                                  \
	     .part = PART_BODY,                                                                    \
	     .member = "port",                                                                     \
	     .help = "which ports, of tcp and udp; 0: any"},                                       \
	    TEXT_OPTION("--way", "nat|route", PART_BODY, "way",                                    \
			"with this server's address, or the client's own"),                        \
	    {.name = "--position",                                                                 \
	     .value = "N",                                                                         \
	     .kind = VALUE_NUMBER,                                                                 \
	     .part = PART_BODY,                                                                    \
	     .member = "position",                                                                 \
	     .help = "its place; who stands there moves on; 0: the last"},                         \
	    NULLABLE("--comment", "TEXT", VALUE_TEXT, "comment", "for administrators")

static const struct option rule_add[] = {
    TEXT_OPTION("--user", "USER", PART_BODY, "of", "for this user; else for everybody"),
    TEXT_OPTION("--group", "GROUP", PART_BODY, "of", "for this group; else for everybody"),
    RULE_OPTIONS,
};
static const struct option rule_change[] = {
    TEXT_OPTION("--action", "allow|deny", PART_BODY, "action", "whether it may be reached"),
    TEXT_OPTION("--destination", "NETWORK", PART_BODY, "destination", "a network, or an address"),
    RULE_OPTIONS,
};

static const struct option reach[] = {
    TEXT_OPTION("--protocol", "any|tcp|udp|icmp", PART_QUERY, "protocol", "by which protocol"),
    {.name = "--port",
     .value = "PORT",
     .kind = VALUE_NUMBER,
     .part = PART_QUERY,
     .member = "port",
     .help = "which port, of tcp and udp"},
};

static const struct column refusal_columns[] = {
    {"TIME", "time"},       {"WHERE", "where"},   {"USER", "user"},     {"DEVICE", "device"},
    {"ADDRESS", "address"}, {"REASON", "reason"}, {"REMEDY", "remedy"},
};
static const struct option refusal_list[] = {
    TEXT_OPTION("--of", "ADDRESS|USER", PART_QUERY, "of", "only of this address or user"),
    SEARCH,
    SORT("time|user|address|where|reason"),
    LIMIT,
};

static const struct column ban_columns[] = {
    {"ID", "id"}, {"SUBJECT", "subject"}, {"KIND", "kind"},   {"REASON", "reason"},
    {"BY", "by"}, {"SINCE", "created"},   {"UNTIL", "until"}, {"LIFTED", "lifted"},
};
static const struct option ban_list[] = {
    FLAG("--all", PART_QUERY, "all", "true", "with those that are over or were lifted"),
    TEXT_OPTION("--kind", "account|address|network", PART_QUERY, "kind", "only of these"),
    TEXT_OPTION("--made-by", "server|person", PART_QUERY, "made_by",
		"only what the server did by itself, or a person"),
    SEARCH,
    SORT("created|subject|by|until"),
    LIMIT,
};
static const struct option ban_add[] = {
    NULLABLE("--reason", "TEXT", VALUE_TEXT, "reason", "why, for administrators"),
    NULLABLE("--until", "TIME", VALUE_TIME, "until", "how long; until it is lifted unless given"),
};

static const struct column lockout_columns[] = {
    {"ID", "id"},
    {"SUBJECT", "subject"},
    {"KIND", "kind"},
    {"FAILURES", "failures"},
    {"LAST", "last"},
    {"BAN AT", "ban_at"},
    {"BANNED", "banned"},
    {"UNTIL", "until"},
    {"FORGOTTEN", "forgotten"},
};
static const struct option lockout_list[] = {SEARCH, SORT("last|failures|subject"), LIMIT};

static const struct column audit_columns[] = {
    {"ID", "id"},         {"TIME", "time"},     {"WHO", "who"},       {"ADDRESS", "address"},
    {"ACTION", "action"}, {"OBJECT", "object"}, {"BEFORE", "before"}, {"AFTER", "after"},
};
static const struct option audit_list[] = {
    TEXT_OPTION("--who", "WHO", PART_QUERY, "who", "only what he did"),
    TEXT_OPTION("--action", "ACTION", PART_QUERY, "action", "only this, or \"user.\""),
    TEXT_OPTION("--object", "OBJECT", PART_QUERY, "object", "only what was done to it"),
    TEXT_OPTION("--address", "ADDRESS", PART_QUERY, "address", "only what came from there"),
    {.name = "--since",
     .value = "TIME",
     .kind = VALUE_TIME,
     .part = PART_QUERY,
     .member = "since",
     .help = "only from then on"},
    {.name = "--until",
     .value = "TIME",
     .kind = VALUE_TIME,
     .part = PART_QUERY,
     .member = "until",
     .help = "only before"},
    SEARCH,
    SORT("time"),
    LIMIT,
};
static const struct option audit_export[] = {
    OUTPUT,
    {.name = "--from",
     .value = "ID",
     .kind = VALUE_NUMBER,
     .part = PART_QUERY,
     .member = "from",
     .help = "the first row wanted"},
};

#define RULE_SWITCH(name_, member_, help_)                                                         \
	{                                                                                          \
		.name = (name_), .value = "yes|no", .kind = VALUE_YES_NO, .part = PART_BODY,       \
		.member = "rules." member_, .help = (help_)                                        \
	}
#define SECRET_FILE(name_, member_, help_)                                                         \
	{                                                                                          \
		.name = (name_), .value = "FILE", .kind = VALUE_FILE, .part = PART_BODY,           \
		.member = (member_), .flags = VALUE_SECRET | VALUE_NULLABLE, .help = (help_)       \
	}
static const struct option alert_set[] = {
    NULLABLE("--smtp-url", "URL", VALUE_TEXT, "smtp_url", "the mail server: smtps://HOST"),
    NULLABLE("--smtp-user", "NAME", VALUE_TEXT, "smtp_user", "whom it knows us as"),
    SECRET_FILE("--smtp-password-file", "smtp_password", "with the password for it"),
    NULLABLE("--mail-from", "ADDRESS", VALUE_TEXT, "mail_from", "who mails are from"),
    {.name = "--mail-to",
     .value = "ADDRESS,...",
     .kind = VALUE_TEXTS,
     .part = PART_BODY,
     .member = "mail_to",
     .help = "who gets them; \"\": nobody"},
    NULLABLE("--webhook-url", "URL", VALUE_TEXT, "webhook_url", "where alerts are posted"),
    SECRET_FILE("--webhook-secret-file", "webhook_secret", "with what signs them"),
    {.name = "--webhook-internal",
     .value = "yes|no",
     .kind = VALUE_YES_NO,
     .part = PART_BODY,
     .member = "webhook_internal",
     .help = "whether it may be in this machine's networks"},
    {.name = "--authorities",
     .value = "FILE",
     .kind = VALUE_FILE,
     .part = PART_BODY,
     .member = "authorities",
     .flags = VALUE_NULLABLE,
     .help = "PEM certificates by which both servers are verified"},
    RULE_SWITCH("--admin-new-network", "admin_new_network", "an administrator came from anew"),
    RULE_SWITCH("--console-refused", "console_refused", "the console was asked for outside"),
    RULE_SWITCH("--failures", "failures", "somebody was banned"),
    RULE_SWITCH("--new-listener", "new_listener", "something new listens on this machine"),
    RULE_SWITCH("--certificate", "certificate", "a certificate is about to expire"),
    RULE_SWITCH("--audit-broken", "audit_broken", "the audit log was changed or cut"),
};
static const struct column notice_columns[] = {
    {"CREATED", "created"},   {"RULE", "rule"},           {"CHANNEL", "channel"},
    {"SUBJECT", "subject"},   {"DELIVERED", "delivered"}, {"TRIES", "attempts"},
    {"NEXT TRY", "next_try"}, {"ERROR", "last_error"},
};
static const struct option notice_list[] = {
    FLAG("--waiting", PART_QUERY, "waiting", "true", "only those still to be delivered"),
    SEARCH,
    SORT("created|rule|subject|channel"),
    LIMIT,
};

#define FOUND_BAN     .find_path = "/bans", .find_member = "subject"
#define FOUND_LOCKOUT .find_path = "/lock-outs", .find_member = "subject"

static const struct verb verbs[] = {
    {.noun = "rule",
     .verb = "list",
     .method = "GET",
     .path = "/rules",
     OPTIONS(rule_list),
     COLUMNS(rule_columns),
     .flags = VERB_LIST,
     .help = "Lists rules in the order in which they are looked at."},
    {.noun = "rule",
     .verb = "show",
     .arguments = {ARG_PATH("ID")},
     .method = "GET",
     .path = "/rules/{}",
     .flags = VERB_SHOWN,
     .help = "Shows a rule."},
    {.noun = "rule",
     .verb = "add",
     .arguments = {ARG_BODY("allow|deny", "action"), ARG_BODY("NETWORK", "destination")},
     .method = "POST",
     .path = "/rules",
     OPTIONS(rule_add),
     .body = "{\"scope\":\"global\"}",
     .done = "Rule {id} was added.",
     .help = "Adds a rule. The user's are looked at first, then his group's, then "
	     "everybody's; the first that fits decides.",
     .run = watch_rule_add},
    {.noun = "rule",
     .verb = "change",
     .arguments = {ARG_PATH("ID")},
     .method = "PATCH",
     .path = "/rules/{}",
     OPTIONS(rule_change),
     .done = "Rule {id} was changed.",
     .flags = VERB_MATCHED,
     .help = "Changes what is given, and leaves the rest."},
    {.noun = "rule",
     .verb = "remove",
     .arguments = {ARG_PATH("ID")},
     .method = "DELETE",
     .path = "/rules/{}",
     .ask = "Remove rule {1}?",
     .done = "Rule {1} was removed.",
     .flags = VERB_MATCHED,
     .help = "Removes a rule; connections follow at once."},

    {.noun = "reach",
     .arguments = {ARG_QUERY("USER", "user", false), ARG_QUERY("ADDRESS", "to", false)},
     .method = "GET",
     .path = "/reach",
     OPTIONS(reach),
     .flags = VERB_SHOWN,
     .help = "Says whether a user may reach an address, and which rule decides."},
    {.noun = "why",
     .arguments = {ARG_QUERY("ADDRESS|USER", "of", false)},
     .method = "GET",
     .path = "/why",
     .flags = VERB_SHOWN,
     .help = "Says why an address or a user is refused, and what would allow it.",
     .run = watch_why},
    {.noun = "refusal",
     .verb = "list",
     .method = "GET",
     .path = "/refusals",
     OPTIONS(refusal_list),
     COLUMNS(refusal_columns),
     .flags = VERB_LIST,
     .usual = 1000,
     .help = "Lists attempts that were refused, the newest first."},

    {.noun = "ban",
     .verb = "list",
     .method = "GET",
     .path = "/bans",
     OPTIONS(ban_list),
     COLUMNS(ban_columns),
     .flags = VERB_LIST,
     .help = "Lists the bans that stand."},
    {.noun = "ban",
     .verb = "show",
     .arguments = {ARG_PATH("SUBJECT")},
     .method = "GET",
     .path = "/bans/{}",
     FOUND_BAN,
     .flags = VERB_SHOWN,
     .help = "Shows a ban."},
    {.noun = "ban",
     .verb = "add",
     .arguments = {ARG_BODY("SUBJECT", "subject")},
     .method = "POST",
     .path = "/bans",
     OPTIONS(ban_add),
     .done = "{subject} is banned until {until|the ban is lifted}.",
     .help = "Bans a user, an address or a network."},
    {.noun = "ban",
     .verb = "lift",
     .arguments = {ARG_PATH("SUBJECT")},
     .method = "DELETE",
     .path = "/bans/{}",
     FOUND_BAN,
     .done = "The ban of {1} is lifted.",
     .help = "Lifts a ban, by what is banned or its id, and forgets what brought it."},

    {.noun = "lockout",
     .verb = "list",
     .method = "GET",
     .path = "/lock-outs",
     OPTIONS(lockout_list),
     COLUMNS(lockout_columns),
     .flags = VERB_LIST,
     .help = "Lists whose failed sign-ins make him wait or had him banned, the last first "
	     "unless sorted."},
    {.noun = "lockout",
     .verb = "show",
     .arguments = {ARG_PATH("SUBJECT")},
     .method = "GET",
     .path = "/lock-outs/{}",
     FOUND_LOCKOUT,
     .flags = VERB_SHOWN,
     .help = "Shows what is counted of an account, an address or a network."},
    {.noun = "lockout",
     .verb = "lift",
     .arguments = {ARG_PATH("SUBJECT")},
     .method = "DELETE",
     .path = "/lock-outs/{}",
     FOUND_LOCKOUT,
     .done = "What was counted of {1} is forgotten.",
     .help = "Forgets the failures, and lifts the ban, by the subject or its id."},

    {.noun = "audit",
     .verb = "list",
     .method = "GET",
     .path = "/audit",
     OPTIONS(audit_list),
     COLUMNS(audit_columns),
     .flags = VERB_LIST,
     .usual = 1000,
     .help = "Lists what was done, the newest first; with --sort time, the oldest."},
    {.noun = "audit",
     .verb = "export",
     .method = "GET",
     .path = "/audit/export",
     OPTIONS(audit_export),
     .flags = VERB_BYTES,
     .help = "Writes the whole log as lines of JSON, the oldest first.",
     .run = watch_audit_export},
    {.noun = "audit",
     .verb = "verify",
     .method = "GET",
     .path = "/audit/verify",
     .flags = VERB_SHOWN,
     .help = "Says whether any row was edited, put in or taken away.",
     .run = watch_audit_verify},

    {.noun = "alert",
     .verb = "show",
     .method = "GET",
     .path = "/alerts",
     .flags = VERB_SHOWN,
     .help = "Shows what is alerted of, and how."},
    {.noun = "alert",
     .verb = "set",
     .method = "PUT",
     .path = "/alerts",
     OPTIONS(alert_set),
     .done = "Alerts are set.",
     .flags = VERB_MERGED,
     .help = "Sets what is given, and leaves the rest."},
    {.noun = "alert",
     .verb = "test",
     .method = "POST",
     .path = "/alerts/test",
     .done = "A test is on its way: sallyport alert list says what became of it.",
     .help = "Sends a message by every way that is set up."},
    {.noun = "alert",
     .verb = "list",
     .method = "GET",
     .path = "/notices",
     OPTIONS(notice_list),
     COLUMNS(notice_columns),
     .flags = VERB_LIST,
     .usual = 1000,
     .help = "Lists messages that were sent or wait to be, the newest first unless sorted."},
};

const struct verb_group verbs_access = {"Access", nouns, COUNT(nouns), verbs, COUNT(verbs)};
