/* Who may ask what, over all operations there are. */
#include "ops.h"

static const struct stand_in {
	const char *name, *value;
} stand_ins[] = {{"{user}", "anna"}, {"{device}", "laptop"}};

/* What stands in the gap that `path` begins with: of all things but these, one is "1". */
static const char *
value_for(const char *path)
{
	for (size_t i = 0; i < COUNT(stand_ins); i++)
		if (strncmp(path, stand_ins[i].name, strlen(stand_ins[i].name)) == 0)
			return stand_ins[i].value;
	return "1";
}

/* The operation's path with something in each of its gaps. */
static const char *
filled(struct server *s, const char *path)
{
	struct buf out = buf_with_cap(1024);
	const char *text;

	while (*path != '\0') {
		if (*path == '{') {
			assert_true(buf_append(&out, span_str(value_for(path))));
			path = strchr(path, '}') + 1;
		} else {
			assert_true(buf_byte(&out, (uint8_t)*path++));
		}
	}
	text = arena_copy(s->kept, buf_span(&out));
	buf_free(&out);
	return text;
}

static bool
is_ours(const struct operation *op)
{
	return !(op->flags & OP_ROOT);
}

static const struct operation *
next(size_t *group, size_t *i)
{
	const struct operation *op;

	while ((op = router_next(group, i)) != NULL && !is_ours(op))
		;
	return op;
}

static struct reply
ask_for(struct server *s, enum who who, const struct operation *op)
{
	return ask_with(s, who, op->method, filled(s, op->path), op->body != NULL ? "{}" : NULL,
			"*");
}

static void
whoever_is_below_its_level_is_refused_each_operation(void **state)
{
	struct server *s = *state;
	const struct operation *op;
	size_t tried = 0;

	for (size_t group = 0, i = 0; (op = next(&group, &i)) != NULL;) {
		for (enum who who = STRANGER; who < MACHINE; who++) {
			unsigned wanted = who == STRANGER ? 401 : 403;
			struct reply r;

			if (level_of[who] >= op->level)
				continue;
			r = ask_for(s, who, op);
			if (op->flags & OP_MACHINE)
				wanted = 404;
			if (r.status != wanted)
				fail_msg("%s as %d: %u instead of %u: %s", op->id, (int)who,
					 r.status, wanted, r.body);
			tried++;
		}
	}
	assert_true(tried > 100);
}

static void
what_is_of_this_machine_alone_is_unknown_through_edge(void **state)
{
	struct server *s = *state;
	const struct operation *op;

	for (size_t group = 0, i = 0; (op = next(&group, &i)) != NULL;)
		if (op->flags & OP_MACHINE)
			assert_status(404, ask_for(s, ADMIN, op));
}

/* A token that may read, or the command line, is nobody's self. */
static void
what_people_do_for_themselves_wants_a_session(void **state)
{
	struct server *s = *state;
	const struct operation *op;

	for (size_t group = 0, i = 0; (op = next(&group, &i)) != NULL;) {
		if (op->level != LEVEL_SELF)
			continue;
		assert_status(403, ask_for(s, READER, op));
		if (!(op->flags & OP_CHANGES) && op->body == NULL)
			assert_status(403, ask_for(s, MACHINE, op));
	}
}

static void
a_change_without_the_guard_against_forgery_is_refused(void **state)
{
	struct server *s = *state;
	const struct operation *op;

	memset(s->as[ADMIN].csrf, 'x', 8);
	for (size_t group = 0, i = 0; (op = next(&group, &i)) != NULL;) {
		struct reply r;

		if (op->method == METHOD_GET || op->method == METHOD_HEAD ||
		    (op->flags & OP_MACHINE))
			continue;
		r = ask_for(s, ADMIN, op);
		assert_int_equal(403, r.status);
		assert_string_equal("urn:sallyport:problem:forged", r.type);
	}
}

static void
dangerous_acts_want_the_password_lately(void **state)
{
	struct server *s = *state;
	const struct operation *op;
	size_t tried = 0;

	s->api.access.now += PROOF_MS + 1;
	for (size_t group = 0, i = 0; (op = next(&group, &i)) != NULL;) {
		struct reply r;

		if (!(op->flags & OP_PROVED))
			continue;
		r = ask_for(s, ADMIN, op);
		assert_int_equal(403, r.status);
		assert_string_equal("urn:sallyport:problem:proof_needed", r.type);
		tried++;
	}
	assert_true(tried >= 6);
}

static void
unknown_fields_and_wrong_types_are_refused_everywhere(void **state)
{
	static const char *const bodies[] = {"{\"no_such_field\":1}", "[]",  "7", "{",
					     "{\"a\":1,\"a\":1}",     "\xff"};
	struct server *s = *state;
	const struct operation *op;

	for (size_t group = 0, i = 0; (op = next(&group, &i)) != NULL;) {
		if (op->body == NULL || (op->flags & OP_MACHINE) || op->level == LEVEL_NOBODY)
			continue;
		for (size_t b = 0; b < COUNT(bodies); b++) {
			struct reply r =
			    ask_with(s, ADMIN, op->method, filled(s, op->path), bodies[b], "*");

			if (r.status / 100 != 4)
				fail_msg("%s took %s: %u %s", op->id, bodies[b], r.status, r.body);
		}
	}
}

static void
unknown_parameters_are_refused_everywhere(void **state)
{
	struct server *s = *state;
	const struct operation *op;

	for (size_t group = 0, i = 0; (op = next(&group, &i)) != NULL;) {
		const char *path;

		if (op->method != METHOD_GET)
			continue;
		path = arena_printf(s->kept, "%s?no_such=1", filled(s, op->path));
		assert_at_fault("no_such", ask(s, ADMIN, METHOD_GET, path, NULL));
	}
}

/* What the document tells people. */
static void
every_operation_and_its_parameters_are_told_of(void **state)
{
	const struct operation *op;

	(void)state;
	for (size_t group = 0, i = 0; (op = router_next(&group, &i)) != NULL;) {
		size_t len = op->doc != NULL ? strlen(op->doc) : 0;

		if (len < 10 || op->doc[len - 1] != '.' || op->run == NULL)
			fail_msg("%s has no sentence, or does nothing", op->id);
		for (size_t p = 0; p < op->query_count; p++)
			if (op->query[p].doc == NULL || op->query[p].type == NULL)
				fail_msg("%s: %s is not told of", op->id, op->query[p].name);
		if (op->answer != NULL && op->media != NULL)
			fail_msg("%s answers in two ways", op->id);
	}
}

static void
every_operation_has_a_name_and_a_place_of_its_own(void **state)
{
	const struct operation *a, *b;

	(void)state;
	for (size_t ga = 0, ia = 0; (a = router_next(&ga, &ia)) != NULL;)
		for (size_t gb = 0, ib = 0; (b = router_next(&gb, &ib)) != NULL;) {
			if (a == b)
				continue;
			if (strcmp(a->id, b->id) == 0 ||
			    (a->method == b->method && strcmp(a->path, b->path) == 0))
				fail_msg("%s and %s are alike", a->id, b->id);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    server_test(whoever_is_below_its_level_is_refused_each_operation),
	    server_test(what_is_of_this_machine_alone_is_unknown_through_edge),
	    server_test(what_people_do_for_themselves_wants_a_session),
	    server_test(a_change_without_the_guard_against_forgery_is_refused),
	    server_test(dangerous_acts_want_the_password_lately),
	    server_test(unknown_fields_and_wrong_types_are_refused_everywhere),
	    server_test(unknown_parameters_are_refused_everywhere),
	    server_test(every_operation_and_its_parameters_are_told_of),
	    server_test(every_operation_has_a_name_and_a_place_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
