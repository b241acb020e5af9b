/* Lists: sorted by what the document says, narrowed, and a part at a time. */
#include "access/guard.h"
#include "ops.h"

static const struct parameter *
sort_of(const struct operation *op)
{
	for (size_t i = 0; i < op->query_count; i++)
		if (strcmp(op->query[i].name, "sort") == 0)
			return &op->query[i];
	return NULL;
}

/* Its path with somebody in it. */
static const char *
path_of(struct server *s, const struct operation *op)
{
	const char *name = strchr(op->path, '{');

	if (name == NULL)
		return op->path;
	return arena_printf(s->kept, "%.*suna%s", (int)(name - op->path), op->path,
			    strchr(name, '}') + 1);
}

/* Some of the lists are of other roles, which are not there. */
static void
assert_known(struct server *s, const char *target)
{
	struct reply r = ask(s, ADMIN, METHOD_GET, target, NULL);

	if (r.status != 200 && r.status != 503)
		fail_msg("%s: %u: %s", target, r.status, r.body);
}

static void
every_order_in_the_document_is_one(void **state)
{
	struct server *s = *state;
	const struct operation *op;
	size_t sorted = 0;

	for (size_t g = 0, i = 0; (op = router_next(&g, &i)) != NULL;) {
		const struct parameter *sort = op->flags & OP_LIST ? sort_of(op) : NULL;

		if (sort == NULL)
			continue;
		sorted++;
		for (const char *const *by = sort->choices; *by != NULL; by++) {
			const char *target =
			    arena_printf(s->kept, "%s?sort=%s", path_of(s, op), *by);

			assert_known(s, target);
			assert_known(s, arena_printf(s->kept, "%s&descending=true", target));
		}
	}
	assert_true(sorted >= 12);
}

static void
what_is_no_order_or_no_place_is_refused(void **state)
{
	struct server *s = *state;
	static const char *const sorts[] = {"hash", "", "name%3b--", "Created", "created%00"};
	static const char *const afters[] = {"!", "x", "MQ==", "%00", "W10", "AAAA"};
	const struct operation *op;

	for (size_t g = 0, i = 0; (op = router_next(&g, &i)) != NULL;) {
		if (!(op->flags & OP_LIST) || sort_of(op) == NULL)
			continue;
		for (size_t k = 0; k < COUNT(sorts) - 1; k++)
			assert_at_fault("sort", ask(s, ADMIN, METHOD_GET,
						    arena_printf(s->kept, "%s?sort=%s",
								 path_of(s, op), sorts[k]),
						    NULL));
		for (size_t k = 0; k < COUNT(afters); k++) {
			const char *target =
			    arena_printf(s->kept, "%s?after=%s", path_of(s, op), afters[k]);

			assert_int_equal(400, ask(s, ADMIN, METHOD_GET, target, NULL).status);
		}
		assert_at_fault("after",
				ask(s, ADMIN, METHOD_GET,
				    arena_printf(s->kept, "%s?after=!", path_of(s, op)), NULL));
	}
	assert_status(400, ask(s, ADMIN, METHOD_GET, "/bans?sort=created%00", NULL));
	assert_at_fault("sort", ask(s, ADMIN, METHOD_GET, "/rules?sort=position", NULL));
}

/* The place that a list sorted by names told is none in one that is sorted by times. */
static void
a_place_of_another_order_is_refused_or_harmless(void **state)
{
	struct server *s = *state;
	struct reply r = ask(s, ADMIN, METHOD_GET, "/sessions?sort=user&limit=1", NULL);

	assert_non_null(r.next);
	assert_at_fault("after",
			ask(s, ADMIN, METHOD_GET,
			    arena_printf(s->kept, "/sessions?sort=seen&after=%s", r.next), NULL));
	assert_at_fault("after", ask(s, ADMIN, METHOD_GET,
				     arena_printf(s->kept, "/audit?after=%s", r.next), NULL));
	assert_status(200,
		      ask(s, ADMIN, METHOD_GET,
			  arena_printf(s->kept, "/sessions?sort=address&after=%s", r.next), NULL));
}

/* What the first row's `member` is. */
static const char *
first_of(struct server *s, const char *target, const char *member)
{
	struct reply r = ask(s, ADMIN, METHOD_GET, target, NULL);
	json_t *json = json_loads(r.body, 0, NULL);
	json_t *row = json_array_get(json_object_get(json, "items"), 0);
	const char *text = json_string_value(json_object_get(row, member));

	text = text != NULL ? arena_copy(s->kept, span_str(text)) : "";
	json_decref(json);
	return text;
}

static void
a_list_is_sorted_both_ways(void **state)
{
	struct server *s = *state;

	made(ask(s, ADMIN, METHOD_POST, "/groups", "{\"name\":\"zebras\"}"));
	made(ask(s, ADMIN, METHOD_POST, "/groups", "{\"name\":\"ants\"}"));
	made(ask(s, ADMIN, METHOD_POST, "/users", "{\"name\":\"zoe\",\"group\":\"zebras\"}"));
	assert_string_equal("ants", first_of(s, "/groups", "name"));
	assert_string_equal("zebras", first_of(s, "/groups?descending=true", "name"));
	assert_string_equal("ants", first_of(s, "/groups?sort=members", "name"));
	assert_string_equal("zebras", first_of(s, "/groups?sort=members&descending=true", "name"));
	assert_string_equal("zebras", first_of(s, "/groups?sort=created", "name"));
	assert_string_equal("anna", first_of(s, "/sessions?sort=user", "user"));
	assert_string_equal("una", first_of(s, "/sessions?sort=user&descending=true", "user"));
	assert_string_equal("una", first_of(s, "/sessions", "user"));
	assert_string_equal("una", first_of(s, "/sessions?descending=true", "user"));
	assert_string_equal("anna", first_of(s, "/sessions?sort=created", "user"));
}

static void
bans_are_narrowed_by_kind_and_by_who_made_them(void **state)
{
	struct server *s = *state;
	struct ban b = {.of = {GUARD_ADDRESS, "198.51.100.7"}, .reason = "10 failed sign-ins"};
	static const struct {
		const char *query;
		size_t expected;
	} cases[] = {
	    {"", 3},
	    {"?kind=address", 1},
	    {"?kind=account", 1},
	    {"?made_by=server", 1},
	    {"?made_by=person", 2},
	    {"?kind=network&made_by=person", 1},
	    {"?kind=network&made_by=server", 0},
	};

	assert_taken(ban_add(&s->api.access, &itself, &b));
	made(ask(s, ADMIN, METHOD_POST, "/bans", "{\"subject\":\"una\"}"));
	made(ask(s, MACHINE, METHOD_POST, "/bans", "{\"subject\":\"203.0.113.0/24\"}"));
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *target = arena_printf(s->kept, "/bans%s", cases[i].query);

		assert_int_equal(cases[i].expected,
				 items_of(ask(s, READER, METHOD_GET, target, NULL)));
	}
	assert_at_fault("kind", ask(s, ADMIN, METHOD_GET, "/bans?kind=planet", NULL));
	assert_at_fault("made_by", ask(s, ADMIN, METHOD_GET, "/bans?made_by=sallyport", NULL));
}

/* Everything here was done at the same time. */
static void
the_log_is_told_since_a_time_and_before_another(void **state)
{
	struct server *s = *state;
	const char *when = first_of(s, "/audit", "time");
	size_t all = items_of(ask(s, ADMIN, METHOD_GET, "/audit", NULL));

	assert_true(all > 0);
	assert_int_equal(all, items_of(ask(s, ADMIN, METHOD_GET,
					   arena_printf(s->kept, "/audit?since=%s", when), NULL)));
	assert_int_equal(0, items_of(ask(s, ADMIN, METHOD_GET,
					 arena_printf(s->kept, "/audit?until=%s", when), NULL)));
	assert_int_equal(
	    all, items_of(ask(s, ADMIN, METHOD_GET, "/audit?until=2099-01-01T00:00:00Z", NULL)));
}

static void
the_log_is_told_from_either_end(void **state)
{
	struct server *s = *state;
	struct reply newest = ask(s, ADMIN, METHOD_GET, "/audit", NULL);
	struct reply oldest = ask(s, ADMIN, METHOD_GET, "/audit?sort=time", NULL);
	struct reply part = ask(s, ADMIN, METHOD_GET, "/audit?sort=time&limit=1", NULL);

	assert_string_not_equal(newest.body, oldest.body);
	assert_says(part, "\"id\":1,");
	part = ask(s, ADMIN, METHOD_GET,
		   arena_printf(s->kept, "/audit?sort=time&limit=1&after=%s", part.next), NULL);
	assert_says(part, "\"id\":2,");
	assert_string_equal(
	    newest.body, ask(s, ADMIN, METHOD_GET, "/audit?sort=time&descending=true", NULL).body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    server_test(every_order_in_the_document_is_one),
	    server_test(what_is_no_order_or_no_place_is_refused),
	    server_test(a_place_of_another_order_is_refused_or_harmless),
	    server_test(a_list_is_sorted_both_ways),
	    server_test(bans_are_narrowed_by_kind_and_by_who_made_them),
	    server_test(the_log_is_told_since_a_time_and_before_another),
	    server_test(the_log_is_told_from_either_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
