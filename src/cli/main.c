#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/span.h"
#include "base/text.h"
#include "cli/command.h"
#include "config/config.h"
#include "role/edge.h"
#include "role/warden.h"

#define USAGE_ERROR 2

/* Which options a command knows besides -c and --help. */
enum { OPTION_CONFIRM = 1, OPTION_PRINT = 2, OPTION_HASH = 4, OPTION_JSON = 8 };

static const struct command {
	const char *name;
	int (*run)(const struct arguments *a);
	unsigned options;
	const char *help;
} commands[] = {
    {"serve", command_serve, 0, "serve, until SIGTERM (drains) or SIGINT (stops)"},
    {"check", command_check, 0, "say what is wrong with the configuration, if anything"},
    {"reload", command_reload, OPTION_CONFIRM,
     "apply the configuration; with --confirm SECONDS go back unless confirmed in time"},
    {"confirm", command_confirm, 0, "keep the configuration that awaits confirmation"},
    {"status", command_status, OPTION_JSON,
     "what the running server does and has done; --json: for programs"},
    {"reopen-log", command_reopen_log, 0, "open the access log anew, after it was rotated"},
    {"hash-password", command_hash_password, OPTION_HASH,
     "make the line of basic_auth for a password, asked for or read from a pipe"},
    {"config", command_config, OPTION_PRINT,
     "print the configuration as it is understood; --defaults: every option there is"},
};

/* Roles of the program, started by warden alone. */
static const struct role_entry {
	const char *name;
	int (*main)(void);
} roles[] = {{"edge", edge_main}, {"resolver", resolver_main}};

static void
usage(FILE *to)
{
	fputs("sallyport: one port for HTTPS, OpenVPN, SSH and others\n\n"
	      "usage: sallyport COMMAND [-c FILE] [OPTION]\n\n",
	      to);
	for (size_t i = 0; i < COUNT(commands); i++)
		fprintf(to, "  %-13s %s\n", commands[i].name, commands[i].help);
	fputs("  version       print the version\n"
	      "  help          print this\n\n"
	      "FILE is " CONFIG_DEFAULT_FILE " unless given. The manual: sallyport(8), "
	      "sallyport.conf(5).\n",
	      to);
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < COUNT(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int
unknown_command(const char *name)
{
	const char *nearest = NULL;
	unsigned least = 3;

	for (size_t i = 0; i < COUNT(commands); i++) {
		unsigned d = text_distance(span_str(name), span_str(commands[i].name));

		if (d < least) {
			least = d;
			nearest = commands[i].name;
		}
	}
	if (nearest != NULL)
		fprintf(stderr, "sallyport: no command `%s`; did you mean `%s`?\n", name, nearest);
	else
		fprintf(stderr, "sallyport: no command `%s`; `sallyport help` lists them\n", name);
	return USAGE_ERROR;
}

/* Roles run elsewhere, and errors name the file: so it is made absolute here. */
static bool
make_absolute(const char *file, char path[PATH_MAX])
{
	char directory[PATH_MAX];

	if (file[0] == '/')
		return snprintf(path, PATH_MAX, "%s", file) < PATH_MAX;
	return getcwd(directory, sizeof directory) != NULL &&
	       snprintf(path, PATH_MAX, "%s/%s", directory, file) < PATH_MAX;
}

/* Takes one option at argv[*i]; false when it is none of this command's. */
static bool
take_option(const struct command *c, struct arguments *a, char **argv, int argc, int *i)
{
	static char path[PATH_MAX];
	const char *word = argv[*i], *value = *i + 1 < argc ? argv[*i + 1] : NULL;

	if ((strcmp(word, "-c") == 0 || strcmp(word, "--config") == 0) && value != NULL) {
		(*i)++;
		a->file = path;
		return make_absolute(value, path);
	}
	if ((c->options & OPTION_CONFIRM) && strcmp(word, "--confirm") == 0 && value != NULL) {
		(*i)++;
		a->confirm = value;
		return true;
	}
	if ((c->options & OPTION_HASH) && strcmp(word, "--method") == 0 && value != NULL) {
		(*i)++;
		a->method = value;
		return true;
	}
	if ((c->options & OPTION_HASH) && word[0] != '-' && a->name == NULL) {
		a->name = word;
		return true;
	}
	if ((c->options & OPTION_JSON) && strcmp(word, "--json") == 0)
		return a->json = true;
	if ((c->options & OPTION_PRINT) && strcmp(word, "--defaults") == 0)
		return a->defaults = true;
	if ((c->options & OPTION_PRINT) && strcmp(word, "--manual") == 0)
		return a->manual = true;
	return false;
}

static int
run_command(const struct command *c, int argc, char **argv, struct arguments *a)
{
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			printf("sallyport %s [-c FILE]%s: %s\n", c->name,
			       c->options & OPTION_CONFIRM ? " [--confirm SECONDS]"
			       : c->options & OPTION_PRINT ? " [--defaults]"
			       : c->options & OPTION_JSON  ? " [--json]"
			       : c->options & OPTION_HASH
				   ? " [--method yescrypt|bcrypt|sha512] [NAME]"
				   : "",
			       c->help);
			return 0;
		}
		if (!take_option(c, a, argv, argc, &i)) {
			fprintf(stderr,
				"sallyport %s: `%s` is not understood here, or lacks its value; "
				"see sallyport %s --help\n",
				c->name, argv[i], c->name);
			return USAGE_ERROR;
		}
	}
	return c->run(a);
}

/* "-c FILE" may also stand before the command. */
static void
command_first(int argc, char **argv)
{
	if (argc < 4 || (strcmp(argv[1], "-c") != 0 && strcmp(argv[1], "--config") != 0))
		return;
	char *option = argv[1], *file = argv[2];
	argv[1] = argv[3];
	argv[2] = option;
	argv[3] = file;
}

int
main(int argc, char **argv)
{
	struct arguments a = {.file = CONFIG_DEFAULT_FILE};

	command_first(argc, argv);
	const char *word = argc > 1 ? argv[1] : "";
	for (size_t i = 0; i < COUNT(roles) && argc == 2; i++)
		if (strcmp(roles[i].name, word) == 0)
			return roles[i].main();
	if (strcmp(word, "version") == 0 || strcmp(word, "--version") == 0) {
		puts("sallyport " SALLYPORT_VERSION);
		return 0;
	}
	if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
		usage(stdout);
		return 0;
	}
	if (word[0] == '\0') {
		usage(stderr);
		return USAGE_ERROR;
	}
	const struct command *c = find_command(word);
	return c != NULL ? run_command(c, argc, argv, &a) : unknown_command(word);
}
