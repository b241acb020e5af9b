#include "access/audit.h"

#include <pthread.h>
#include <sqlite3.h>

#include "access/change.h"
#include "access/world.h"
#include "os/fs.h"

#define ROWS 20

static void
write_rows(struct world *w, int count)
{
	for (int i = 0; i < count; i++)
		assert_taken(change_note(
		    &w->a, &world_machine,
		    &(struct change){.action = "download",
				     .object = arena_printf(w->a.memory, "device alice/%d", i),
				     .note = i % 2 == 0 ? "{\"n\":1}" : NULL,
				     .event = EVENT_AUDIT}));
}

static void
meddle_with_file(const char *path, const char *sql)
{
	sqlite3 *db;
	char *why = NULL;

	assert_int_equal(SQLITE_OK, sqlite3_open(path, &db));
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	assert_true(sqlite3_total_changes(db) > 0);
	sqlite3_close(db);
}

/* What somebody could do who has the database, but not the vault's key. */
static void
meddle(struct world *w, const char *sql)
{
	if (w->place.place.url == NULL) {
		meddle_with_file(w->place.path, sql);
		return;
	}
	PGconn *link = PQconnectdb(w->place.place.url);
	PGresult *result = PQexec(link, sql);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(link));
	PQclear(result);
	PQfinish(link);
}

static struct audit_verdict
verify(struct world *w)
{
	struct audit_verdict v;

	assert_taken(audit_verify(&w->a, &v));
	assert_true(v.why[0] != '\0');
	return v;
}

static void
an_untouched_log_is_whole(void **state)
{
	struct world *w = *state;

	struct audit_verdict v = verify(w);

	assert_true(v.whole && v.head[0] == '\0'); /* also an empty one */
	write_rows(w, ROWS);
	v = verify(w);
	assert_true(v.whole);
	assert_int_equal(strlen(v.head), 2 * AUDIT_MAC);
	assert_int_equal(ROWS, v.rows);
	assert_int_equal(0, v.first_bad);
}

static void
every_edit_is_found(void **state)
{
	struct world *w = *state;
	static const char *const edits[] = {
	    "UPDATE audit SET time = time + 1 WHERE id = 7",
	    "UPDATE audit SET who = 'mallory' WHERE id = 7",
	    "UPDATE audit SET address = '192.0.2.1' WHERE id = 7",
	    "UPDATE audit SET address = '' WHERE id = 7",
	    "UPDATE audit SET action = 'nothing' WHERE id = 7",
	    "UPDATE audit SET object = 'device alice/7' WHERE id = 7",
	    "UPDATE audit SET object = NULL WHERE id = 7",
	    "UPDATE audit SET value_before = '{}' WHERE id = 7",
	    "UPDATE audit SET value_before = value_after, value_after = NULL WHERE id = 7",
	    "UPDATE audit SET value_after = '{\"n\":2}' WHERE id = 7",
	    "UPDATE audit SET mac = (SELECT mac FROM audit WHERE id = 8) WHERE id = 7",
	    /* Two fields that say the same when they are put one behind the other. */
	    "UPDATE audit SET who = who || action, action = '' WHERE id = 7",
	    "DELETE FROM audit WHERE id = 7",
	    "DELETE FROM audit WHERE id = 7; UPDATE audit SET id = -id WHERE id > 7;"
	    "UPDATE audit SET id = -id - 1 WHERE id < 0",
	    "UPDATE audit SET id = 1000 WHERE id = 7; UPDATE audit SET id = 7 WHERE id = 8;"
	    "UPDATE audit SET id = 8 WHERE id = 1000",
	    "UPDATE audit SET id = -id WHERE id >= 7; UPDATE audit SET id = 1 - id WHERE id < 0;"
	    "INSERT INTO audit (id, time, who, action, mac) SELECT 7, time, 'alice', 'forged', "
	    "mac FROM audit WHERE id = 6",
	};

	for (size_t i = 0; i < COUNT(edits); i++) {
		write_rows(w, ROWS);
		assert_true(verify(w).whole);
		meddle(w, edits[i]);
		struct audit_verdict v = verify(w);
		if (v.whole || v.first_bad != 7)
			fail_msg("%s: %d, %d", edits[i], v.whole, (int)v.first_bad);
		meddle(w, "DELETE FROM audit");
		unlink(w->head);
	}
}

static void
a_log_that_was_cut_is_found_by_its_noted_head(void **state)
{
	struct world *w = *state;

	write_rows(w, ROWS);
	meddle(w, "DELETE FROM audit WHERE id > 15");
	struct audit_verdict v = verify(w);
	assert_false(v.whole);
	assert_int_equal(16, v.first_bad);
	assert_non_null(strstr(v.why, "cut off"));
	meddle(w, "DELETE FROM audit");
	assert_int_equal(1, verify(w).first_bad);
}

static void
rows_that_come_after_a_cut_do_not_hide_it(void **state)
{
	struct world *w = *state;

	write_rows(w, ROWS);
	meddle(w, "DELETE FROM audit WHERE id > 15");
	write_rows(w, 1); /* still fewer than there were */
	assert_false(verify(w).whole);
	write_rows(w, ROWS); /* and now more */
	struct audit_verdict v = verify(w);
	assert_false(v.whole);
	assert_int_equal(ROWS, v.first_bad);
}

static void
a_log_ahead_of_its_noted_head_is_whole(void **state)
{
	struct world *w = *state;
	struct buf noted = buf_with_cap(256);

	write_rows(w, 3);
	assert_ok(fs_read_path(w->head, &noted));
	write_rows(w, 3);
	/* As after a crash between the commit and the note. */
	assert_ok(fs_write_path(w->head, buf_span(&noted), 0600));
	assert_true(verify(w).whole);
	write_rows(w, 3);
	struct audit_verdict v = verify(w);
	assert_true(v.whole);
	assert_int_equal(9, v.rows);
	buf_free(&noted);
}

static void
without_a_noted_head_it_is_said_what_cannot_be_told(void **state)
{
	struct world *w = *state;

	write_rows(w, 3);
	unlink(w->head);
	struct audit_verdict v = verify(w);
	assert_true(v.whole);
	assert_non_null(strstr(v.why, "cannot be told"));
	assert_ok(fs_write_path(w->head, SPAN_OF("not a head\n"), 0600));
	assert_non_null(strstr(verify(w).why, "cannot be told"));
	write_rows(w, 1);
	assert_null(strstr(verify(w).why, "cannot be told"));
}

static void
another_key_makes_no_row_of_the_log(void **state)
{
	struct world *w = *state;
	static const uint8_t master[32] = {8};
	struct vault *other;

	write_rows(w, 3);
	assert_ok(vault_of(master, &other));
	w->a.vault = other;
	assert_int_equal(1, verify(w).first_bad);
	w->a.vault = w->vault;
	vault_free(other);
}

static void *
write_many(void *arg)
{
	struct world *w = arg;
	struct access a = world_access(w);
	static const struct change download = {.action = "download", .event = EVENT_AUDIT};

	for (int i = 0; i < ROWS; i++) {
		struct outcome o = change_note(&a, &world_machine, &download);
		if (refused(o))
			fail_msg("%s", o.text);
		arena_reset(a.memory);
	}
	world_access_end(&a);
	return NULL;
}

static void
threads_that_write_at_once_make_one_chain(void **state)
{
	struct world *w = *state;
	pthread_t threads[4];
	uint8_t mac[AUDIT_MAC];
	struct buf noted = buf_with_cap(256);
	int64_t id;

	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(0, pthread_create(&threads[i], NULL, write_many, w));
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	struct audit_verdict v = verify(w);
	assert_true(v.whole);
	assert_int_equal(COUNT(threads) * ROWS, v.rows);
	/* The note is of the last row, whoever came last. */
	assert_int_equal(STORE_DONE, store_audit_head(w->a.store, &id, mac));
	assert_ok(fs_read_path(w->head, &noted));
	assert_true(span_starts_with(buf_span(&noted),
				     span_str(arena_printf(w->a.memory, "%d ", (int)id))));
	buf_free(&noted);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(an_untouched_log_is_whole),
	    world_test(every_edit_is_found),
	    world_test(a_log_that_was_cut_is_found_by_its_noted_head),
	    world_test(rows_that_come_after_a_cut_do_not_hide_it),
	    world_test(a_log_ahead_of_its_noted_head_is_whole),
	    world_test(without_a_noted_head_it_is_said_what_cannot_be_told),
	    world_test(another_key_makes_no_row_of_the_log),
	    world_test(threads_that_write_at_once_make_one_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
