#include "api/router.h"

#include <stdlib.h>
#include <string.h>

#include "api/op.h"
#include "api/query.h"
#include "unit.h"

struct routed {
	struct arena *memory;
	struct span parts[API_PARAMETERS_MAX];
	const char *allow;
	const struct operation *op;
};

static int
begin(void **state)
{
	struct routed *r = MEM_NEW(struct routed);

	r->memory = arena_new();
	*state = r;
	return 0;
}

static int
end(void **state)
{
	struct routed *r = *state;

	arena_free(r->memory);
	free(r);
	return 0;
}

static const char *
route(struct routed *r, enum method method, struct span path)
{
	r->op = router_find(method, path, r->memory, r->parts, &r->allow);
	return r->op != NULL ? r->op->id : "";
}

#define PATH(text) SPAN_OF("/api/v1" text)

static void
a_path_leads_to_its_operation_with_its_parts(void **state)
{
	struct routed *r = *state;

	assert_string_equal("getUser", route(r, METHOD_GET, PATH("/users/alice")));
	assert_true(span_equal(SPAN_OF("alice"), r->parts[0]));
	assert_true(strlen(route(r, METHOD_GET, PATH("/users/#7/devices/my phone"))) > 0);
	assert_true(span_equal(SPAN_OF("#7"), r->parts[0]));
	assert_true(span_equal(SPAN_OF("my phone"), r->parts[1]));
}

static void
what_is_literally_there_is_meant(void **state)
{
	struct routed *r = *state;

	assert_string_equal("getRunningConfiguration",
			    route(r, METHOD_GET, PATH("/config/running")));
	assert_string_equal("listConfigurations", route(r, METHOD_GET, PATH("/config/history")));
	assert_string_equal("getConfigurationVersion",
			    route(r, METHOD_GET, PATH("/config/history/x")));
}

static void
metrics_are_at_the_root_alone(void **state)
{
	struct routed *r = *state;

	assert_string_equal("getMetrics", route(r, METHOD_GET, SPAN_OF("/metrics")));
	assert_string_equal("", route(r, METHOD_GET, PATH("/metrics")));
	assert_string_equal("", route(r, METHOD_GET, SPAN_OF("/users")));
}

static void
a_head_is_a_get_where_it_is_nothing_of_its_own(void **state)
{
	struct routed *r = *state;

	assert_string_equal("listUsers", route(r, METHOD_HEAD, PATH("/users")));
	assert_string_equal("lookAtProfile", route(r, METHOD_HEAD, PATH("/import/x")));
}

static void
another_method_is_told_which_there_are(void **state)
{
	struct routed *r = *state;

	assert_string_equal("", route(r, METHOD_PUT, PATH("/users")));
	assert_non_null(strstr(r->allow, "GET"));
	assert_non_null(strstr(r->allow, "POST"));
}

static void
what_is_no_path_leads_nowhere(void **state)
{
	static const struct span paths[] = {
	    SPAN_INIT(""),
	    SPAN_INIT("/"),
	    SPAN_INIT("/api/v1"),
	    SPAN_INIT("/api/v1/"),
	    SPAN_INIT("/api/v1/users/"),
	    SPAN_INIT("/api/v1//users"),
	    SPAN_INIT("/api/v1/usersx"),
	    SPAN_INIT("/api/v1users"),
	    SPAN_INIT("/api/v1/{user}/x"),
	    SPAN_INIT("/api/v1/users/a\0b"),
	    SPAN_INIT("/api/v1/users/\xFF"),
	    SPAN_INIT("/api/v2/users"),
	    SPAN_INIT("users"),
	};

	for (size_t i = 0; i < COUNT(paths); i++) {
		struct routed *r = *state;

		assert_string_equal("", route(r, METHOD_GET, paths[i]));
		assert_null(r->allow);
	}
}

/* The document, the audit log and clients know operations by these. */
static void
every_operation_is_well_formed_and_there_once(void **state)
{
	const struct operation *op, *other;

	(void)state;
	for (size_t g = 0, i = 0; (op = router_next(&g, &i)) != NULL;) {
		size_t same = 0, h = 0, j = 0;

		while ((other = router_next(&h, &j)) != NULL)
			same += strcmp(op->id, other->id) == 0 ||
				(op->method == other->method && strcmp(op->path, other->path) == 0);
		if (same != 1 || op->path[0] != '/' || op->doc == NULL || op->run == NULL)
			fail_msg("%s: there %zu times, or not whole", op->id, same);
		if (op->body != NULL && (op->method == METHOD_GET || op->method == METHOD_DELETE))
			fail_msg("%s: has a body that clients will not send", op->id);
		if ((op->flags & OP_LIST) && op->answer == NULL)
			fail_msg("%s: a list of nothing", op->id);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_path_leads_to_its_operation_with_its_parts, begin,
					    end),
	    cmocka_unit_test_setup_teardown(what_is_literally_there_is_meant, begin, end),
	    cmocka_unit_test_setup_teardown(metrics_are_at_the_root_alone, begin, end),
	    cmocka_unit_test_setup_teardown(a_head_is_a_get_where_it_is_nothing_of_its_own, begin,
					    end),
	    cmocka_unit_test_setup_teardown(another_method_is_told_which_there_are, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_no_path_leads_nowhere, begin, end),
	    cmocka_unit_test(every_operation_is_well_formed_and_there_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
