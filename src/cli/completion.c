/* What lets shells complete these commands, made from the table. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "cli/verb.h"

#define COMMON "-c --config --json --yes --help"

/* Calls `each` with every noun, or every verb of one. */
static void
each_noun(void (*each)(const char *name, const char *help))
{
	for (size_t g = 0; verb_groups[g] != NULL; g++)
		for (size_t i = 0; i < verb_groups[g]->noun_count; i++)
			each(verb_groups[g]->nouns[i].name, verb_groups[g]->nouns[i].help);
}

static bool
has_choices(const char *value)
{
	return value != NULL && strchr(value, '|') != NULL && value[0] >= 'a' && value[0] <= 'z';
}

static void
print_choices(const char *value)
{
	for (const char *c = value; *c != '\0'; c++)
		putchar(*c == '|' ? ' ' : *c);
}

/* What may follow at a place: of words alone, which nothing in a shell takes for its own. */
static void
print_word(const char *name, const char *help)
{
	(void)help;
	printf("%s ", name);
}

static void
print_verbs(const char *noun)
{
	size_t group = 0, index = 0;
	const struct verb *v;

	while ((v = verb_next(&group, &index)) != NULL)
		if (strcmp(v->noun, noun) == 0 && v->verb != NULL)
			printf("%s ", v->verb);
}

static void
print_verb_cases(void)
{
	for (size_t g = 0; verb_groups[g] != NULL; g++)
		for (size_t i = 0; i < verb_groups[g]->noun_count; i++) {
			const char *noun = verb_groups[g]->nouns[i].name;

			printf("\t%s) verbs=\"", noun);
			print_verbs(noun);
			puts("\" ;;");
		}
}

/* The options of each row, and the words that it takes itself. */
static void
print_option_cases(void)
{
	size_t group = 0, index = 0;
	const struct verb *v;

	while ((v = verb_next(&group, &index)) != NULL) {
		printf("\t\"%s %s\") words=\"", v->noun, v->verb != NULL ? v->verb : "");
		for (size_t i = 0; i < v->option_count; i++)
			printf("%s ", v->options[i].name);
		if (has_choices(v->arguments[0].name))
			print_choices(v->arguments[0].name);
		puts("\" ;;");
	}
}

static void
print_value_cases(void)
{
	size_t group = 0, index = 0;
	const struct verb *v;

	while ((v = verb_next(&group, &index)) != NULL)
		for (size_t i = 0; i < v->option_count; i++) {
			if (!has_choices(v->options[i].value))
				continue;
			printf("\t\"%s %s %s\") values=\"", v->noun, v->verb != NULL ? v->verb : "",
			       v->options[i].name);
			print_choices(v->options[i].value);
			puts("\" ;;");
		}
}

/* Both shells: sets verbs, words and values from $noun, $verb and $before. */
static void
print_cases(void)
{
	puts("\tverbs= words= values=\n\tcase \"$noun\" in");
	print_verb_cases();
	puts("\tesac\n\t[ -n \"$verbs\" ] || verb=\n\tcase \"$noun $verb\" in");
	print_option_cases();
	puts("\tesac\n\tcase \"$noun $verb $before\" in");
	print_value_cases();
	puts("\tesac");
}

static void
print_bash(void)
{
	puts("# bash completion for sallyport(8)\n"
	     "_sallyport()\n{\n"
	     "\tlocal noun= verb= verbs words values word i skip=\n"
	     "\tlocal now=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
	     "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	     "\t\tword=${COMP_WORDS[i]}\n"
	     "\t\tif [ -n \"$skip\" ]; then skip=; continue; fi\n"
	     "\t\tcase $word in\n"
	     "\t\t-c|--config) skip=1 ;;\n"
	     "\t\t-*) ;;\n"
	     "\t\t*) if [ -z \"$noun\" ]; then noun=$word\n"
	     "\t\t   elif [ -z \"$verb\" ]; then verb=$word; fi ;;\n"
	     "\t\tesac\n"
	     "\tdone");
	print_cases();
	puts("\tcase $before in -c|--config|*-file|--output|--authorities)\n"
	     "\t\tCOMPREPLY=($(compgen -f -- \"$now\")); return ;;\n"
	     "\tesac");
	fputs("\tif [ -n \"$values\" ]; then words=$values\n"
	      "\telif [ -z \"$noun\" ]; then words=\"",
	      stdout);
	each_noun(print_word);
	puts("help\"\n"
	     "\telif [ -z \"$verb\" ] && [ -n \"$verbs\" ]; then words=\"$verbs $words " COMMON
	     "\"\n"
	     "\telse words=\"$words " COMMON "\"\n"
	     "\tfi\n"
	     "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$now\"))\n"
	     "\tcase $noun in config|user|backup|restore) [ ${#COMPREPLY[@]} -gt 0 ] || "
	     "COMPREPLY=($(compgen -f -- \"$now\")) ;; esac\n"
	     "}\n"
	     "complete -F _sallyport sallyport");
}

static void
print_zsh(void)
{
	puts("#compdef sallyport\n"
	     "_sallyport()\n{\n"
	     "\tlocal noun= verb= verbs values word i skip=\n"
	     "\tlocal said before=${words[CURRENT-1]}\n"
	     "\tsaid=(\"${words[@]}\")\n"
	     "\tlocal words\n"
	     "\tfor ((i = 2; i < CURRENT; i++)); do\n"
	     "\t\tword=${said[i]}\n"
	     "\t\tif [ -n \"$skip\" ]; then skip=; continue; fi\n"
	     "\t\tcase $word in\n"
	     "\t\t-c|--config) skip=1 ;;\n"
	     "\t\t-*) ;;\n"
	     "\t\t*) if [ -z \"$noun\" ]; then noun=$word\n"
	     "\t\t   elif [ -z \"$verb\" ]; then verb=$word; fi ;;\n"
	     "\t\tesac\n"
	     "\tdone");
	print_cases();
	puts("\tcase $before in -c|--config|*-file|--output|--authorities) _files; return ;; esac");
	fputs("\tif [ -n \"$values\" ]; then words=$values\n"
	      "\telif [ -z \"$noun\" ]; then words=\"",
	      stdout);
	each_noun(print_word);
	puts("help\"\n"
	     "\telif [ -z \"$verb\" ] && [ -n \"$verbs\" ]; then words=\"$verbs $words " COMMON
	     "\"\n"
	     "\telse words=\"$words " COMMON "\"\n"
	     "\tfi\n"
	     "\tcompadd -- ${=words}\n"
	     "\tcase $noun in config|user|backup|restore) _files ;; esac\n"
	     "}\n"
	     "compdef _sallyport sallyport");
}

/* In single quotes, as fish reads them. */
static void
print_quoted(const char *text)
{
	putchar('\'');
	for (const char *c = text; *c != '\0'; c++)
		printf(*c == '\'' || *c == '\\' ? "\\%c" : "%c", *c);
	putchar('\'');
}

static void
print_fish_noun(const char *name, const char *help)
{
	printf("complete -c sallyport -f -n __fish_use_subcommand -a %s -d ", name);
	print_quoted(help);
	putchar('\n');
}

static void
print_fish_verb(const struct verb *v)
{
	if (v->verb != NULL) {
		printf("complete -c sallyport -f -n '__fish_seen_subcommand_from %s' -a %s -d ",
		       v->noun, v->verb);
		print_quoted(v->help);
		putchar('\n');
	}
	for (size_t i = 0; i < v->option_count; i++) {
		const struct option *o = &v->options[i];

		printf("complete -c sallyport -n '__fish_seen_subcommand_from %s%s%s' -l %s%s",
		       v->noun, v->verb != NULL ? "; and __fish_seen_subcommand_from " : "",
		       v->verb != NULL ? v->verb : "", o->name + 2,
		       o->kind == VALUE_FLAG ? "" : " -r");
		if (has_choices(o->value)) {
			fputs(" -f -a '", stdout);
			print_choices(o->value);
			putchar('\'');
		}
		fputs(" -d ", stdout);
		print_quoted(o->help);
		putchar('\n');
	}
}

static void
print_fish(void)
{
	size_t group = 0, index = 0;
	const struct verb *v;

	puts("# fish completion for sallyport(8)\n"
	     "complete -c sallyport -s c -l config -r -d 'the configuration'\n"
	     "complete -c sallyport -l json -d 'print what the server answered'\n"
	     "complete -c sallyport -l yes -s y -d 'do not ask first'\n"
	     "complete -c sallyport -l help -s h -d 'more of it'");
	each_noun(print_fish_noun);
	while ((v = verb_next(&group, &index)) != NULL)
		print_fish_verb(v);
}

int
completion_print(struct command_line *l)
{
	static const struct {
		const char *shell;
		void (*print)(void);
	} shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};

	for (size_t i = 0; i < COUNT(shells); i++)
		if (strcmp(l->arguments[0], shells[i].shell) == 0)
			shells[i].print();
	return EXIT_DONE;
}
