/* The command line's table against the API's: what can be said is there to be asked. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "api/operation.h"
#include "api/query.h"
#include "api/router.h"
#include "base/mem.h"
#include "cli/verb.h"
#include "http/method.h"

static const char *
title(const struct verb *v)
{
	static char text[128];

	snprintf(text, sizeof text, "%s %s", v->noun, v->verb != NULL ? v->verb : "");
	return text;
}

/* The operation that a row asks for; NULL: it asks for none. */
static const struct operation *
operation_of(const struct verb *v)
{
	struct span parameters[API_PARAMETERS_MAX];
	const struct operation *op;
	size_t group = 0, index = 0;
	char path[200];
	size_t n = 0;

	if (v->path == NULL)
		return NULL;
	for (const char *c = v->path; *c != '\0' && n < sizeof path - 2; c++)
		if (*c == '{')
			path[n++] = 'x';
		else if (*c != '}')
			path[n++] = *c;
	path[n] = '\0';
	while ((op = router_next(&group, &index)) != NULL)
		if (strcmp(router_method(op->method), v->method) == 0)
			break;
	assert_non_null(op);
	char whole[256];
	snprintf(whole, sizeof whole, API_PREFIX "%s", path);
	op = router_match(op->method, span_str(whole), parameters);
	if (op == NULL)
		fail_msg("%s: there is no %s %s", title(v), v->method, v->path);
	return op;
}

static const struct shape_member *
member_of(const struct shape *s, const char *name)
{
	const char *dot = strchr(name, '.');
	size_t len = dot != NULL ? (size_t)(dot - name) : strlen(name);

	for (size_t i = 0; s != NULL && i < s->count; i++)
		if (strlen(s->members[i].name) == len &&
		    strncmp(s->members[i].name, name, len) == 0)
			return dot == NULL ? &s->members[i] : member_of(s->members[i].of, dot + 1);
	return NULL;
}

static bool
is_asked(const struct operation *op, const char *name)
{
	for (size_t i = 0; i < op->query_count; i++)
		if (strcmp(op->query[i].name, name) == 0)
			return true;
	for (size_t i = 0; i < query_of_lists_count && (op->flags & OP_LIST); i++)
		if (strcmp(query_of_lists[i].name, name) == 0)
			return true;
	return (op->flags & OP_LIST) && strcmp(name, "descending") == 0;
}

static void
check_member(const struct verb *v, const struct operation *op, const char *name, bool ports)
{
	char member[96];
	const struct shape_member *m;

	snprintf(member, sizeof member, "%s%s", name, ports ? "_from" : "");
	m = member_of(op->body, member);
	if (m == NULL)
		fail_msg("%s: the body of %s has no %s", title(v), op->id, member);
	if (m->flags & SHAPE_READ_ONLY)
		fail_msg("%s: %s of %s is never asked for", title(v), member, op->id);
	if (op->use == SHAPE_CHANGE && (m->flags & SHAPE_FIXED))
		fail_msg("%s: %s of %s is never changed", title(v), member, op->id);
}

/* NULL: any word does. */
static const char *const *
choices_of(const struct option *o, const struct operation *op)
{
	const struct shape_member *m = o->part == PART_BODY ? member_of(op->body, o->member) : NULL;

	for (size_t i = 0; o->part == PART_QUERY && i < op->query_count; i++)
		if (strcmp(op->query[i].name, o->member) == 0)
			return op->query[i].choices;
	return m != NULL && m->kind == SHAPE_CHOICE && m->choices != shape_yes_no ? m->choices
										  : NULL;
}

/* All words that the API knows, and none besides but "none". */
static void
check_choices(const struct verb *v, const struct option *o, const struct operation *op)
{
	const char *const *choices = choices_of(o, op);
	char words[200] = "|";

	if (o->value == NULL || choices == NULL)
		return;
	for (size_t i = 0; choices[i] != NULL; i++) {
		size_t n = strlen(words);

		snprintf(words + n, sizeof words - n, "%s|", choices[i]);
	}
	if (o->flags & VALUE_NULLABLE) {
		size_t n = strlen(words);

		snprintf(words + n, sizeof words - n, "none|");
	}
	words[strlen(words) - 1] = '\0';
	if (strcmp(words + 1, o->value) != 0)
		fail_msg("%s: %s takes %s, the API %s", title(v), o->name, o->value, words + 1);
}

static void
every_row_asks_for_an_operation_there_is(void **state)
{
	size_t group = 0, index = 0;
	const struct verb *v;

	(void)state;
	while ((v = verb_next(&group, &index)) != NULL) {
		const struct operation *op = operation_of(v);

		if (op == NULL && v->run == NULL)
			fail_msg("%s does nothing", title(v));
		if (op != NULL && ((op->flags & OP_LIST) != 0) != ((v->flags & VERB_LIST) != 0))
			fail_msg("%s: one of the two is no list", title(v));
	}
}

static void
every_option_and_argument_is_one_that_is_asked_for(void **state)
{
	size_t group = 0, index = 0;
	const struct verb *v;

	(void)state;
	while ((v = verb_next(&group, &index)) != NULL) {
		const struct operation *op = operation_of(v);

		if (op == NULL)
			continue;
		for (size_t i = 0; i < v->option_count; i++) {
			const struct option *o = &v->options[i];

			if (o->part == PART_BODY)
				check_member(v, op, o->member, o->kind == VALUE_PORTS);
			if (o->part == PART_QUERY && !is_asked(op, o->member))
				fail_msg("%s: %s is no parameter of %s", title(v), o->member,
					 op->id);
			check_choices(v, o, op);
		}
		for (size_t i = 0; i < ARGUMENTS_MAX && v->arguments[i].name != NULL; i++)
			if (v->arguments[i].part == PART_BODY)
				check_member(v, op, v->arguments[i].member, false);
			else if (v->arguments[i].part == PART_QUERY &&
				 !is_asked(op, v->arguments[i].member))
				fail_msg("%s: %s is no parameter of %s", title(v),
					 v->arguments[i].member, op->id);
	}
}

static void
every_required_member_is_given(void **state)
{
	size_t group = 0, index = 0;
	const struct verb *v;

	(void)state;
	while ((v = verb_next(&group, &index)) != NULL) {
		const struct operation *op = operation_of(v);

		if (op == NULL || op->body == NULL || op->use != SHAPE_CREATE || v->run != NULL)
			continue;
		for (size_t m = 0; m < op->body->count; m++) {
			const char *name = op->body->members[m].name;
			bool given = v->body != NULL && strstr(v->body, name) != NULL;

			for (size_t i = 0; i < v->option_count; i++)
				given |= v->options[i].member != NULL &&
					 strcmp(v->options[i].member, name) == 0;
			for (size_t i = 0; i < ARGUMENTS_MAX && v->arguments[i].name != NULL; i++)
				given |= v->arguments[i].member != NULL &&
					 strcmp(v->arguments[i].member, name) == 0;
			if (!given && (op->body->members[m].flags & SHAPE_REQUIRED))
				fail_msg("%s: %s is never given", title(v), name);
		}
	}
}

/* What the columns are of: an item of a list. */
static const struct shape *
shown_by(const struct verb *v, const struct operation *op)
{
	const struct shape_member *m;

	if (v->flags & VERB_LIST)
		return op->answer;
	m = member_of(op->answer, v->flags & VERB_ITEMS ? "items" : "rules");
	return m != NULL ? m->of : NULL;
}

static void
every_column_is_a_member_of_the_answer(void **state)
{
	size_t group = 0, index = 0;
	const struct verb *v;

	(void)state;
	while ((v = verb_next(&group, &index)) != NULL)
		for (size_t i = 0; i < v->column_count; i++) {
			const struct operation *op = operation_of(v);

			if (member_of(shown_by(v, op), v->columns[i].member) == NULL)
				fail_msg("%s: there is no %s", title(v), v->columns[i].member);
		}
}

static void
every_list_has_columns_and_every_change_says_what_it_did(void **state)
{
	size_t group = 0, index = 0;
	const struct verb *v;

	(void)state;
	while ((v = verb_next(&group, &index)) != NULL) {
		assert_non_null(v->help);
		assert_true(v->option_count <= OPTIONS_MAX);
		if ((v->flags & (VERB_LIST | VERB_ITEMS)) && v->column_count == 0)
			fail_msg("%s has no columns", title(v));
		if (v->path != NULL && strcmp(v->method, "GET") != 0 && v->run == NULL &&
		    v->done == NULL)
			fail_msg("%s says nothing when it is done", title(v));
		if (v->path != NULL && strcmp(v->method, "DELETE") == 0 && v->ask == NULL &&
		    strcmp(v->verb, "lift") != 0)
			fail_msg("%s removes without asking", title(v));
	}
}

static void
every_braced_word_of_a_sentence_is_in_the_answer(void **state)
{
	size_t group = 0, index = 0;
	const struct verb *v;

	(void)state;
	while ((v = verb_next(&group, &index)) != NULL) {
		const struct operation *op = operation_of(v);

		for (const char *c = v->done != NULL && op != NULL ? strchr(v->done, '{') : NULL;
		     c != NULL; c = strchr(c + 1, '{')) {
			char name[64];

			snprintf(name, sizeof name, "%.*s", (int)strcspn(c + 1, "|}"), c + 1);
			if (name[0] > '9' && member_of(op->answer, name) == NULL)
				fail_msg("%s: {%s} is not in the answer", title(v), name);
		}
	}
}

/* What people do in browsers for themselves, and what only programs want. */
static bool
is_left_out(const struct operation *op)
{
	static const char *const ids[] = {"watchEvents", "getStatus",       "getHistory",
					  "getDocument", "listUserDevices", "getWaysBack"};

	if (op->flags & (OP_PORTAL | OP_OPEN | OP_ROOT))
		return true;
	for (size_t i = 0; i < COUNT(ids); i++)
		if (strcmp(ids[i], op->id) == 0)
			return true;
	return false;
}

static void
every_operation_of_administrators_has_a_row(void **state)
{
	size_t group = 0, index = 0;
	const struct operation *op;

	(void)state;
	while ((op = router_next(&group, &index)) != NULL) {
		size_t g = 0, i = 0;
		const struct verb *v;
		bool found = is_left_out(op);

		while (!found && (v = verb_next(&g, &i)) != NULL)
			found = operation_of(v) == op;
		/* The password of a user is set by two rows, neither of which is it alone. */
		if (!found)
			fail_msg("nobody can say %s %s (%s)", router_method(op->method), op->path,
				 op->id);
	}
}

static void
no_two_rows_are_the_same_and_each_has_its_noun(void **state)
{
	size_t group = 0, index = 0;
	const struct verb *v;

	(void)state;
	while ((v = verb_next(&group, &index)) != NULL) {
		if (verb_find(v->noun, v->verb) != v)
			fail_msg("%s is there twice", title(v));
		if (noun_find(v->noun) == NULL)
			fail_msg("%s has no help", title(v));
		for (size_t i = 0; i < v->option_count; i++)
			for (size_t k = 0; k < i; k++)
				assert_string_not_equal(v->options[i].name, v->options[k].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_row_asks_for_an_operation_there_is),
	    cmocka_unit_test(every_option_and_argument_is_one_that_is_asked_for),
	    cmocka_unit_test(every_required_member_is_given),
	    cmocka_unit_test(every_column_is_a_member_of_the_answer),
	    cmocka_unit_test(every_list_has_columns_and_every_change_says_what_it_did),
	    cmocka_unit_test(every_braced_word_of_a_sentence_is_in_the_answer),
	    cmocka_unit_test(every_operation_of_administrators_has_a_row),
	    cmocka_unit_test(no_two_rows_are_the_same_and_each_has_its_noun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
