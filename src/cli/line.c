/* What was said on the command line, read by the table. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/print.h"
#include "cli/verb.h"
#include "config/config.h"

/* The words, once those were taken out that may stand anywhere. */
struct words {
	const char **at;
	size_t count;
	bool help;
};

/* --- what is said of what is not understood */

struct nearest {
	const char *to, *name;
	unsigned distance;
};

static void
consider(struct nearest *n, const char *name)
{
	unsigned d = text_distance(span_str(n->to), span_str(name));

	if (d >= n->distance || d >= strlen(name))
		return;
	n->distance = d;
	n->name = name;
}

static void
tell_unknown(const char *what, struct nearest n, const char *help)
{
	fprintf(stderr, "sallyport: no %s `", what);
	print_text(stderr, n.to);
	if (n.name != NULL)
		fprintf(stderr, "`; did you mean `%s`?\n", n.name);
	else
		fprintf(stderr, "`; `sallyport help%s` lists them\n", help);
}

static int
unknown_noun(const char *word)
{
	struct nearest n = {.to = word, .distance = 3};

	for (size_t g = 0; verb_groups[g] != NULL; g++)
		for (size_t i = 0; i < verb_groups[g]->noun_count; i++)
			consider(&n, verb_groups[g]->nouns[i].name);
	tell_unknown("command", n, "");
	return EXIT_USAGE;
}

static int
unknown_verb(struct arena *memory, const char *noun, const char *word)
{
	struct nearest n = {.to = word, .distance = 3};
	size_t group = 0, index = 0;
	const struct verb *v;

	while ((v = verb_next(&group, &index)) != NULL)
		if (strcmp(v->noun, noun) == 0 && v->verb != NULL)
			consider(&n, v->verb);
	tell_unknown(arena_printf(memory, "command `%s` with", noun), n,
		     arena_printf(memory, " %s", noun));
	return EXIT_USAGE;
}

static const char *
name_of(struct arena *memory, const struct verb *v)
{
	return v->verb == NULL ? v->noun : arena_printf(memory, "%s %s", v->noun, v->verb);
}

static bool
wrong(const struct command_line *l, const char *word, const char *why)
{
	const char *name = name_of(l->memory, l->verb);

	fprintf(stderr, "sallyport %s: `", name);
	print_text(stderr, word);
	fprintf(stderr, "` %s; see sallyport %s --help\n", why, name);
	return false;
}

static bool
unknown_option(const struct command_line *l, const char *word)
{
	struct nearest n = {.to = word, .distance = 3};

	for (size_t i = 0; i < l->verb->option_count; i++)
		consider(&n, l->verb->options[i].name);
	if (n.name == NULL)
		return wrong(l, word, "is not understood here");
	return wrong(l, word,
		     arena_printf(l->memory, "is not understood here: did you mean `%s`?", n.name));
}

/* --- words that may stand anywhere */

/* Roles run elsewhere, and errors name the file: so it is made absolute here. */
static const char *
absolute(struct arena *memory, const char *file)
{
	char directory[PATH_MAX];

	if (file[0] == '/' || getcwd(directory, sizeof directory) == NULL)
		return file;
	return arena_printf(memory, "%s/%s", directory, file);
}

static bool
is_one_of(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

/* Those that all commands have; false: `-c` without its file, which is left for who complains. */
static void
take_common(int argc, char **argv, struct command_line *l, struct words *w)
{
	w->at = arena_get(l->memory, (size_t)argc * sizeof *w->at);
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];

		if (is_one_of(word, "-c", "--config") && i + 1 < argc)
			l->file = absolute(l->memory, argv[++i]);
		else if (strncmp(word, "--config=", 9) == 0)
			l->file = absolute(l->memory, word + 9);
		else if (strcmp(word, "--json") == 0)
			l->json = true;
		else if (is_one_of(word, "--yes", "-y"))
			l->yes = true;
		else if (is_one_of(word, "--help", "-h"))
			w->help = true;
		else if (strcmp(word, "--version") == 0 && w->count == 0)
			w->at[w->count++] = "version";
		else
			w->at[w->count++] = word;
	}
}

/* --- the row, its options and arguments */

static bool
has_choice(const char *choices, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = choices; at != NULL; at = strchr(at, '|')) {
		at += *at == '|';
		if (strncmp(at, word, len) == 0 && (at[len] == '|' || at[len] == '\0'))
			return true;
	}
	return false;
}

/* "user|admin" are words to choose from; "ADDRESS|USER" are not. */
static bool
is_choice(const char *value)
{
	return value != NULL && strchr(value, '|') != NULL && value[0] >= 'a' && value[0] <= 'z';
}

static bool
take_value(struct command_line *l, size_t option, const char *word, const char *value)
{
	const struct option *o = &l->verb->options[option];

	if (o->kind == VALUE_FLAG && value != NULL)
		return wrong(l, word, "takes no value");
	if (o->kind != VALUE_FLAG && value == NULL)
		return wrong(l, word, "is not understood here, or lacks its value");
	if (l->values[option] != NULL)
		return wrong(l, word, "is there twice");
	if (is_choice(o->value) && !has_choice(o->value, value))
		return wrong(
		    l, value,
		    arena_printf(l->memory, "is none of %s, which %s takes", o->value, o->name));
	l->values[option] = value != NULL ? value : "";
	return true;
}

/* Takes the option at w->at[*i], and its value. */
static bool
take_option(struct command_line *l, const struct words *w, size_t *i)
{
	const char *word = w->at[*i], *equals = strchr(word, '=');
	size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word);

	for (size_t k = 0; k < l->verb->option_count; k++) {
		const struct option *o = &l->verb->options[k];

		if (strlen(o->name) != len || strncmp(o->name, word, len) != 0)
			continue;
		if (equals != NULL)
			return take_value(l, k, word, equals + 1);
		if (o->kind != VALUE_FLAG && *i + 1 < w->count)
			return take_value(l, k, word, w->at[++*i]);
		return take_value(l, k, word, NULL);
	}
	if (strcmp(word, "-c") == 0 || strcmp(word, "--config") == 0)
		return wrong(l, word, "lacks its value");
	return unknown_option(l, word);
}

static bool
take_argument(struct command_line *l, const char *word)
{
	const struct argument *a = &l->verb->arguments[l->argument_count];

	if (l->argument_count == ARGUMENTS_MAX || a->name == NULL)
		return wrong(l, word, "is not understood here: it is one word too many");
	if (is_choice(a->name) && !has_choice(a->name, word))
		return wrong(l, word, arena_printf(l->memory, "is none of %s", a->name));
	if (word[0] == '\0')
		return wrong(l, word, arena_printf(l->memory, "is no %s: it is empty", a->name));
	l->arguments[l->argument_count++] = word;
	return true;
}

static bool
is_complete(const struct command_line *l)
{
	const struct argument *next = &l->verb->arguments[l->argument_count];

	if (l->argument_count == ARGUMENTS_MAX || next->name == NULL || next->optional)
		return true;
	fprintf(stderr, "sallyport %s: %s is missing; see sallyport %s --help\n",
		name_of(l->memory, l->verb), next->name, name_of(l->memory, l->verb));
	return false;
}

static bool
take_rest(struct command_line *l, const struct words *w, size_t from)
{
	bool options = true;

	for (size_t i = from; i < w->count; i++) {
		if (options && strcmp(w->at[i], "--") == 0)
			options = false;
		else if (options && w->at[i][0] == '-' && w->at[i][1] != '\0') {
			if (!take_option(l, w, &i))
				return false;
		} else if (!take_argument(l, w->at[i])) {
			return false;
		}
	}
	return is_complete(l);
}

static int
help_on(struct arena *memory, const struct words *w, size_t from)
{
	const struct noun *n = w->count > from ? noun_find(w->at[from]) : NULL;
	const struct verb *v = NULL;

	if (w->count <= from) {
		help_all();
		return EXIT_DONE;
	}
	if (n == NULL)
		return unknown_noun(w->at[from]);
	if (w->count > from + 1 && w->at[from + 1][0] != '-')
		v = verb_find(n->name, w->at[from + 1]);
	if (v != NULL)
		help_verb(v);
	else if (w->count == from + 1 || verb_find(n->name, NULL) != NULL)
		help_noun(n);
	else
		return unknown_verb(memory, n->name, w->at[from + 1]);
	return EXIT_DONE;
}

/* The row that the first words name; sets where the rest begins. */
static const struct verb *
find_row(struct arena *memory, const struct words *w, size_t *rest)
{
	const char *noun = w->at[0], *word = w->count > 1 ? w->at[1] : NULL;
	const struct verb *alone = verb_find(noun, NULL), *v = NULL;

	if (noun_find(noun) == NULL) {
		unknown_noun(noun);
		return NULL;
	}
	if (word != NULL && word[0] != '-')
		v = verb_find(noun, word);
	*rest = v != NULL ? 2 : 1;
	if (v != NULL || alone != NULL)
		return v != NULL ? v : alone;
	if (word != NULL && word[0] != '-') {
		unknown_verb(memory, noun, word);
		return NULL;
	}
	fprintf(stderr, "sallyport %s: say what to do; `sallyport help %s` lists it\n", noun, noun);
	return NULL;
}

bool
line_read(int argc, char **argv, struct command_line *out, int *status)
{
	struct words w = {.count = 0};
	size_t rest;

	*out = (struct command_line){.memory = out->memory, .file = CONFIG_DEFAULT_FILE};
	take_common(argc, argv, out, &w);
	*status = EXIT_USAGE;
	if (w.count > 0 && strcmp(w.at[0], "help") == 0)
		*status = help_on(out->memory, &w, 1);
	else if (w.help)
		*status = help_on(out->memory, &w, 0);
	else if (w.count == 0)
		fputs("usage: sallyport COMMAND [-c FILE] [OPTION]; `sallyport help` lists them\n",
		      stderr);
	else if ((out->verb = find_row(out->memory, &w, &rest)) != NULL)
		return take_rest(out, &w, rest);
	return false;
}

const char *
line_value(const struct command_line *l, const char *option)
{
	for (size_t i = 0; i < l->verb->option_count; i++)
		if (strcmp(l->verb->options[i].name, option) == 0)
			return l->values[i];
	return NULL;
}
