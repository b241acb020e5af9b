/* Databases that are locked, full or gone: calls say so, and work again once it is over. */
#include "base/clock.h"
#include "store/driver.h"
#include "store/people.h"
#include "store/place.h"

struct pair {
	struct test_place place;
	struct store *a, *b;
	struct arena *memory;
};

static int
begin(void **state)
{
	struct pair *p = MEM_NEW(struct pair);

	test_place_new(&p->place);
	p->place.place.patience_ms = 300;
	p->memory = arena_new();
	assert_ok(store_prepare(&p->place.place));
	assert_ok(store_open(&p->place.place, &p->a));
	assert_ok(store_open(&p->place.place, &p->b));
	*state = p;
	return 0;
}

static int
end(void **state)
{
	struct pair *p = *state;

	store_close(p->a);
	store_close(p->b);
	test_place_free(&p->place);
	arena_free(p->memory);
	free(p);
	return 0;
}

static void
a_second_writer_waits_no_longer_than_its_patience(void **state)
{
	struct pair *p = *state;
	int64_t start;

	assert_done(p->a, store_begin(p->a));
	assert_done(p->a, store_set_setting(p->a, "x", "1", 0));
	start = clock_ms();
	assert_store(p->b, STORE_DOWN, store_begin(p->b));
	assert_in_range(clock_ms() - start, 200, 4000);
	assert_true(store_why(p->b)[0] != '\0');
	assert_done(p->a, store_commit(p->a));
	assert_done(p->b, store_begin(p->b));
	assert_store(p->b, STORE_CHANGED, store_set_setting(p->b, "x", "2", 0));
	assert_done(p->b, store_set_setting(p->b, "x", "2", 1));
	assert_done(p->b, store_commit(p->b));
}

static void
a_reader_sees_what_was_committed_and_waits_for_nobody(void **state)
{
	struct pair *p = *state;
	const char *value;

	assert_done(p->a, store_begin(p->a));
	assert_done(p->a, store_set_setting(p->a, "x", "1", 0));
	assert_done(p->b, store_setting(p->b, "x", p->memory, &value, NULL));
	assert_null(value);
	assert_done(p->a, store_commit(p->a));
	assert_done(p->b, store_setting(p->b, "x", p->memory, &value, NULL));
	assert_string_equal("1", value);
}

static void
closing_gives_up_what_was_not_committed(void **state)
{
	struct pair *p = *state;
	const char *value;

	assert_done(p->a, store_begin(p->a));
	assert_done(p->a, store_set_setting(p->a, "x", "1", 0));
	store_close(p->a);
	p->a = NULL;
	assert_done(p->b, store_begin(p->b));
	assert_done(p->b, store_setting(p->b, "x", p->memory, &value, NULL));
	assert_null(value);
	store_abort(p->b);
}

/* Fills SQLite's file up to a limit; false once that is reached. */
static bool
add_much(struct store *s, int i)
{
	static char much[60000];
	char name[16];

	memset(much, 'x', sizeof much - 1);
	snprintf(name, sizeof name, "n%d", i);
	return store_set_setting(s, name, much, -1) == STORE_DONE;
}

static void
a_full_disk_is_told_and_gets_over(void **state)
{
	struct pair *p = *state;
	const char *value;
	int i = 0;

	if (test_is_postgres())
		skip();
	assert_done(p->a, sql_script(p->a, "PRAGMA max_page_count = 120"));
	while (i < 100 && add_much(p->a, i))
		i++;
	assert_in_range(i, 1, 50);
	assert_false(add_much(p->a, i));
	assert_non_null(strstr(store_why(p->a), "full"));
	assert_done(p->a, store_setting(p->a, "n0", p->memory, &value, NULL));
	assert_non_null(value);
	assert_done(p->a, sql_script(p->a, "PRAGMA max_page_count = 100000"));
	assert_true(add_much(p->a, i));
}

/* The database may have given the transaction up itself: nothing of it may seem to be there. */
static void
a_transaction_that_met_a_full_disk_is_not_committed_in_part(void **state)
{
	struct pair *p = *state;
	const char *value;
	int i = 0;

	if (test_is_postgres())
		skip();
	assert_done(p->a, sql_script(p->a, "PRAGMA max_page_count = 120"));
	assert_done(p->a, store_begin(p->a));
	while (i < 100 && add_much(p->a, i))
		i++;
	assert_in_range(i, 1, 50);
	if (!p->a->driver->in_transaction(p->a)) {
		assert_store(p->a, STORE_DOWN, store_set_setting(p->a, "x", "x", -1));
		assert_store(p->a, STORE_DOWN, store_commit(p->a));
	}
	store_abort(p->a);
	assert_done(p->a, store_setting(p->a, "n0", p->memory, &value, NULL));
	assert_null(value);
	assert_done(p->a, store_set_setting(p->a, "x", "x", -1));
}

/* All connections of this test but the one that says so. */
static void
cut_connections(void)
{
	PGconn *link = PQconnectdb(getenv("STORE_URL"));
	PGresult *result = PQexec(link, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
					" WHERE application_name = 'sallyport'");

	assert_int_equal(PGRES_TUPLES_OK, PQresultStatus(result));
	PQclear(result);
	PQfinish(link);
	usleep(50000);
}

static void
a_connection_that_was_cut_is_made_anew(void **state)
{
	struct pair *p = *state;
	const char *value;

	assert_done(p->a, store_set_setting(p->a, "x", "1", 0));
	cut_connections();
	assert_done(p->a, store_setting(p->a, "x", p->memory, &value, NULL));
	assert_string_equal("1", value);
	assert_done(p->b, store_set_setting(p->b, "x", "2", 1));
}

static void
a_transaction_does_not_outlive_its_connection(void **state)
{
	struct pair *p = *state;
	const char *value;

	assert_done(p->a, store_begin(p->a));
	assert_done(p->a, store_set_setting(p->a, "x", "1", 0));
	cut_connections();
	assert_store(p->a, STORE_DOWN, store_set_setting(p->a, "y", "1", 0));
	assert_store(p->a, STORE_DOWN, store_setting(p->a, "y", p->memory, &value, NULL));
	assert_store(p->a, STORE_DOWN, store_commit(p->a));
	assert_done(p->a, store_setting(p->a, "x", p->memory, &value, NULL));
	assert_null(value);
}

#define fault_test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    fault_test(a_second_writer_waits_no_longer_than_its_patience),
	    fault_test(a_reader_sees_what_was_committed_and_waits_for_nobody),
	    fault_test(closing_gives_up_what_was_not_committed),
	    fault_test(a_full_disk_is_told_and_gets_over),
	    fault_test(a_transaction_that_met_a_full_disk_is_not_committed_in_part),
	};

	const struct CMUnitTest of_servers[] = {
	    fault_test(a_connection_that_was_cut_is_made_anew),
	    fault_test(a_transaction_does_not_outlive_its_connection),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	return test_is_postgres() ? failed + cmocka_run_group_tests(of_servers, NULL, NULL)
				  : failed;
}
