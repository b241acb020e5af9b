#include "store/audit.h"

#include <pthread.h>

#include "store/scene.h"

/* Adds the next row in a transaction of its own. */
static int64_t
add(struct scene *t, struct audit_row row)
{
	uint8_t mac[AUDIT_MAC];
	int64_t head;
	enum store_result r;

	row.who = row.who != NULL ? row.who : "alice";
	row.action = row.action != NULL ? row.action : "user.change";
	assert_done(t->s, store_begin(t->s));
	r = store_audit_head(t->s, &head, mac);
	assert_true(r == STORE_DONE || (r == STORE_NONE && head == 0));
	row.id = head + 1;
	row.time = row.time != 0 ? row.time : NOW + row.id;
	memset(row.mac, (int)row.id, sizeof row.mac);
	assert_done(t->s, store_audit_add(t->s, &row));
	assert_done(t->s, store_commit(t->s));
	return row.id;
}

static void
a_row_comes_back_as_it_was(void **state)
{
	struct scene *t = *state;
	struct audit_row row = {.time = NOW,
				.who = "token ci",
				.address = "2001:db8::1",
				.action = "device.add",
				.object = "device alice/laptop",
				.before = "{\"kind\":\"auto\"}",
				.after = "{\"kind\":\"locked\"}"};
	struct audit_row_list list;

	assert_int_equal(add(t, row), 1);
	assert_done(t->s, store_audit(t->s, &(struct page){.limit = 1}, &(struct audit_filter){0},
				      t->a, &list));
	assert_int_equal(list.count, 1);
	assert_null(list.next);
	assert_int_equal(list.at->id, 1);
	assert_int_equal(list.at->time, NOW);
	assert_string_equal(list.at->who, "token ci");
	assert_string_equal(list.at->address, "2001:db8::1");
	assert_string_equal(list.at->action, "device.add");
	assert_string_equal(list.at->object, "device alice/laptop");
	assert_string_equal(list.at->before, "{\"kind\":\"auto\"}");
	assert_string_equal(list.at->after, "{\"kind\":\"locked\"}");
	assert_int_equal(list.at->mac[0], 1);
	assert_int_equal(list.at->mac[AUDIT_MAC - 1], 1);
}

static void
what_a_row_does_not_say_is_null(void **state)
{
	struct scene *t = *state;
	struct audit_row_list list;

	add(t, (struct audit_row){.who = "sallyport"});
	assert_done(t->s, store_audit(t->s, &(struct page){.limit = 1}, &(struct audit_filter){0},
				      t->a, &list));
	assert_null(list.at->address);
	assert_null(list.at->object);
	assert_null(list.at->before);
	assert_null(list.at->after);
}

static void
the_head_is_the_last_row(void **state)
{
	struct scene *t = *state;
	uint8_t mac[AUDIT_MAC];
	int64_t id = 7;

	assert_store(t->s, STORE_NONE, store_audit_head(t->s, &id, mac));
	assert_int_equal(id, 0);
	for (int i = 1; i < 4; i++) {
		add(t, (struct audit_row){.time = NOW - i});
		assert_done(t->s, store_audit_head(t->s, &id, mac));
		assert_int_equal(id, i);
		assert_int_equal(mac[0], i);
	}
}

static void
an_id_is_given_once(void **state)
{
	struct scene *t = *state;
	struct audit_row row = {.id = 1, .time = NOW, .who = "x", .action = "y"};

	assert_done(t->s, store_audit_add(t->s, &row));
	row.who = "somebody else";
	assert_store(t->s, STORE_TAKEN, store_audit_add(t->s, &row));
}

static void
a_row_of_what_was_given_up_was_never_there(void **state)
{
	struct scene *t = *state;
	struct audit_row row = {.id = 1, .time = NOW, .who = "x", .action = "y"};
	uint8_t mac[AUDIT_MAC];
	int64_t id;

	assert_done(t->s, store_begin(t->s));
	assert_done(t->s, store_audit_add(t->s, &row));
	store_abort(t->s);
	assert_store(t->s, STORE_NONE, store_audit_head(t->s, &id, mac));
	assert_int_equal(add(t, (struct audit_row){0}), 1);
}

#define WRITERS 3
#define ROWS    25

static void *
write_rows(void *arg)
{
	struct store *s = arg;

	for (int i = 0; i < ROWS; i++) {
		struct audit_row row = {.time = NOW, .who = "x", .action = "y"};
		uint8_t mac[AUDIT_MAC];

		if (store_begin(s) != STORE_DONE || store_audit_head(s, &row.id, mac) == STORE_DOWN)
			return arg;
		row.id++;
		memset(row.mac, mac[0] + 1, sizeof row.mac);
		if (store_audit_add(s, &row) != STORE_DONE || store_commit(s) != STORE_DONE)
			return arg;
	}
	return NULL;
}

struct chain {
	int64_t count;
	bool whole;
	int64_t stop_at;
};

static bool
follow(void *owner, const struct audit_row *row)
{
	struct chain *c = owner;

	c->count++;
	c->whole &= row->mac[0] == (uint8_t)row->id;
	return row->id != c->stop_at;
}

static void
rows_of_writers_at_once_make_one_chain_without_a_gap(void **state)
{
	struct scene *t = *state;
	struct store *stores[WRITERS];
	pthread_t threads[WRITERS];
	struct chain c = {.whole = true};
	uint8_t mac[AUDIT_MAC];
	int64_t head;

	for (int i = 0; i < WRITERS; i++) {
		stores[i] = scene_another(t);
		pthread_create(&threads[i], NULL, write_rows, stores[i]);
	}
	for (int i = 0; i < WRITERS; i++) {
		void *lost;

		pthread_join(threads[i], &lost);
		assert_null(lost);
		store_close(stores[i]);
	}
	assert_done(t->s, store_audit_head(t->s, &head, mac));
	assert_int_equal(head, WRITERS * ROWS);
	assert_done(t->s, store_audit_walk(t->s, 1, follow, &c));
	assert_int_equal(c.count, WRITERS * ROWS);
	assert_true(c.whole);
}

static void
a_walk_goes_from_where_it_is_told_to_where_it_is_stopped(void **state)
{
	struct scene *t = *state;
	const struct {
		int64_t from, stop_at, expected;
	} cases[] = {{0, 0, 1203}, {1, 0, 1203},  {2, 0, 1202},  {1203, 0, 1},    {1204, 0, 0},
		     {1, 1, 1},    {1, 500, 500}, {1, 501, 501}, {700, 1200, 501}};

	assert_done(t->s, store_begin(t->s));
	for (int i = 1; i <= 1203; i++) {
		struct audit_row row = {.id = i, .time = NOW, .who = "x", .action = "y"};

		memset(row.mac, i, sizeof row.mac);
		assert_done(t->s, store_audit_add(t->s, &row));
	}
	assert_done(t->s, store_commit(t->s));
	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct chain c = {.whole = true, .stop_at = cases[i].stop_at};

		assert_done(t->s, store_audit_walk(t->s, cases[i].from, follow, &c));
		assert_int_equal(c.count, cases[i].expected);
		assert_true(c.whole);
	}
}

/* Of rows with every mix of these; a row's number says what it has. */
static const char *const whos[] = {"alice", "bob", "token ci"};
static const char *const addresses[] = {"192.0.2.7", NULL, "192.0.2.77", "2001:db8::1"};
static const char *const actions[] = {"user.add", "user.change", "session.begin", "users.add",
				      "us%r.add"};
static const char *const objects[] = {
    "user alice",     NULL,         "user alice2", "device alice/a",
    "device alice/b", "user_alice", "USER alice"};
#define MIXED 240 /* some mixes twice */

static struct audit_row
mixed(int i)
{
	return (struct audit_row){
	    .who = whos[i % (int)COUNT(whos)],
	    .address = addresses[i / 2 % (int)COUNT(addresses)],
	    .action = actions[i % (int)COUNT(actions)],
	    .object = objects[i / 3 % (int)COUNT(objects)],
	    .time = NOW + i * 10 - (i % 7) * 25, /* not quite in order */
	};
}

static bool
begins(const char *text, const char *with)
{
	return with == NULL || (text != NULL && strncmp(text, with, strlen(with)) == 0);
}

static bool
is(const char *text, const char *what)
{
	return what == NULL || (text != NULL && strcmp(text, what) == 0);
}

static bool
passes(const struct audit_row *row, const struct audit_filter *f)
{
	return is(row->who, f->who) && is(row->address, f->address) &&
	       begins(row->action, f->action) && begins(row->object, f->object) &&
	       (f->since == 0 || row->time >= f->since) && (f->until == 0 || row->time < f->until);
}

/* The number of the row after `number` that passes, going up or down; out of range: there is none.
 */
static int
next_passing(const struct audit_filter *f, int number, int step)
{
	for (number += step; number >= 0 && number < MIXED; number += step) {
		struct audit_row row = mixed(number);

		if (passes(&row, f))
			break;
	}
	return number;
}

/* All pages together are just the rows that pass, in their order. */
static void
assert_lists(struct scene *t, const struct audit_filter *f, unsigned limit, bool oldest_first,
	     const char *name)
{
	struct page page = {.limit = limit, .sort = oldest_first ? "time" : NULL};
	struct audit_row_list list;
	int step = oldest_first ? 1 : -1;
	int next = next_passing(f, oldest_first ? -1 : MIXED, step);
	size_t seen = 0;

	do {
		assert_done(t->s, store_audit(t->s, &page, f, t->a, &list));
		if (list.count > limit || (list.next != NULL && list.count != limit))
			fail_msg("%s: %zu rows with limit %u", name, list.count, limit);
		for (size_t i = 0; i < list.count; i++, seen++) {
			struct audit_row row = mixed(next);

			if (list.at[i].id != next + 1)
				fail_msg("%s, limit %u: row %d where %d should be", name, limit,
					 (int)list.at[i].id, next + 1);
			assert_string_equal(list.at[i].who, row.who);
			assert_string_equal(list.at[i].action, row.action);
			next = next_passing(f, next, step);
		}
	} while ((page.after = list.next) != NULL);
	if (next >= 0 && next < MIXED)
		fail_msg("%s, limit %u: row %d is missing after %zu", name, limit, next + 1, seen);
}

static void
fill(struct scene *t)
{
	assert_done(t->s, store_begin(t->s));
	for (int i = 0; i < MIXED; i++) {
		struct audit_row row = mixed(i);

		row.id = i + 1;
		assert_done(t->s, store_audit_add(t->s, &row));
	}
	assert_done(t->s, store_commit(t->s));
}

static void
every_filter_finds_what_it_says_and_nothing_else(void **state)
{
	struct scene *t = *state;
	static const struct {
		const char *name;
		struct audit_filter filter;
	} cases[] = {
	    {"all", {0}},
	    {"who", {.who = "token ci"}},
	    {"unknown who", {.who = "carol"}},
	    {"part of who", {.who = "ali"}},
	    {"action", {.action = "user.add"}},
	    {"topic", {.action = "user."}},
	    {"beginning of action", {.action = "user"}},
	    {"wildcard of action", {.action = "us%"}},
	    {"empty action", {.action = ""}},
	    {"unknown action", {.action = "ban.add"}},
	    {"object", {.object = "user alice2"}},
	    {"beginning of object", {.object = "user alice"}},
	    {"kind of object", {.object = "device "}},
	    {"wildcard of object", {.object = "user_a"}},
	    {"unknown object", {.object = "user alice/"}},
	    {"address", {.address = "192.0.2.7"}},
	    {"beginning of address", {.address = "192.0.2"}},
	    {"since", {.since = NOW + 1200}},
	    {"until", {.until = NOW + 1200}},
	    {"between", {.since = NOW + 600, .until = NOW + 1200}},
	    {"at once", {.since = NOW + 600, .until = NOW + 600}},
	    {"before all", {.until = 1}},
	    {"before its second row", {.until = NOW - 15}},
	    {"after all", {.since = NOW + 100000}},
	    {"upside down", {.since = NOW + 1200, .until = NOW + 600}},
	    {"who and action", {.who = "bob", .action = "user"}},
	    {"all together", {"alice", "user", "user ", "192.0.2.7", NOW + 100, NOW + 2000}},
	    {"object and address", {.object = "device alice", .address = "2001:db8::1"}},
	    {"action since", {.action = "user", .since = NOW + 900}},
	    {"who who never did it", {.who = "alice", .action = "ban"}},
	};

	fill(t);
	for (unsigned i = 0; i < COUNT(cases); i++)
		for (unsigned limit = 1; limit < 300; limit = limit * 3 + 1) {
			assert_lists(t, &cases[i].filter, limit, false, cases[i].name);
			assert_lists(t, &cases[i].filter, limit, true, cases[i].name);
		}
}

static void
a_beginning_of_very_many_different_texts_finds_them_all(void **state)
{
	struct scene *t = *state;
	const struct audit_filter f = {.object = "user "};
	struct page page = {.limit = 7};
	struct audit_row_list list;
	int64_t last = INT64_MAX, seen = 0;

	for (int i = 0; i < 120; i++)
		add(t, (struct audit_row){
			   .object = arena_printf(t->a, i % 3 == 0 ? "user %d" : "device %d", i)});
	do {
		assert_done(t->s, store_audit(t->s, &page, &f, t->a, &list));
		for (size_t i = 0; i < list.count; i++, seen++) {
			assert_true(list.at[i].id < last);
			assert_true(begins(list.at[i].object, "user "));
			last = list.at[i].id;
		}
	} while ((page.after = list.next) != NULL);
	assert_int_equal(seen, 40);
}

static void
pages_have_each_row_once_while_others_are_added(void **state)
{
	struct scene *t = *state;
	static const struct audit_filter filters[] = {
	    {0}, {.who = "alice"}, {.action = "user"}, {.object = "user"}, {.since = NOW}};

	fill(t);
	for (unsigned f = 0; f < COUNT(filters); f++) {
		struct page page = {.limit = 9};
		struct audit_row_list list;
		int64_t last = INT64_MAX, seen = 0, expected = 0;

		for (int i = 0; i < MIXED; i++) {
			struct audit_row row = mixed(i);

			expected += passes(&row, &filters[f]);
		}
		do {
			assert_done(t->s, store_audit(t->s, &page, &filters[f], t->a, &list));
			for (size_t i = 0; i < list.count; i++) {
				assert_true(list.at[i].id < last);
				last = list.at[i].id;
				seen += last <= MIXED;
			}
			add(t, (struct audit_row){.object = "user alice",
						  .action =
						      arena_printf(t->a, "user.x%d", (int)last)});
		} while ((page.after = list.next) != NULL);
		assert_int_equal(seen, expected);
	}
}

static void
a_search_looks_at_names_whatever_else_is_looked_for(void **state)
{
	struct scene *t = *state;
	static const struct {
		const char *search;
		struct audit_filter filter;
		size_t expected;
	} cases[] = {
	    {"LAPTOP", {0}, 2},
	    {"laptop", {.action = "device"}, 2},
	    {"ci", {.who = "token ci"}, 1},
	    {"%", {0}, 0},
	    {"nothing", {0}, 0},
	    {"", {0}, 3},
	};

	add(t, (struct audit_row){.action = "device.add", .object = "device alice/laptop"});
	add(t, (struct audit_row){.action = "device.revoke", .object = "device alice/laptop"});
	add(t, (struct audit_row){.action = "user.add", .who = "token ci"});
	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct page page = {.limit = 9, .search = cases[i].search};
		struct audit_row_list list;

		assert_done(t->s, store_audit(t->s, &page, &cases[i].filter, t->a, &list));
		if (list.count != cases[i].expected)
			fail_msg("case %u: %zu instead of %zu", i, list.count, cases[i].expected);
	}
}

/* A part with nothing in it is not the end. */
static void
search_in_parts(struct scene *t, bool oldest_first)
{
	struct page page = {
	    .limit = 2, .search = "needle", .sort = "time", .descending = !oldest_first};
	struct audit_row_list list;
	int64_t last = oldest_first ? 0 : INT64_MAX;
	int parts = 0, seen = 0;

	do {
		assert_done(t->s, store_audit(t->s, &page, &(struct audit_filter){0}, t->a, &list));
		for (size_t i = 0; i < list.count; i++, seen++) {
			assert_true(oldest_first ? list.at[i].id > last : list.at[i].id < last);
			last = list.at[i].id;
		}
		parts++;
	} while ((page.after = list.next) != NULL);
	assert_int_equal(seen, 4);
	assert_in_range(parts, 3, 5);
	/* What leads to few rows leads to all of them at once. */
	page.limit = 9;
	assert_done(t->s, store_audit(t->s, &page, &(struct audit_filter){.object = "user needle"},
				      t->a, &list));
	assert_int_equal(list.count, 4);
	assert_null(list.next);
}

static void
a_search_of_a_long_log_looks_at_a_part_at_a_time(void **state)
{
	struct scene *t = *state;

	assert_done(t->s, store_begin(t->s));
	for (int i = 1; i <= 17000; i++) {
		bool found = i <= 3 || i == 16999;
		struct audit_row row = {.id = i,
					.time = NOW + i,
					.who = "alice",
					.action = "user.change",
					.object = found ? "user needle" : "user hay"};

		assert_done(t->s, store_audit_add(t->s, &row));
	}
	assert_done(t->s, store_commit(t->s));
	search_in_parts(t, false);
	search_in_parts(t, true);
}

static void
hostile_texts_are_texts(void **state)
{
	struct scene *t = *state;

	for (unsigned i = 0; i < COUNT(scene_hostile); i++) {
		const char *text = scene_hostile[i];
		const struct audit_filter f = {
		    .who = text, .address = text, .action = text, .object = text};
		struct audit_row_list list;

		add(t, (struct audit_row){.who = text,
					  .address = text,
					  .action = text,
					  .object = text,
					  .before = text,
					  .after = text});
		assert_done(t->s, store_audit(t->s, &(struct page){.limit = 9}, &f, t->a, &list));
		assert_int_equal(list.count, 1);
		assert_string_equal(list.at->object, text);
		assert_string_equal(list.at->after, text);
	}
}

static void
a_cursor_of_somebody_elses_making_does_no_harm(void **state)
{
	struct scene *t = *state;
	const char *cursors[] = {"-1", "x", "1;2", "99999999999999999999", " 1", "1\x1f"};
	struct audit_row_list list;

	add(t, (struct audit_row){0});
	for (unsigned i = 0; i < COUNT(cursors); i++)
		assert_store(t->s, STORE_NO_PLACE,
			     store_audit(t->s, &(struct page){.limit = 1, .after = cursors[i]},
					 &(struct audit_filter){0}, t->a, &list));
	assert_done(t->s, store_audit(t->s, &(struct page){.limit = 1, .after = "0"},
				      &(struct audit_filter){0}, t->a, &list));
	assert_int_equal(list.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    scene_test(a_row_comes_back_as_it_was),
	    scene_test(what_a_row_does_not_say_is_null),
	    scene_test(the_head_is_the_last_row),
	    scene_test(an_id_is_given_once),
	    scene_test(a_row_of_what_was_given_up_was_never_there),
	    scene_shared(rows_of_writers_at_once_make_one_chain_without_a_gap),
	    scene_test(a_walk_goes_from_where_it_is_told_to_where_it_is_stopped),
	    scene_test(every_filter_finds_what_it_says_and_nothing_else),
	    scene_test(a_beginning_of_very_many_different_texts_finds_them_all),
	    scene_test(pages_have_each_row_once_while_others_are_added),
	    scene_test(a_search_looks_at_names_whatever_else_is_looked_for),
	    scene_test(a_search_of_a_long_log_looks_at_a_part_at_a_time),
	    scene_test(hostile_texts_are_texts),
	    scene_test(a_cursor_of_somebody_elses_making_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
