/* Help, made from the table. */
#include <stdio.h>
#include <string.h>

#include "cli/verb.h"
#include "config/config.h"

#define NOUN_WIDTH   14
#define OPTION_WIDTH 34

void
help_all(void)
{
	puts("sallyport: one port for HTTPS, OpenVPN, SSH and others\n\n"
	     "usage: sallyport COMMAND [-c FILE] [OPTION]");
	for (size_t g = 0; verb_groups[g] != NULL; g++) {
		printf("\n%s:\n", verb_groups[g]->title);
		for (size_t i = 0; i < verb_groups[g]->noun_count; i++)
			printf("  %-*s %s\n", NOUN_WIDTH, verb_groups[g]->nouns[i].name,
			       verb_groups[g]->nouns[i].help);
	}
	printf("  %-*s print this; help COMMAND: more of it\n\n"
	       "FILE is " CONFIG_DEFAULT_FILE " unless given. The manual: sallyport(8), "
	       "sallyport.conf(5).\n",
	       NOUN_WIDTH, "help");
}

static void
print_usage(const struct verb *v)
{
	printf("sallyport %s", v->noun);
	if (v->verb != NULL)
		printf(" %s", v->verb);
	for (size_t i = 0; i < ARGUMENTS_MAX && v->arguments[i].name != NULL; i++)
		printf(v->arguments[i].optional ? " [%s]" : " %s", v->arguments[i].name);
	fputs(" [OPTION]...", stdout);
}

static void
print_option(const char *name, const char *value, const char *help)
{
	int n = printf("  %s%s%s", name, value != NULL ? " " : "", value != NULL ? value : "");

	if (n >= OPTION_WIDTH) {
		putchar('\n');
		n = 0;
	}
	printf("%*s%s\n", OPTION_WIDTH - n, "", help);
}

static bool
answers_json(const struct verb *v)
{
	return v->path != NULL || strcmp(v->noun, "status") == 0;
}

static void
print_options(const struct verb *v)
{
	puts("\nOptions:");
	for (size_t i = 0; i < v->option_count; i++)
		print_option(v->options[i].name, v->options[i].value, v->options[i].help);
	print_option("-c, --config", "FILE", "the configuration, by which the server is found");
	if (answers_json(v) && !(v->flags & VERB_BYTES))
		print_option("--json", NULL, "print what the server answered, for programs");
	if (v->ask != NULL)
		print_option("--yes", NULL, "do not ask first");
}

void
help_verb(const struct verb *v)
{
	print_usage(v);
	printf("\n\n%s\n", v->help);
	print_options(v);
}

void
help_noun(const struct noun *n)
{
	const struct verb *alone = verb_find(n->name, NULL), *v;
	size_t group = 0, index = 0, others = 0;

	if (alone != NULL)
		help_verb(alone);
	else
		printf("sallyport %s VERB: %s\n", n->name, n->help);
	while ((v = verb_next(&group, &index)) != NULL) {
		if (strcmp(v->noun, n->name) != 0 || v->verb == NULL)
			continue;
		if (others++ == 0)
			putchar('\n');
		fputs("  ", stdout);
		print_usage(v);
		printf("\n      %s\n", v->help);
	}
	if (others > 0)
		printf("\nThe options of each: sallyport %s VERB --help\n", n->name);
}
