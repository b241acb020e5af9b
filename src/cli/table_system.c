/* Certificates, what could be safer, backups, and help. */
#include "cli/backup.h"
#include "cli/command.h"
#include "cli/options.h"

static const struct noun nouns[] = {
    {"cert", "the VPN's own authority and what it issued, and the sites' certificates"},
    {"finding", "what could be safer here, each with what to do"},
    {"listener", "what listens on this machine"},
    {"backup", "write everything into one encrypted file"},
    {"restore", "make a server of such a file"},
    {"completion", "print what lets a shell complete these commands"},
    {"version", "print the version"},
};

static const struct column cert_columns[] = {
    {"SERIAL", "serial"}, {"KIND", "kind"},         {"NAME", "name"},       {"USER", "user"},
    {"DEVICE", "device"}, {"EXPIRES", "not_after"}, {"REVOKED", "revoked"}, {"CURRENT", "current"},
};
static const struct option cert_list[] = {
    TEXT_OPTION("--kind", "ca|server|device", PART_QUERY, "kind", "only those of this kind"),
    SEARCH,
    SORT("expires|created|name"),
    LIMIT,
};
static const struct option output[] = {OUTPUT};
static const struct option roll_over[] = {
    {.name = "--keep-days",
     .value = "DAYS",
     .kind = VALUE_NUMBER,
     .part = PART_BODY,
     .member = "keep_days",
     .help = "so long profiles of the CA before are good: 365 unless given"},
};
static const struct column site_columns[] = {
    {"SITE", "site"},       {"EXPIRES", "not_after"},
    {"KEY", "key_type"},    {"SELF-SIGNED", "self_signed"},
    {"PROBLEM", "problem"}, {"FILE", "chain"},
    {"SHA-256", "sha256"},
};
static const struct column finding_columns[] = {
    {"SEVERITY", "severity"}, {"SUBJECT", "subject"}, {"WHAT", "text"}, {"REMEDY", "remedy"}};
static const struct column listener_columns[] = {
    {"PROTOCOL", "protocol"}, {"ADDRESS", "address"}, {"PORT", "port"}, {"PROCESS", "process"},
    {"PID", "pid"},           {"UNIT", "unit"},       {"OURS", "ours"}, {"REASON", "reason"},
};

#define PASSPHRASE_FILE                                                                            \
	{                                                                                          \
		.name = "--passphrase-file", .value = "FILE", .kind = VALUE_FILE,                  \
		.flags = VALUE_SECRET,                                                             \
		.help = "with the passphrase, \"-\" for standard input; else it is asked for"      \
	}
static const struct option backup[] = {PASSPHRASE_FILE};
static const struct option restore[] = {
    PASSPHRASE_FILE,
    {.name = "--state-dir",
     .value = "DIRECTORY",
     .kind = VALUE_TEXT,
     .help = "where to, in place of what the configuration says"},
};

static const struct verb verbs[] = {
    {.noun = "cert",
     .verb = "list",
     .method = "GET",
     .path = "/certificates",
     OPTIONS(cert_list),
     COLUMNS(cert_columns),
     .flags = VERB_LIST,
     .help = "Lists what the VPN's own authority has issued, by expiry unless sorted."},
    {.noun = "cert",
     .verb = "show",
     .arguments = {ARG_PATH("SERIAL")},
     .method = "GET",
     .path = "/certificates/{}",
     .flags = VERB_SHOWN,
     .help = "Shows a certificate."},
    {.noun = "cert",
     .verb = "pem",
     .arguments = {ARG_PATH("SERIAL")},
     .method = "GET",
     .path = "/certificates/{}/pem",
     OPTIONS(output),
     .flags = VERB_BYTES,
     .help = "Writes a certificate as PEM."},
    {.noun = "cert",
     .verb = "roll-over",
     .method = "POST",
     .path = "/ca/roll-over",
     OPTIONS(roll_over),
     .body = "{}",
     .ask = "Make a new CA? Everybody will have to fetch a new profile in time.",
     .done = "The CA is {name} now, good until {not_after}.",
     .help = "Makes a new CA; profiles of the one before stay good for a time."},
    {.noun = "cert",
     .verb = "sites",
     .method = "GET",
     .path = "/site-certificates",
     COLUMNS(site_columns),
     .flags = VERB_ITEMS,
     .help = "Lists the certificates that sites show to browsers."},
    {.noun = "finding",
     .verb = "list",
     .method = "GET",
     .path = "/findings",
     COLUMNS(finding_columns),
     .flags = VERB_ITEMS,
     .help = "Lists what could be safer here, each with what to do."},
    {.noun = "listener",
     .verb = "list",
     .method = "GET",
     .path = "/listeners",
     COLUMNS(listener_columns),
     .flags = VERB_ITEMS,
     .help = "Lists what listens on this machine, with process and reason."},
    {.noun = "backup",
     .arguments = {{.name = "FILE"}},
     OPTIONS(backup),
     .help = "Writes database, keys, certificates and configuration into one encrypted file; "
	     "the server may go on.",
     .run = backup_make},
    {.noun = "restore",
     .arguments = {{.name = "FILE"}},
     OPTIONS(restore),
     .help = "Makes a server of a backup, in an empty state directory.",
     .run = backup_restore},
    {.noun = "completion",
     .arguments = {{.name = "bash|zsh|fish"}},
     .help = "Prints what lets a shell complete these commands.",
     .run = completion_print},
    {.noun = "version", .help = "Prints the version.", .run = command_version},
};

const struct verb_group verbs_system = {"The rest", nouns, COUNT(nouns), verbs, COUNT(verbs)};
