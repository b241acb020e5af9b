#include "api/problem.h"

#include <jansson.h>
#include <string.h>

#include "api/query.h"
#include "unit.h"

static const char *
field(const struct api_answer *a, const char *name, struct arena *memory)
{
	const struct span *value = field_find(a->fields, a->field_count, span_str(name));

	return value != NULL ? arena_copy(memory, *value) : "";
}

/* Every kind of refusal, and those with a type of their own, as RFC 9457 has them. */
static void
every_refusal_is_a_problem_with_its_status(void **state)
{
	struct arena *memory = arena_new();

	(void)state;
	for (int kind = OUTCOME_INVALID; kind < OUTCOME_KINDS; kind++) {
		struct outcome o =
		    outcome_field((enum outcome_kind)kind, "a\"b", "why <b> \xFF not");
		struct api_answer a;

		problem_answer(memory, o, &a);
		json_t *json = json_loadb((const char *)a.body.p, a.body.len, 0, NULL);
		assert_non_null(json);
		assert_int_equal(problem_kinds[kind].status, a.status);
		assert_int_equal(a.status, json_integer_value(json_object_get(json, "status")));
		assert_string_equal("a\"b", json_string_value(json_object_get(json, "field")));
		assert_memory_equal(
		    "urn:sallyport:problem:", json_string_value(json_object_get(json, "type")), 22);
		assert_string_equal("application/problem+json", field(&a, "content-type", memory));
		json_decref(json);
	}
	arena_free(memory);
}

static void
types_of_their_own_have_their_status(void **state)
{
	static const struct special {
		const char *type;
		unsigned status;
	} specials[] = {{problem_precondition, 428},
			{problem_method, 405},
			{problem_media, 415},
			{problem_reused, 422},
			{"code_needed", 401}};

	(void)state;
	for (size_t i = 0; i < COUNT(specials); i++) {
		struct outcome o = outcome_new(i < 4 ? OUTCOME_INVALID : OUTCOME_STRANGER, "no");

		o.type = specials[i].type;
		assert_int_equal(specials[i].status, problem_status(o));
	}
}

static void
who_has_to_wait_is_told_how_long(void **state)
{
	struct arena *memory = arena_new();
	struct outcome o = outcome_new(OUTCOME_TOO_OFTEN, "wait");
	struct api_answer a;

	(void)state;
	o.wait_ms = 1001;
	problem_answer(memory, o, &a);
	assert_string_equal("2", field(&a, "retry-after", memory));
	problem_answer(memory, outcome_new(OUTCOME_BUSY, "wait"), &a);
	assert_string_equal("5", field(&a, "retry-after", memory));
	problem_answer(memory, outcome_new(OUTCOME_TAKEN, "no"), &a);
	assert_string_equal("", field(&a, "retry-after", memory));
	arena_free(memory);
}

static void
what_cannot_be_sent_is_no_field(void **state)
{
	struct api_answer a = {.status = 200};

	(void)state;
	answer_field(&a, "x-a", "b\r\nset-cookie: c=d");
	assert_int_equal(0, a.field_count);
	for (size_t i = 0; i < API_FIELDS_MAX + 3; i++)
		answer_field(&a, "x-a", "b");
	assert_int_equal(API_FIELDS_MAX, a.field_count);
}

static struct outcome
read_query(struct arena *memory, struct span text, struct query *q)
{
	return query_read(text, memory, q);
}

static void
a_query_is_decoded(void **state)
{
	struct arena *memory = arena_new();
	struct query q;

	(void)state;
	assert_false(refused(read_query(memory, SPAN_OF("a=1&&b=x+y%2B%26&c=&d&e==%C3%A4"), &q)));
	assert_string_equal("1", query_find(&q, "a"));
	assert_string_equal("x y+&", query_find(&q, "b"));
	assert_string_equal("", query_find(&q, "c"));
	assert_string_equal("", query_find(&q, "d"));
	assert_string_equal("=\xC3\xA4", query_find(&q, "e"));
	assert_null(query_find(&q, "f"));
	arena_free(memory);
}

static void
what_is_no_query_is_refused(void **state)
{
	static const struct span texts[] = {
	    SPAN_INIT("a=%"),     SPAN_INIT("a=%4"),   SPAN_INIT("a=%zz"),
	    SPAN_INIT("a=%00"),   SPAN_INIT("a=%ff"),  SPAN_INIT("%c0=1"),
	    SPAN_INIT("a=1&a=2"), SPAN_INIT("a=b\0c"), SPAN_INIT("a=\xED\xA0\x80"),
	};
	struct arena *memory = arena_new();
	struct buf many = buf_with_cap(4096);
	struct query q;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		if (!refused(read_query(memory, texts[i], &q)))
			fail_msg("%s was taken", (const char *)texts[i].p);
	for (int i = 0; i <= QUERY_VALUES_MAX; i++)
		assert_true(buf_printf(&many, "&a%d=1", i));
	assert_true(refused(read_query(memory, buf_span(&many), &q)));
	buf_free(&many);
	arena_free(memory);
}

static void
only_what_an_operation_takes_is_taken(void **state)
{
	static const char *const words[] = {"red", "blue", NULL};
	static const struct parameter own[] = {{"colour", "string", "", words},
					       {"many", "integer", "", NULL},
					       {"all", "boolean", "", NULL},
					       {"sort", "string", "", words}};
	static const struct operation list = {
	    .flags = OP_LIST, .query = own, .query_count = COUNT(own)};
	static const struct operation unsorted = {
	    .flags = OP_LIST, .query = own, .query_count = COUNT(own) - 1};
	static const struct operation plain = {.query = NULL};
	static const struct sample {
		const struct operation *op;
		struct span text;
		bool taken;
	} samples[] = {
	    {&list, SPAN_INIT("colour=red&many=7&all=true&limit=3&after=x&search=y"), true},
	    {&list, SPAN_INIT("sort=red&descending=true"), true},
	    {&unsorted, SPAN_INIT("descending=true"), false},
	    {&list, SPAN_INIT("colour=green"), false},
	    {&list, SPAN_INIT("many=-1"), false},
	    {&list, SPAN_INIT("many=99999999999999999999"), false},
	    {&list, SPAN_INIT("all=yes"), false},
	    {&list, SPAN_INIT("other=1"), false},
	    {&plain, SPAN_INIT("limit=3"), false},
	    {&plain, SPAN_INIT(""), true},
	};
	struct arena *memory = arena_new();
	struct query q;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		assert_false(refused(read_query(memory, samples[i].text, &q)));
		if (refused(query_check(&q, samples[i].op)) == samples[i].taken)
			fail_msg("%.*s", (int)samples[i].text.len, (const char *)samples[i].text.p);
	}
	arena_free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_refusal_is_a_problem_with_its_status),
	    cmocka_unit_test(types_of_their_own_have_their_status),
	    cmocka_unit_test(who_has_to_wait_is_told_how_long),
	    cmocka_unit_test(what_cannot_be_sent_is_no_field),
	    cmocka_unit_test(a_query_is_decoded),
	    cmocka_unit_test(what_is_no_query_is_refused),
	    cmocka_unit_test(only_what_an_operation_takes_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
