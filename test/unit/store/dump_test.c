#include "base/buf.h"
#include "store/people.h"
#include "store/place.h"

#define DUMP_MAX (4u << 20)

/* Lines in memory. */
struct lines {
	struct buf text;
	size_t at, stop_after; /* 0: never */
	size_t count;
	struct store *other;
};

static bool
put(void *owner, struct span line)
{
	struct lines *l = owner;

	return ++l->count != l->stop_after && buf_append(&l->text, line) &&
	       buf_byte(&l->text, '\n');
}

static bool
next(void *owner, struct span *line, struct err *why)
{
	struct lines *l = owner;
	struct span rest = span_tail(buf_span(&l->text), l->at);

	(void)why;
	*line = span_head(rest, span_find(rest, '\n'));
	l->at += line->len + 1;
	return rest.len > 0;
}

static bool
next_fails(void *owner, struct span *line, struct err *why)
{
	(void)owner;
	*line = SPAN_NONE;
	*why = err_new("the file cannot be read");
	return false;
}

static struct lines
lines_of(const char *text)
{
	struct lines l = {.text = buf_with_cap(DUMP_MAX)};

	assert_true(buf_append(&l.text, span_str(text)));
	return l;
}

static void
fill(struct store *s)
{
	struct group g = {.name = "staff", .comment = "'\"<b>\\ \xE2\x82\xAC"};
	struct user u = {.name = "alice", .created = INT64_MAX};
	const uint8_t codes[2][32] = {{1, 2, 3}, {0}};

	assert_done(s, store_group_add(s, &g));
	u.group = g.id;
	assert_done(s, store_user_add(s, &u));
	assert_done(s, store_user_set_totp(s, u.id, SPAN_OF("\0\xFF sealed"), SPAN_NONE));
	assert_done(s, store_recovery_set(s, u.id, codes, 2));
	assert_done(s, store_set_setting(s, "policy", "{\"a\": 1}", -1));
	assert_done(s, store_set_setting(s, "none", NULL, -1));
}

static struct lines
dump_of(struct store *s)
{
	struct lines l = {.text = buf_with_cap(DUMP_MAX)};

	assert_ok(store_dump(s, put, &l));
	return l;
}

/* Another one, empty, of the same kind; or of SQLite. */
struct second {
	struct test_place place;
	struct store *store;
};

static void
second_open(struct second *b, bool sqlite)
{
	test_place_new(&b->place);
	if (sqlite)
		b->place.place.url = NULL;
	assert_ok(store_prepare(&b->place.place));
	assert_ok(store_open(&b->place.place, &b->store));
	if (sqlite && test_is_postgres())
		b->place.place.url = b->place.url;
}

static void
second_close(struct second *b)
{
	store_close(b->store);
	test_place_free(&b->place);
}

static void
check_same(struct store *s, bool sqlite)
{
	struct lines first = dump_of(s), again;
	struct second b;

	second_open(&b, sqlite);
	assert_ok(store_load(b.store, next, &first));
	again = dump_of(b.store);
	assert_true(span_equal(buf_span(&first.text), buf_span(&again.text)));
	buf_free(&first.text);
	buf_free(&again.text);
	second_close(&b);
}

static void
a_dump_that_is_loaded_gives_the_same_dump(void **state)
{
	struct test_store *t = *state;

	fill(t->store);
	check_same(t->store, false);
	check_same(t->store, true);
}

static void
ids_go_on_after_what_was_loaded(void **state)
{
	struct test_store *t = *state;
	struct user u = {.name = "bob"}, alice;
	struct lines l;
	struct second b;

	fill(t->store);
	l = dump_of(t->store);
	second_open(&b, false);
	assert_ok(store_load(b.store, next, &l));
	assert_done(b.store, store_user_by_name(b.store, "alice", t->memory, &alice));
	assert_done(b.store, store_user_add(b.store, &u));
	assert_true(u.id > alice.id);
	assert_true(alice.has_totp);
	buf_free(&l.text);
	second_close(&b);
}

static void
more_rows_than_are_read_at_once_are_all_there(void **state)
{
	struct test_store *t = *state;
	char name[16];

	assert_done(t->store, store_begin(t->store));
	for (int i = 0; i < 1203; i++) {
		snprintf(name, sizeof name, "n%d", i);
		assert_done(t->store, store_set_setting(t->store, name, "x", 0));
	}
	assert_done(t->store, store_commit(t->store));
	check_same(t->store, false);
}

/* Another connection changes something while the dump goes on. */
static bool
put_and_change(void *owner, struct span line)
{
	struct lines *l = owner;

	if (l->count == 1)
		assert_done(l->other, store_set_setting(l->other, "meanwhile", "x", -1));
	return put(owner, line);
}

static void
a_dump_is_one_moment(void **state)
{
	struct second b;
	struct lines l = {.text = buf_with_cap(DUMP_MAX)};
	struct store *other;

	(void)state;
	second_open(&b, false);
	fill(b.store);
	assert_ok(store_open(&b.place.place, &other));
	l.other = other;
	assert_ok(store_dump(b.store, put_and_change, &l));
	assert_true(buf_byte(&l.text, '\0'));
	assert_null(strstr((const char *)buf_span(&l.text).p, "meanwhile"));
	buf_free(&l.text);
	l = dump_of(b.store);
	assert_true(buf_byte(&l.text, '\0'));
	assert_non_null(strstr((const char *)buf_span(&l.text).p, "meanwhile"));
	buf_free(&l.text);
	store_close(other);
	second_close(&b);
}

static void
a_full_disk_is_told(void **state)
{
	struct test_store *t = *state;

	fill(t->store);
	for (size_t stop = 1; stop < 9; stop++) {
		struct lines l = {.text = buf_with_cap(DUMP_MAX), .stop_after = stop};

		assert_fails(store_dump(t->store, put, &l));
		buf_free(&l.text);
	}
	assert_done(t->store, store_set_setting(t->store, "still", "works", -1));
}

static void
only_an_empty_database_is_loaded_into(void **state)
{
	struct test_store *t = *state;
	struct lines l;

	fill(t->store);
	l = dump_of(t->store);
	assert_fails(store_load(t->store, next, &l));
	buf_free(&l.text);
}

static void
a_cut_dump_leaves_nothing_behind(void **state)
{
	struct test_store *t = *state;
	struct lines whole;
	struct second b;

	fill(t->store);
	whole = dump_of(t->store);
	second_open(&b, false);
	for (size_t n = 0; n + 1 < buf_len(&whole.text); n += 97) {
		struct lines cut = {.text = whole.text};
		struct lines empty;

		cut.text.end = cut.text.start + n;
		assert_fails(store_load(b.store, next, &cut));
		empty = dump_of(b.store);
		assert_int_equal(2, empty.count);
		buf_free(&empty.text);
	}
	assert_ok(store_load(b.store, next, &whole));
	buf_free(&whole.text);
	second_close(&b);
}

static void
what_is_no_dump_of_ours_is_refused(void **state)
{
	static const char *const texts[] = {
	    "",
	    "not JSON\n",
	    "[]\n",
	    "{}\n",
	    "{\"schema\":0}\n{\"rows\":0}\n",
	    "{\"schema\":\"1\"}\n{\"rows\":0}\n",
	    "{\"schema\":99}\n{\"rows\":0}\n",
	    "{\"schema\":1}\n{\"rows\":1}\n",
	    "{\"schema\":1}\n{\"table\":\"sqlite_schema\",\"row\":{\"id\":1}}\n{\"rows\":1}\n",
	    "{\"schema\":1}\n{\"table\":\"settings\"}\n{\"rows\":1}\n",
	    "{\"schema\":1}\n{\"table\":\"settings\",\"row\":{}}\n{\"rows\":1}\n",
	    "{\"schema\":1}\n{\"table\":\"settings\",\"row\":{\"id\":1,\"name\":\"a\",\"version\":"
	    "\"x\"}}\n"
	    "{\"rows\":1}\n",
	    "{\"schema\":1}\n{\"table\":\"settings\",\"row\":{\"id\":1,\"name\":\"a\",\"value\":"
	    "true,"
	    "\"version\":1}}\n{\"rows\":1}\n",
	    "{\"schema\":1}\n{\"table\":\"settings\",\"row\":{\"id\":1,\"name\":\"a\",\"value\":"
	    "{\"base64\":\"*\"},\"version\":1}}\n{\"rows\":1}\n",
	    "{\"schema\":1}\n{\"table\":\"settings\",\"row\":{\"id) VALUES (1); "
	    "--\":1}}\n{\"rows\":1}\n",
	    "{\"schema\":1}\n{\"table\":\"recovery_codes\",\"row\":{\"id\":1,\"user_id\":5,"
	    "\"hash\":"
	    "{\"base64\":\"AA==\"},\"used\":0}}\n{\"rows\":1}\n",
	    "{\"schema\":1}\n{\"table\":\"settings\",\"row\":{\"id\":1,\"name\":\"a\",\"version\":"
	    "1}}\n"
	    "{\"table\":\"settings\",\"row\":{\"id\":2,\"name\":\"a\",\"version\":1}}\n{\"rows\":2}"
	    "\n",
	};
	struct test_store *t = *state;

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct lines l = lines_of(texts[i]);
		struct err e = store_load(t->store, next, &l);

		if (!failed(e))
			fail_msg("was taken: %s", texts[i]);
		buf_free(&l.text);
	}
	assert_done(t->store, store_set_setting(t->store, "still", "works", -1));
}

static void
why_it_cannot_be_read_is_told(void **state)
{
	struct test_store *t = *state;
	struct err e = store_load(t->store, next_fails, NULL);

	assert_non_null(strstr(e.text, "the file cannot be read"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    store_test(a_dump_that_is_loaded_gives_the_same_dump),
	    store_test(ids_go_on_after_what_was_loaded),
	    store_test(more_rows_than_are_read_at_once_are_all_there),
	    store_test(a_dump_is_one_moment),
	    store_test(a_full_disk_is_told),
	    store_test(only_an_empty_database_is_loaded_into),
	    store_test(a_cut_dump_leaves_nothing_behind),
	    store_test(what_is_no_dump_of_ours_is_refused),
	    store_test(why_it_cannot_be_read_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
