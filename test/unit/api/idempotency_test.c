#include "api/idempotency.h"

#include "raw.h"

static struct api_answer
make_as(struct server *s, const char *key, const char *body, bool machine)
{
	return raw_ask(s, (struct raw){.method = METHOD_POST,
				       .path = "/api/v1/groups",
				       .body = body,
				       .machine = machine,
				       .fields = {{"content-type", "application/json"},
						  {"idempotency-key", key},
						  {"cookie", cookie_of(s, ADMIN)},
						  {"x-csrf-token", s->as[ADMIN].csrf}}});
}

static struct api_answer
make(struct server *s, const char *key, const char *body)
{
	return make_as(s, key, body, true);
}

static void
the_same_key_makes_it_once_and_gets_the_same_answer(void **state)
{
	struct server *s = *state;
	struct api_answer first = make(s, "k1", "{\"name\":\"staff\"}");
	struct api_answer again = make(s, "k1", "{\"name\":\"staff\"}");

	assert_raw(201, first);
	assert_raw(201, again);
	assert_true(span_equal(first.body, again.body));
	assert_string_equal(raw_field(s, &first, "location"), raw_field(s, &again, "location"));
	assert_string_equal(raw_field(s, &first, "etag"), raw_field(s, &again, "etag"));
	assert_string_equal("true", raw_field(s, &again, "idempotency-replayed"));
	assert_raw(409, make(s, "k2", "{\"name\":\"staff\"}"));
}

static void
another_body_under_the_same_key_is_refused(void **state)
{
	struct server *s = *state;

	assert_raw(201, make(s, "k1", "{\"name\":\"staff\"}"));
	assert_raw(422, make(s, "k1", "{\"name\":\"guests\"}"));
}

static void
what_was_refused_may_be_tried_again(void **state)
{
	struct server *s = *state;

	assert_raw(400, make(s, "k1", "{\"name\":\"\"}"));
	assert_raw(201, make(s, "k1", "{\"name\":\"staff\"}"));
}

static void
a_key_is_its_owners_alone(void **state)
{
	struct server *s = *state;

	assert_raw(201, make_as(s, "k1", "{\"name\":\"staff\"}", true));
	assert_raw(409, make_as(s, "k1", "{\"name\":\"staff\"}", false));
}

static void
after_a_day_it_is_forgotten(void **state)
{
	struct server *s = *state;

	assert_raw(201, make(s, "k1", "{\"name\":\"staff\"}"));
	s->api.access.now += IDEMPOTENCY_KEEP_MS;
	assert_raw(409, make(s, "k1", "{\"name\":\"staff\"}"));
}

static void
so_many_are_kept_and_no_more(void **state)
{
	struct server *s = *state;

	assert_raw(201, make(s, "k1", "{\"name\":\"staff\"}"));
	for (int i = 0; i < IDEMPOTENCY_ENTRIES; i++) {
		s->api.access.now++;
		assert_raw(201, make(s, arena_printf(s->kept, "n%d", i),
				     arena_printf(s->kept, "{\"name\":\"g%d\"}", i)));
	}
	assert_raw(409, make(s, "k1", "{\"name\":\"staff\"}"));
	assert_raw(201, make(s, "n1000", "{\"name\":\"g1000\"}"));
}

static void
a_key_has_an_end(void **state)
{
	struct server *s = *state;
	char key[IDEMPOTENCY_KEY_MAX + 2];

	memset(key, 'k', sizeof key - 1);
	key[sizeof key - 1] = '\0';
	assert_raw(400, make(s, key, "{\"name\":\"staff\"}"));
	key[IDEMPOTENCY_KEY_MAX] = '\0';
	assert_raw(201, make(s, key, "{\"name\":\"staff\"}"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    raw_test(the_same_key_makes_it_once_and_gets_the_same_answer),
	    raw_test(another_body_under_the_same_key_is_refused),
	    raw_test(what_was_refused_may_be_tried_again),
	    raw_test(a_key_is_its_owners_alone),
	    raw_test(after_a_day_it_is_forgotten),
	    raw_test(so_many_are_kept_and_no_more),
	    raw_test(a_key_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
