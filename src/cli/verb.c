#include "cli/verb.h"

#include <string.h>

const struct verb_group *const verb_groups[] = {&verbs_server, &verbs_people, &verbs_access,
						&verbs_system, NULL};

const struct verb *
verb_next(size_t *group, size_t *index)
{
	for (; verb_groups[*group] != NULL; (*group)++, *index = 0)
		if (*index < verb_groups[*group]->count)
			return &verb_groups[*group]->at[(*index)++];
	return NULL;
}

const struct noun *
noun_find(const char *name)
{
	for (size_t g = 0; verb_groups[g] != NULL; g++)
		for (size_t i = 0; i < verb_groups[g]->noun_count; i++)
			if (strcmp(verb_groups[g]->nouns[i].name, name) == 0)
				return &verb_groups[g]->nouns[i];
	return NULL;
}

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

const struct verb *
verb_find(const char *noun, const char *verb)
{
	size_t group = 0, index = 0;
	const struct verb *v;

	while ((v = verb_next(&group, &index)) != NULL)
		if (strcmp(v->noun, noun) == 0 && is_same(v->verb, verb))
			return v;
	return NULL;
}
