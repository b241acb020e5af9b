#include "store/guard.h"

#include <pthread.h>

#include "store/scene.h"

static const struct guard_subject account = {GUARD_ACCOUNT, "alice"},
				  address = {GUARD_ADDRESS, "192.0.2.7"},
				  network = {GUARD_NETWORK, "192.0.2.0/24"};

static struct failures
failing(struct scene *t, const struct guard_subject *of, int64_t when)
{
	struct failures f;

	assert_done(t->s, store_failed(t->s, of, when, 1000, &f));
	return f;
}

static void
failures_are_counted_for_each_subject(void **state)
{
	struct scene *t = *state;
	/* The same name as another kind of thing is another thing. */
	const struct guard_subject namesake = {GUARD_ADDRESS, "alice"};
	struct failures f;

	for (int i = 1; i <= 3; i++) {
		f = failing(t, &account, NOW + i);
		assert_int_equal(f.count, i);
		assert_int_equal(f.first, NOW + 1);
		assert_int_equal(f.last, NOW + i);
	}
	assert_int_equal(failing(t, &address, NOW).count, 1);
	assert_int_equal(failing(t, &namesake, NOW).count, 1);
	assert_done(t->s, store_failures(t->s, &account, &f));
	assert_int_equal(f.count, 3);
	assert_int_equal(f.first, NOW + 1);
	assert_int_equal(f.last, NOW + 3);
}

static void
who_never_failed_has_no_failures(void **state)
{
	struct scene *t = *state;
	struct failures f = {1, 2, 3};

	assert_done(t->s, store_failures(t->s, &network, &f));
	assert_int_equal(f.count, 0);
	assert_int_equal(f.first, 0);
	assert_int_equal(f.last, 0);
	assert_done(t->s, store_failures_forget(t->s, &network));
}

static void
after_peace_it_begins_anew(void **state)
{
	struct scene *t = *state;
	struct failures f;

	failing(t, &account, NOW);
	assert_int_equal(failing(t, &account, NOW + 999).count, 2);
	f = failing(t, &account, NOW + 1999);
	assert_int_equal(f.count, 1);
	assert_int_equal(f.first, NOW + 1999);
}

static void
a_clock_that_is_set_back_forgets_nothing(void **state)
{
	struct scene *t = *state;
	struct failures f;

	failing(t, &account, NOW);
	f = failing(t, &account, NOW - 3600000);
	assert_int_equal(f.count, 2);
	assert_int_equal(f.last, NOW - 3600000);
	assert_int_equal(failing(t, &account, NOW - 3600000 + 999).count, 3);
	assert_int_equal(failing(t, &account, NOW).count, 1);
}

static void
what_is_forgotten_is_forgotten_of_one_alone(void **state)
{
	struct scene *t = *state;
	struct failures f;

	failing(t, &account, NOW);
	failing(t, &address, NOW);
	assert_done(t->s, store_failures_forget(t->s, &account));
	assert_done(t->s, store_failures(t->s, &account, &f));
	assert_int_equal(f.count, 0);
	assert_done(t->s, store_failures(t->s, &address, &f));
	assert_int_equal(f.count, 1);
}

static const struct counted_over free_ones = {
    .account = 1, .address = 2, .network = 3, .site = 4, .since = NOW - 1000};

static void
fail_times(struct scene *t, const struct guard_subject *of, int times, int64_t when)
{
	for (int i = 0; i < times; i++)
		failing(t, of, when);
}

static void
who_failed_more_often_than_is_free_is_listed_the_last_first(void **state)
{
	struct scene *t = *state;
	static const struct {
		struct guard_subject of;
		int64_t free;
	} kinds[] = {
	    {{GUARD_ACCOUNT, "alice"}, 1},           {{GUARD_ADDRESS, "2001:db8::7"}, 2},
	    {{GUARD_NETWORK, "192.0.2.0/24"}, 3},    {{GUARD_NETWORK, "2001:db8:1:2::/64"}, 3},
	    {{GUARD_NETWORK, "2001:db8:1::/48"}, 4},
	};
	const struct page page = {.limit = 100};
	struct counted_list list;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		fail_times(t, &kinds[i].of, (int)kinds[i].free, NOW + (int64_t)i);
		assert_done(t->s, store_counted_list(t->s, &page, &free_ones, t->a, &list));
		assert_int_equal(list.count, i);
		fail_times(t, &kinds[i].of, 1, NOW + (int64_t)i);
		assert_done(t->s, store_counted_list(t->s, &page, &free_ones, t->a, &list));
		assert_int_equal(list.count, i + 1);
		assert_int_equal(list.at[0].of.kind, kinds[i].of.kind);
		assert_string_equal(list.at[0].of.name, kinds[i].of.name);
		assert_int_equal(list.at[0].failures.count, kinds[i].free + 1);
		assert_int_equal(list.at[0].failures.last, NOW + (int64_t)i);
	}
}

static void
of_whom_failures_are_counted_is_searched_and_paged_and_forgotten(void **state)
{
	struct scene *t = *state;
	struct page page = {.limit = 3, .search = "NAME1"};
	struct counted_over late = free_ones;
	struct counted_list list;
	struct counted one;
	size_t seen = 0;

	for (int i = 0; i < 20; i++)
		fail_times(t,
			   &(struct guard_subject){GUARD_ACCOUNT, arena_printf(t->a, "name%d", i)},
			   2, NOW);
	do {
		assert_done(t->s, store_counted_list(t->s, &page, &free_ones, t->a, &list));
		seen += list.count;
	} while ((page.after = list.next) != NULL);
	assert_int_equal(seen, 11); /* 1, and 10 to 19 */
	assert_done(t->s, store_counted(t->s, list.at[0].id, t->a, &one));
	assert_string_equal(one.of.name, list.at[0].of.name);
	assert_done(t->s, store_failures_forget(t->s, &one.of));
	assert_int_equal(STORE_NONE, store_counted(t->s, one.id, t->a, &one));
	late.since = NOW;
	assert_done(t->s, store_counted_list(t->s, &page, &late, t->a, &list));
	assert_int_equal(list.count, 0);
}

#define THREADS 3
#define TRIES   30

static void *
fail_often(void *arg)
{
	struct store *s = arg;
	struct failures f;

	for (int i = 0; i < TRIES; i++)
		if (store_failed(s, &account, NOW + i, 1000, &f) != STORE_DONE)
			return arg;
	return NULL;
}

static void
of_failures_at_once_none_is_lost(void **state)
{
	struct scene *t = *state;
	struct store *stores[THREADS];
	pthread_t threads[THREADS];
	struct failures f;

	for (int i = 0; i < THREADS; i++) {
		stores[i] = scene_another(t);
		pthread_create(&threads[i], NULL, fail_often, stores[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		void *lost;

		pthread_join(threads[i], &lost);
		assert_null(lost);
		store_close(stores[i]);
	}
	assert_done(t->s, store_failures(t->s, &account, &f));
	assert_int_equal(f.count, THREADS * TRIES);
}

static int64_t
add_ban(struct scene *t, const struct guard_subject *of, int64_t created, int64_t until)
{
	struct ban b = {.of = *of,
			.reason = "10 failed sign-ins",
			.by = "sallyport",
			.created = created,
			.until = until};

	assert_done(t->s, store_ban_add(t->s, &b));
	return b.id;
}

static void
a_ban_comes_back_as_it_was(void **state)
{
	struct scene *t = *state;
	int64_t id = add_ban(t, &network, NOW, NOW + 60);
	struct ban out;

	assert_done(t->s, store_ban(t->s, id, t->a, &out));
	assert_int_equal(out.id, id);
	assert_int_equal(out.of.kind, GUARD_NETWORK);
	assert_string_equal(out.of.name, "192.0.2.0/24");
	assert_string_equal(out.reason, "10 failed sign-ins");
	assert_string_equal(out.by, "sallyport");
	assert_int_equal(out.created, NOW);
	assert_int_equal(out.until, NOW + 60);
	assert_int_equal(out.lifted, 0);
	assert_store(t->s, STORE_NONE, store_ban(t->s, id + 1, t->a, &out));
}

static void
a_ban_stands_until_it_is_over_or_lifted(void **state)
{
	struct scene *t = *state;
	const struct guard_subject all[] = {account, address, network};
	int64_t id = add_ban(t, &address, NOW, NOW + 60);
	struct ban out;

	assert_done(t->s, store_ban_of(t->s, all, 3, NOW + 59, t->a, &out));
	assert_int_equal(out.id, id);
	assert_store(t->s, STORE_NONE, store_ban_of(t->s, all, 1, NOW, t->a, &out));
	assert_store(t->s, STORE_NONE, store_ban_of(t->s, all, 0, NOW, t->a, &out));
	assert_store(t->s, STORE_NONE, store_ban_of(t->s, all, 3, NOW + 60, t->a, &out));
	assert_done(t->s, store_ban_lift(t->s, id, NOW + 1));
	assert_store(t->s, STORE_NONE, store_ban_of(t->s, all, 3, NOW + 2, t->a, &out));
	assert_store(t->s, STORE_CHANGED, store_ban_lift(t->s, id, NOW + 3));
	assert_store(t->s, STORE_NONE, store_ban_lift(t->s, id + 1, NOW));
	assert_done(t->s, store_ban(t->s, id, t->a, &out));
	assert_int_equal(out.lifted, NOW + 1);
}

static void
of_several_bans_the_one_that_ends_last_is_told(void **state)
{
	struct scene *t = *state;
	const struct guard_subject all[] = {account, address, network};
	struct ban out;
	int64_t id;

	add_ban(t, &account, NOW, NOW + 60);
	id = add_ban(t, &address, NOW, NOW + 90);
	add_ban(t, &network, NOW, NOW + 30);
	assert_done(t->s, store_ban_of(t->s, all, 3, NOW, t->a, &out));
	assert_int_equal(out.id, id);
	id = add_ban(t, &network, NOW, 0);
	assert_done(t->s, store_ban_of(t->s, all, 3, NOW, t->a, &out));
	assert_int_equal(out.id, id);
	assert_int_equal(out.until, 0);
}

static void
what_is_counted_comes_with_the_ban_that_ends_last(void **state)
{
	struct scene *t = *state;
	const struct page page = {.limit = 100};
	struct counted_list list;
	int64_t lifted;

	fail_times(t, &account, 2, NOW);
	assert_done(t->s, store_counted_list(t->s, &page, &free_ones, t->a, &list));
	assert_int_equal(list.at[0].ban, 0);
	add_ban(t, &address, NOW, 0);
	add_ban(t, &account, NOW, NOW + 10);
	lifted = add_ban(t, &account, NOW + 20, NOW + 90);
	assert_done(t->s, store_counted_list(t->s, &page, &free_ones, t->a, &list));
	assert_int_equal(list.count, 1);
	assert_int_equal(list.at[0].ban, lifted);
	assert_int_equal(list.at[0].until, NOW + 90);
	assert_done(t->s, store_ban_lift(t->s, lifted, NOW + 30));
	assert_done(t->s, store_counted_list(t->s, &page, &free_ones, t->a, &list));
	assert_int_equal(list.at[0].until, NOW + 10);
	lifted = add_ban(t, &account, NOW + 40, 0);
	assert_done(t->s, store_counted_list(t->s, &page, &free_ones, t->a, &list));
	assert_int_equal(list.at[0].ban, lifted);
	assert_int_equal(list.at[0].until, 0);
}

static void
a_ban_that_stands_is_made_longer_never_shorter(void **state)
{
	struct scene *t = *state;
	const struct {
		int64_t until, then;
	} steps[] = {{60, 60}, {30, 60}, {90, 90}, {0, 0}, {120, 0}, {0, 0}};
	int64_t first = 0;

	for (unsigned i = 0; i < COUNT(steps); i++) {
		struct ban b = {.of = account,
				.reason = i == 2 ? "longer" : "other",
				.by = "sallyport",
				.created = NOW,
				.until = steps[i].until != 0 ? NOW + steps[i].until : 0};
		struct ban out;
		int64_t then = steps[i].then != 0 ? NOW + steps[i].then : 0;

		assert_done(t->s, store_ban_add(t->s, &b));
		first = first != 0 ? first : b.id;
		assert_int_equal(b.id, first);
		assert_int_equal(b.until, then);
		assert_done(t->s, store_ban(t->s, first, t->a, &out));
		assert_int_equal(out.until, then);
		if (i == 2)
			assert_string_equal(out.reason, "longer");
	}
}

static void
after_one_that_is_over_comes_another(void **state)
{
	struct scene *t = *state;
	int64_t over = add_ban(t, &account, NOW, NOW + 60),
		lifted = add_ban(t, &account, NOW + 60, NOW + 120), now;
	struct ban_list list;

	assert_int_not_equal(over, lifted);
	assert_done(t->s, store_ban_lift(t->s, lifted, NOW + 61));
	now = add_ban(t, &account, NOW + 62, NOW + 63);
	assert_int_not_equal(now, lifted);
	assert_done(t->s, store_bans(t->s, &(struct page){.limit = 9},
				     &(struct ban_filter){.all = true, .kind = -1}, NOW + 62, t->a,
				     &list));
	assert_int_equal(list.count, 3);
	assert_int_equal(list.at[0].id, now);
	assert_int_equal(list.at[2].id, over);
	assert_done(t->s, store_bans(t->s, &(struct page){.limit = 9},
				     &(struct ban_filter){.kind = -1}, NOW + 62, t->a, &list));
	assert_int_equal(list.count, 1);
	assert_int_equal(list.at[0].id, now);
}

struct banner {
	struct store *s;
	pthread_barrier_t *start;
	int64_t id;
};

static void *
ban_it(void *arg)
{
	struct banner *b = arg;
	struct ban ban = {.of = account, .reason = "x", .by = "y", .created = NOW, .until = 0};

	pthread_barrier_wait(b->start);
	if (store_ban_add(b->s, &ban) == STORE_DONE)
		b->id = ban.id;
	return NULL;
}

static void
two_who_ban_the_same_at_once_make_one_ban(void **state)
{
	struct scene *t = *state;
	struct banner both[2];
	pthread_t threads[2];
	pthread_barrier_t start;
	int64_t count;

	pthread_barrier_init(&start, NULL, 2);
	for (int i = 0; i < 2; i++) {
		both[i] = (struct banner){scene_another(t), &start, 0};
		pthread_create(&threads[i], NULL, ban_it, &both[i]);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		store_close(both[i].s);
	}
	pthread_barrier_destroy(&start);
	assert_true(both[0].id > 0);
	assert_int_equal(both[0].id, both[1].id);
	assert_done(t->s, store_ban_count(t->s, NOW, &count));
	assert_int_equal(count, 1);
}

static void
pages_of_bans_have_each_once(void **state)
{
	struct scene *t = *state;
	int64_t count;

	for (int i = 0; i < 17; i++)
		add_ban(t, &(struct guard_subject){i % 3, arena_printf(t->a, "name%d", i)}, NOW,
			i % 2 == 0 ? 0 : NOW + i);
	assert_done(t->s, store_ban_count(t->s, NOW + 8, &count));
	assert_int_equal(count, 9 + 4);
	for (int all = 0; all < 2; all++)
		for (unsigned limit = 1; limit < 19; limit++) {
			struct page page = {.limit = limit};
			struct ban_list list;
			int64_t last = INT64_MAX, seen = 0;

			do {
				assert_done(t->s, store_bans(t->s, &page,
							     &(struct ban_filter){.all = all != 0,
										  .kind = -1},
							     NOW + 8, t->a, &list));
				for (size_t i = 0; i < list.count; i++, seen++) {
					assert_true(list.at[i].id < last);
					last = list.at[i].id;
				}
			} while ((page.after = list.next) != NULL);
			assert_int_equal(seen, all != 0 ? 17 : count);
		}
}

static void
bans_are_narrowed_by_kind_and_by_who_made_them(void **state)
{
	static const struct {
		struct ban_filter filter;
		size_t expected;
	} cases[] = {
	    {{.kind = -1}, 4},
	    {{.kind = GUARD_ACCOUNT}, 2},
	    {{.kind = GUARD_ADDRESS}, 1},
	    {{.kind = -1, .by = "sallyport"}, 2},
	    {{.kind = -1, .not_by = "sallyport"}, 2},
	    {{.kind = GUARD_ACCOUNT, .by = "sallyport"}, 1},
	    {{.kind = GUARD_NETWORK, .by = "sallyport"}, 0},
	    {{.all = true, .kind = GUARD_NETWORK}, 2},
	    {{.kind = -1, .by = "' OR '1'='1"}, 0},
	    {{.kind = 77}, 0},
	};
	struct scene *t = *state;
	const struct ban bans[] = {
	    {.of = {GUARD_ACCOUNT, "alice"}, .by = "sallyport"},
	    {.of = {GUARD_ACCOUNT, "bob"}, .by = "alice"},
	    {.of = {GUARD_ADDRESS, "192.0.2.7"}, .by = "sallyport"},
	    {.of = {GUARD_NETWORK, "192.0.2.0/24"}, .by = "token ci"},
	    {.of = {GUARD_NETWORK, "198.51.100.0/24"}, .by = "bob", .until = NOW + 1},
	};

	for (size_t i = 0; i < COUNT(bans); i++) {
		struct ban b = bans[i];

		b.reason = "x";
		b.created = NOW;
		assert_done(t->s, store_ban_add(t->s, &b));
	}
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct page page = {.limit = 9};
		struct ban_list list;

		assert_done(t->s, store_bans(t->s, &page, &cases[i].filter, NOW + 2, t->a, &list));
		if (list.count != cases[i].expected)
			fail_msg("case %zu: %zu instead of %zu", i, list.count, cases[i].expected);
	}
}

static void
a_sweep_takes_what_is_long_over(void **state)
{
	struct scene *t = *state;
	int64_t over = add_ban(t, &account, NOW, NOW + 10),
		stands = add_ban(t, &address, NOW, NOW + 99),
		forever = add_ban(t, &network, NOW, 0),
		lifted = add_ban(t, &(struct guard_subject){GUARD_ACCOUNT, "bob"}, NOW, 0);
	struct failures f;
	struct ban out;

	failing(t, &account, NOW);
	failing(t, &address, NOW + 50);
	assert_done(t->s, store_ban_lift(t->s, lifted, NOW + 5));
	assert_done(t->s, store_guard_sweep(t->s, NOW + 50));
	assert_store(t->s, STORE_NONE, store_ban(t->s, over, t->a, &out));
	assert_store(t->s, STORE_NONE, store_ban(t->s, lifted, t->a, &out));
	assert_done(t->s, store_ban(t->s, stands, t->a, &out));
	assert_done(t->s, store_ban(t->s, forever, t->a, &out));
	assert_done(t->s, store_failures(t->s, &account, &f));
	assert_int_equal(f.count, 0);
	assert_done(t->s, store_failures(t->s, &address, &f));
	assert_int_equal(f.count, 1);
}

static int64_t
refuse(struct scene *t, const char *user, const char *from)
{
	struct refusal r = {.time = NOW,
			    .where = "vpn",
			    .user = user,
			    .device = "laptop",
			    .address = from,
			    .reason = "the device was revoked",
			    .remedy = "sallyport device add alice laptop"};

	assert_done(t->s, store_refusal_add(t->s, &r));
	return r.id;
}

static void
refusals_are_found_by_user_and_by_address(void **state)
{
	struct scene *t = *state;
	struct refusal_list list;
	int64_t first = refuse(t, "alice", "192.0.2.7"), second = refuse(t, NULL, "192.0.2.7");

	refuse(t, "bob", NULL);
	assert_done(t->s,
		    store_refusals(t->s, &(struct page){.limit = 9}, "192.0.2.7", t->a, &list));
	assert_int_equal(list.count, 2);
	assert_int_equal(list.at[0].id, second);
	assert_null(list.at[0].user);
	assert_int_equal(list.at[1].id, first);
	assert_string_equal(list.at[1].where, "vpn");
	assert_string_equal(list.at[1].user, "alice");
	assert_string_equal(list.at[1].device, "laptop");
	assert_string_equal(list.at[1].address, "192.0.2.7");
	assert_string_equal(list.at[1].reason, "the device was revoked");
	assert_string_equal(list.at[1].remedy, "sallyport device add alice laptop");
	assert_int_equal(list.at[1].time, NOW);
	assert_done(t->s, store_refusals(t->s, &(struct page){.limit = 9}, "bob", t->a, &list));
	assert_int_equal(list.count, 1);
	assert_null(list.at[0].address);
	assert_done(t->s, store_refusals(t->s, &(struct page){.limit = 9}, "carol", t->a, &list));
	assert_int_equal(list.count, 0);
	assert_done(t->s, store_refusals(t->s, &(struct page){.limit = 9}, NULL, t->a, &list));
	assert_int_equal(list.count, 3);
}

static void
refusals_are_sorted_by_what_is_shown_of_them(void **state)
{
	/* Three of them, by their numbers. */
	static const struct {
		const char *sort;
		bool descending;
		int order[3];
	} samples[] = {{NULL, false, {3, 2, 1}},      {"time", false, {1, 2, 3}},
		       {"user", false, {2, 1, 3}},    {"user", true, {3, 1, 2}},
		       {"address", false, {3, 1, 2}}, {"where", false, {1, 2, 3}},
		       {"reason", true, {3, 2, 1}}};
	struct scene *t = *state;
	int64_t first = refuse(t, "alice", "192.0.2.7");

	refuse(t, NULL, "192.0.2.8");
	refuse(t, "bob", NULL);
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct page page = {
		    .sort = samples[i].sort, .descending = samples[i].descending, .limit = 1};
		struct refusal_list list;

		for (size_t k = 0; k < 3; k++, page.after = list.next) {
			assert_done(t->s, store_refusals(t->s, &page, NULL, t->a, &list));
			assert_int_equal(list.count, 1);
			assert_int_equal(list.at[0].id - first + 1, samples[i].order[k]);
		}
		assert_null(page.after);
	}
}

static void
the_last_ten_thousand_refusals_are_kept(void **state)
{
	struct scene *t = *state;
	struct page page = {.limit = 1000};
	struct refusal_list list;
	int64_t seen = 0, last = 0;

	assert_done(t->s, store_begin(t->s));
	for (int i = 0; i < 10007; i++)
		last = refuse(t, "alice", "192.0.2.7");
	assert_done(t->s, store_commit(t->s));
	do {
		assert_done(t->s, store_refusals(t->s, &page, NULL, t->a, &list));
		for (size_t i = 0; i < list.count; i++, seen++)
			assert_int_equal(list.at[i].id, last - seen);
	} while ((page.after = list.next) != NULL && seen < 20000);
	assert_int_equal(seen, 10000);
}

static void
hostile_texts_are_texts(void **state)
{
	struct scene *t = *state;

	for (unsigned i = 0; i < COUNT(scene_hostile); i++) {
		const char *text = scene_hostile[i];
		const struct guard_subject of = {GUARD_ACCOUNT, text};
		struct refusal r = {.where = text, .user = text, .reason = text, .remedy = text};
		struct ban b = {.of = of, .reason = text, .by = text, .created = NOW}, out;
		struct refusal_list list;

		assert_int_equal(failing(t, &of, NOW).count, 1);
		assert_done(t->s, store_ban_add(t->s, &b));
		assert_done(t->s, store_ban_of(t->s, &of, 1, NOW, t->a, &out));
		assert_int_equal(out.id, b.id);
		assert_string_equal(out.reason, text);
		assert_done(t->s, store_refusal_add(t->s, &r));
		assert_done(t->s,
			    store_refusals(t->s, &(struct page){.limit = 9}, text, t->a, &list));
		assert_int_equal(list.count, 1);
		assert_string_equal(list.at[0].user, text);
		assert_string_equal(list.at[0].remedy, text);
	}
}

/* As a peer may send them: not UTF-8 at all. They are kept as well as can be, and counted. */
static void
what_is_no_text_at_all_is_counted(void **state)
{
	struct scene *t = *state;
	const struct guard_subject of = {GUARD_ACCOUNT, "\xff\xfe\xc0\x80 al\xe9"};

	failing(t, &of, NOW);
	assert_int_equal(failing(t, &of, NOW).count, 2);
	refuse(t, of.name, of.name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    scene_test(failures_are_counted_for_each_subject),
	    scene_test(who_never_failed_has_no_failures),
	    scene_test(after_peace_it_begins_anew),
	    scene_test(a_clock_that_is_set_back_forgets_nothing),
	    scene_test(what_is_forgotten_is_forgotten_of_one_alone),
	    scene_test(who_failed_more_often_than_is_free_is_listed_the_last_first),
	    scene_test(of_whom_failures_are_counted_is_searched_and_paged_and_forgotten),
	    scene_shared(of_failures_at_once_none_is_lost),
	    scene_test(a_ban_comes_back_as_it_was),
	    scene_test(a_ban_stands_until_it_is_over_or_lifted),
	    scene_test(of_several_bans_the_one_that_ends_last_is_told),
	    scene_test(what_is_counted_comes_with_the_ban_that_ends_last),
	    scene_test(a_ban_that_stands_is_made_longer_never_shorter),
	    scene_test(after_one_that_is_over_comes_another),
	    scene_shared(two_who_ban_the_same_at_once_make_one_ban),
	    scene_test(pages_of_bans_have_each_once),
	    scene_test(bans_are_narrowed_by_kind_and_by_who_made_them),
	    scene_test(a_sweep_takes_what_is_long_over),
	    scene_test(refusals_are_found_by_user_and_by_address),
	    scene_test(refusals_are_sorted_by_what_is_shown_of_them),
	    scene_test(the_last_ten_thousand_refusals_are_kept),
	    scene_test(hostile_texts_are_texts),
	    scene_test(what_is_no_text_at_all_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
