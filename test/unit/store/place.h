/*
 * Where the store's tests have their database: SQLite in memory or in a file of their own, or,
 * when STORE_URL says where a PostgreSQL is, a schema of their own there.
 */
#ifndef TEST_STORE_PLACE_H
#define TEST_STORE_PLACE_H

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/store.h"
#include "unit.h"

#define assert_store(s, expected, expr)                                                            \
	do {                                                                                       \
		enum store_result came_to_ = (expr);                                               \
		if (came_to_ != (expected))                                                        \
			fail_msg("%s: %d instead of %d (%s)", #expr, came_to_, expected,           \
				 store_why(s));                                                    \
	} while (0)
#define assert_done(s, expr) assert_store(s, STORE_DONE, expr)

struct test_place {
	struct store_place place;
	char directory[64], path[96], copies[96], url[512];
};

static inline bool
test_is_postgres(void)
{
	return getenv("STORE_URL") != NULL;
}

static inline void
test_no_notice(void *owner, const PGresult *notice)
{
	(void)owner;
	(void)notice;
}

static inline void
test_admin(const char *fmt, const char *word)
{
	char sql[256];
	PGconn *link = PQconnectdb(getenv("STORE_URL"));
	PGresult *result;

	snprintf(sql, sizeof sql, fmt, word);
	PQsetNoticeReceiver(link, test_no_notice, NULL); /* "drop cascades to …" */
	result = PQexec(link, sql);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(link));
	PQclear(result);
	PQfinish(link);
}

/* Empty, and not prepared yet. */
static inline void
test_place_new(struct test_place *t)
{
	char schema[32];

	*t = (struct test_place){.directory = "/tmp/store-test-XXXXXX"};
	assert_non_null(mkdtemp(t->directory));
	snprintf(t->path, sizeof t->path, "%s/store.db", t->directory);
	snprintf(t->copies, sizeof t->copies, "%s/copies", t->directory);
	t->place = (struct store_place){.path = t->path, .copies = t->copies, .patience_ms = 20000};
	if (!test_is_postgres())
		return;
	snprintf(schema, sizeof schema, "t%s", t->directory + sizeof "/tmp/store-test-" - 1);
	for (char *c = schema; *c != '\0'; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c | 0x20) : *c;
	test_admin("CREATE SCHEMA %s", schema);
	snprintf(t->url, sizeof t->url, "%s%coptions=-csearch_path%%3D%s", getenv("STORE_URL"),
		 strchr(getenv("STORE_URL"), '?') != NULL ? '&' : '?', schema);
	t->place.url = t->url;
}

static inline void
test_place_free(struct test_place *t)
{
	char command[128];

	if (t->place.url != NULL)
		test_admin("DROP SCHEMA IF EXISTS %s CASCADE", strrchr(t->url, 'D') + 1);
	snprintf(command, sizeof command, "rm -rf '%s'", t->directory);
	assert_int_equal(0, system(command));
}

/* A store of the usual kind, empty and ready: most tests need no more. */
struct test_store {
	struct test_place place;
	struct store *store;
	struct arena *memory;
};

static inline int
test_store_begin(void **state)
{
	struct test_store *t = MEM_NEW(struct test_store);
	const struct store_place memory = {.path = ":memory:"};

	t->memory = arena_new();
	if (test_is_postgres()) {
		test_place_new(&t->place);
		assert_ok(store_prepare(&t->place.place));
		assert_ok(store_open(&t->place.place, &t->store));
	} else {
		assert_ok(store_open(&memory, &t->store));
	}
	*state = t;
	return 0;
}

static inline int
test_store_end(void **state)
{
	struct test_store *t = *state;

	store_close(t->store);
	arena_free(t->memory);
	if (test_is_postgres())
		test_place_free(&t->place);
	free(t);
	return 0;
}

#define store_test(name) cmocka_unit_test_setup_teardown(name, test_store_begin, test_store_end)

#endif
