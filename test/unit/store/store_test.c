#include "store/store.h"

#include "store/place.h"

static void
a_setting_that_is_not_there_is_null(void **state)
{
	struct test_store *t = *state;
	const char *value = "";
	int64_t version = 7;

	assert_done(t->store, store_setting(t->store, "policy", t->memory, &value, &version));
	assert_null(value);
	assert_int_equal(0, version);
}

static void
a_setting_is_changed_only_from_the_version_that_was_read(void **state)
{
	struct test_store *t = *state;
	struct store *s = t->store;
	const char *value;
	int64_t version;

	assert_store(s, STORE_CHANGED, store_set_setting(s, "a", "x", 1));
	assert_done(s, store_set_setting(s, "a", "one", 0));
	assert_store(s, STORE_CHANGED, store_set_setting(s, "a", "two", 0));
	assert_done(s, store_set_setting(s, "a", "two", 1));
	assert_store(s, STORE_CHANGED, store_set_setting(s, "a", "three", 1));
	assert_done(s, store_set_setting(s, "a", "three", -1));
	assert_done(s, store_setting(s, "a", t->memory, &value, &version));
	assert_string_equal("three", value);
	assert_int_equal(3, version);
	assert_done(s, store_set_setting(s, "a", NULL, 3));
	assert_done(s, store_setting(s, "a", t->memory, &value, &version));
	assert_null(value);
	assert_int_equal(4, version);
	assert_done(s, store_set_setting(s, "new", "whatever it is", -1));
}

static void
what_was_given_up_was_never_there(void **state)
{
	struct test_store *t = *state;
	struct store *s = t->store;
	const char *value;

	assert_done(s, store_begin(s));
	assert_done(s, store_set_setting(s, "a", "x", -1));
	store_abort(s);
	store_abort(s);
	assert_done(s, store_setting(s, "a", t->memory, &value, NULL));
	assert_null(value);
	assert_done(s, store_begin(s));
	assert_done(s, store_set_setting(s, "a", "x", -1));
	assert_done(s, store_commit(s));
	assert_done(s, store_setting(s, "a", t->memory, &value, NULL));
	assert_string_equal("x", value);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    store_test(a_setting_that_is_not_there_is_null),
	    store_test(a_setting_is_changed_only_from_the_version_that_was_read),
	    store_test(what_was_given_up_was_never_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
