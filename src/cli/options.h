/* Options and arguments that many rows of the table have. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/attr.h"
#include "cli/verb.h"

#define TEXT_OPTION(name_, value_, part_, member_, help_)                                          \
	{                                                                                          \
		.name = (name_), .value = (value_), .kind = VALUE_TEXT, .part = (part_),           \
		.member = (member_), .help = (help_)                                               \
	}
#define NULLABLE(name_, value_, kind_, member_, help_)                                             \
	{                                                                                          \
		.name = (name_), .value = (value_), .kind = (kind_), .part = PART_BODY,            \
		.member = (member_), .flags = VALUE_NULLABLE, .help = (help_)                      \
	}
#define FLAG(name_, part_, member_, constant_, help_)                                              \
	{                                                                                          \
		.name = (name_), .kind = VALUE_FLAG, .part = (part_), .member = (member_),         \
		.constant = (constant_), .help = (help_)                                           \
	}

/* Of lists. */
#define LIMIT                                                                                      \
	{                                                                                          \
		.name = "--limit", .value = "N", .kind = VALUE_NUMBER,                             \
		.help = "no more than so "                                                         \
			"many; 0: all"                                                             \
	}
#define SEARCH                                                                                     \
	TEXT_OPTION("--search", "TEXT", PART_QUERY, "search", "only what has it in its names")
#define OF_USER TEXT_OPTION("--user", "USER", PART_QUERY, "user", "only this user's")
#define SORT(columns)                                                                              \
	TEXT_OPTION("--sort", columns, PART_QUERY, "sort", "by what"),                             \
	    FLAG("--descending", PART_QUERY, "descending", "true", "the last first")

#define PASSWORD_FILE(help_)                                                                       \
	{                                                                                          \
		.name = "--password-file", .value = "FILE", .kind = VALUE_FILE,                    \
		.flags = VALUE_SECRET, .help = (help_)                                             \
	}
#define OUTPUT                                                                                     \
	{                                                                                          \
		.name = "--output", .value = "FILE", .kind = VALUE_TEXT,                           \
		.help = "write it there (mode 0600), not to standard output"                       \
	}

/* What holds for devices and connections, below `in`: "" or "policy.". */
#define POLICY_OPTIONS(in)                                                                         \
	NULLABLE("--totp-required", "yes|no|none", VALUE_YES_NO, in "totp_required",               \
		 "whether one-time codes are needed"),                                             \
	    NULLABLE("--devices-max", "N", VALUE_NUMBER, in "devices_max",                         \
		     "how many devices one may have; 0: any number"),                              \
	    NULLABLE("--connections-max", "N", VALUE_NUMBER, in "connections_max",                 \
		     "how many VPN sessions at once; 0: any number"),                              \
	    NULLABLE("--session-minutes", "N", VALUE_NUMBER, in "session_minutes",                 \
		     "after how long to sign in again; 0: never"),                                 \
	    NULLABLE("--tunnel", "split|full|none", VALUE_TEXT, in "tunnel",                       \
		     "what goes through the VPN"),                                                 \
	    NULLABLE("--client-to-client", "yes|no|none", VALUE_YES_NO, in "client_to_client",     \
		     "whether devices reach each other"),                                          \
	    NULLABLE("--dns", "ADDRESS,...", VALUE_TEXTS, in "dns",                                \
		     "DNS servers that devices are given")

#define ARG_PATH(name)                                                                             \
	{                                                                                          \
		name, PART_PATH, NULL, false                                                       \
	}
#define ARG_BODY(name, member)                                                                     \
	{                                                                                          \
		name, PART_BODY, member, false                                                     \
	}
#define ARG_QUERY(name, member, optional)                                                          \
	{                                                                                          \
		name, PART_QUERY, member, optional                                                 \
	}

#define OPTIONS(list) .options = (list), .option_count = COUNT(list)
#define COLUMNS(list) .columns = (list), .column_count = COUNT(list)

#endif
