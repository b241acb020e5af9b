#include "store/device.h"

#include <pthread.h>

#include "store/scene.h"

static struct device
a_device(int64_t user, const char *name)
{
	return (struct device){
	    .user = user, .name = name, .platform = "linux", .kind = DEVICE_AUTO, .created = NOW};
}

static int64_t
add_device(struct scene *t, int64_t user, const char *name)
{
	struct device d = a_device(user, name);

	assert_done(t->s, store_device_add(t->s, &d));
	return d.id;
}

static int64_t
add_certificate(struct scene *t, const char *serial, int64_t not_after)
{
	struct certificate_row c = {.kind = CERTIFICATE_DEVICE,
				    .serial = serial,
				    .name = "alice/laptop",
				    .certificate = SPAN_OF("DER"),
				    .not_before = NOW,
				    .not_after = not_after};

	assert_done(t->s, store_certificate_add(t->s, &c));
	return c.id;
}

static void
a_device_comes_back_as_it_was(void **state)
{
	struct scene *t = *state;
	static const uint8_t key[] = {0, 1, 2, 0xff, 0, 0x27};
	struct device d = a_device(t->alice, "laptop"), out;

	d.certificate = add_certificate(t, "01ab", NOW + 99);
	d.wrap_key = span_of(key, sizeof key);
	d.last_seen = NOW + 1;
	assert_done(t->s, store_device_add(t->s, &d));
	assert_int_equal(d.version, 1);
	assert_done(t->s, store_device(t->s, d.id, t->a, &out));
	assert_int_equal(out.id, d.id);
	assert_int_equal(out.version, 1);
	assert_int_equal(out.user, t->alice);
	assert_string_equal(out.user_name, "alice");
	assert_string_equal(out.name, "laptop");
	assert_string_equal(out.platform, "linux");
	assert_int_equal(out.kind, DEVICE_AUTO);
	assert_int_equal(out.created, NOW);
	assert_int_equal(out.revoked, 0);
	assert_int_equal(out.last_seen, NOW + 1);
	assert_int_equal(out.certificate, d.certificate);
	assert_string_equal(out.serial, "01ab");
	assert_int_equal(out.expires, NOW + 99);
	assert_true(span_equal(out.wrap_key, d.wrap_key));
}

static void
a_device_without_keys_yet_has_none(void **state)
{
	struct scene *t = *state;
	struct device out;

	assert_done(t->s, store_device(t->s, add_device(t, t->bob, "phone"), t->a, &out));
	assert_int_equal(out.certificate, 0);
	assert_null(out.serial);
	assert_int_equal(out.expires, 0);
	assert_int_equal(out.wrap_key.len, 0);
}

static void
a_device_and_its_certificate_know_each_other(void **state)
{
	struct scene *t = *state;
	struct device d = a_device(t->alice, "laptop");
	struct certificate_row c;

	assert_done(t->s, store_device_add(t->s, &d));
	d.certificate = add_certificate(t, "01ab", NOW + 99);
	assert_done(t->s, store_device_change(t->s, &d));
	assert_done(t->s, store_certificate_by_serial(t->s, "01ab", t->a, &c));
	assert_int_equal(c.device, d.id);
	assert_string_equal(c.device_name, "laptop");
	assert_string_equal(c.user_name, "alice");
}

static void
a_device_of_an_unknown_user_or_certificate_is_not_added(void **state)
{
	struct scene *t = *state;
	struct device nobodys = a_device(4711, "laptop"), uncertain = a_device(t->alice, "laptop");
	int64_t count;

	uncertain.certificate = 4711;
	assert_store(t->s, STORE_NONE, store_device_add(t->s, &nobodys));
	assert_store(t->s, STORE_NONE, store_device_add(t->s, &uncertain));
	assert_done(t->s, store_device_count(t->s, 0, &count));
	assert_int_equal(count, 0);
}

static void
a_name_is_taken_until_its_device_is_revoked(void **state)
{
	struct scene *t = *state;
	struct device first = a_device(t->alice, "laptop"), second = a_device(t->alice, "laptop"),
		      out;

	assert_done(t->s, store_device_add(t->s, &first));
	assert_store(t->s, STORE_TAKEN, store_device_add(t->s, &second));
	add_device(t, t->bob, "laptop");
	assert_done(t->s, store_device_revoke(t->s, first.id, NOW + 1));
	assert_store(t->s, STORE_NONE, store_device_by_name(t->s, t->alice, "laptop", t->a, &out));
	assert_done(t->s, store_device_add(t->s, &second));
	assert_done(t->s, store_device_by_name(t->s, t->alice, "laptop", t->a, &out));
	assert_int_equal(out.id, second.id);
	assert_store(t->s, STORE_NONE, store_device_by_name(t->s, t->bob, "phone", t->a, &out));
}

static void
renaming_onto_another_is_refused(void **state)
{
	struct scene *t = *state;
	struct device d = a_device(t->alice, "phone");

	add_device(t, t->alice, "laptop");
	assert_done(t->s, store_device_add(t->s, &d));
	d.name = "laptop";
	assert_store(t->s, STORE_TAKEN, store_device_change(t->s, &d));
	assert_int_equal(d.version, 1);
	assert_done(t->s, store_device(t->s, d.id, t->a, &d));
	assert_string_equal(d.name, "phone");
}

static void
who_changes_second_is_told(void **state)
{
	struct scene *t = *state;
	struct device one = a_device(t->alice, "phone"), other;

	assert_done(t->s, store_device_add(t->s, &one));
	other = one;
	one.name = "tablet";
	other.platform = "ios";
	assert_done(t->s, store_device_change(t->s, &one));
	assert_int_equal(one.version, 2);
	assert_store(t->s, STORE_CHANGED, store_device_change(t->s, &other));
	other.id = 4711;
	assert_store(t->s, STORE_NONE, store_device_change(t->s, &other));
	assert_done(t->s, store_device(t->s, one.id, t->a, &other));
	assert_string_equal(other.name, "tablet");
	assert_string_equal(other.platform, "linux");
}

static void
a_renewed_device_keeps_its_old_certificate_good(void **state)
{
	struct scene *t = *state;
	struct device d = a_device(t->alice, "laptop");
	struct certificate_row c;

	d.certificate = add_certificate(t, "01", NOW + 10);
	assert_done(t->s, store_device_add(t->s, &d));
	d.certificate = add_certificate(t, "02", NOW + 20);
	assert_done(t->s, store_device_change(t->s, &d));
	assert_done(t->s, store_device(t->s, d.id, t->a, &d));
	assert_string_equal(d.serial, "02");
	assert_int_equal(d.expires, NOW + 20);
	assert_done(t->s, store_certificate_by_serial(t->s, "01", t->a, &c));
	assert_int_equal(c.device, d.id);
	assert_int_equal(c.revoked, 0);
}

static void
revoking_takes_all_certificates_and_happens_once(void **state)
{
	struct scene *t = *state;
	struct device d = a_device(t->alice, "laptop");
	const char *serials[] = {"01", "02"};

	d.certificate = add_certificate(t, "01", NOW + 10);
	assert_done(t->s, store_device_add(t->s, &d));
	d.certificate = add_certificate(t, "02", NOW + 20);
	assert_done(t->s, store_device_change(t->s, &d));
	assert_done(t->s, store_device_revoke(t->s, d.id, NOW + 1));
	assert_store(t->s, STORE_CHANGED, store_device_revoke(t->s, d.id, NOW + 2));
	assert_store(t->s, STORE_NONE, store_device_revoke(t->s, d.id + 1, NOW));
	assert_done(t->s, store_device(t->s, d.id, t->a, &d));
	assert_int_equal(d.revoked, NOW + 1);
	for (unsigned i = 0; i < COUNT(serials); i++) {
		struct certificate_row c;

		assert_done(t->s, store_certificate_by_serial(t->s, serials[i], t->a, &c));
		assert_int_equal(c.revoked, NOW + 1);
		assert_non_null(c.reason);
	}
}

static void
a_change_that_is_given_up_leaves_nothing(void **state)
{
	struct scene *t = *state;
	int64_t id = add_device(t, t->alice, "laptop");
	struct device out, d = a_device(t->alice, "phone");

	assert_done(t->s, store_begin(t->s));
	assert_done(t->s, store_device_revoke(t->s, id, NOW));
	assert_done(t->s, store_device_add(t->s, &d));
	store_abort(t->s);
	assert_done(t->s, store_device(t->s, id, t->a, &out));
	assert_int_equal(out.revoked, 0);
	assert_store(t->s, STORE_NONE, store_device_by_name(t->s, t->alice, "phone", t->a, &out));
}

static void
a_refused_call_leaves_the_transaction_around_it_good(void **state)
{
	struct scene *t = *state;
	struct device twice = a_device(t->alice, "laptop"), out;

	assert_done(t->s, store_begin(t->s));
	add_device(t, t->alice, "laptop");
	assert_store(t->s, STORE_TAKEN, store_device_add(t->s, &twice));
	add_device(t, t->alice, "phone");
	assert_done(t->s, store_commit(t->s));
	assert_done(t->s, store_device_by_name(t->s, t->alice, "laptop", t->a, &out));
	assert_done(t->s, store_device_by_name(t->s, t->alice, "phone", t->a, &out));
}

static void
devices_are_counted_by_user_without_revoked_ones(void **state)
{
	struct scene *t = *state;
	int64_t count;

	add_device(t, t->alice, "laptop");
	add_device(t, t->bob, "laptop");
	assert_done(t->s, store_device_revoke(t->s, add_device(t, t->alice, "phone"), NOW));
	assert_done(t->s, store_device_count(t->s, t->alice, &count));
	assert_int_equal(count, 1);
	assert_done(t->s, store_device_count(t->s, 0, &count));
	assert_int_equal(count, 2);
	assert_done(t->s, store_device_count(t->s, 4711, &count));
	assert_int_equal(count, 0);
}

#define MANY 29

/* Names come in pairs, one of each user, and so do times: the id decides among them. */
static void
fill(struct scene *t)
{
	for (int i = 0; i < MANY; i++) {
		int n = i * 7 % MANY;
		struct device d = a_device(n % 2 != 0 ? t->alice : t->bob,
					   arena_printf(t->a, "device-%02d", n / 2));

		d.created = NOW + i * 5 % MANY / 2;
		d.last_seen = i * 3 % MANY / 4;
		if (i % 5 != 0)
			d.certificate = add_certificate(t, arena_printf(t->a, "%02x", (unsigned)i),
							NOW + i % 3);
		assert_done(t->s, store_device_add(t->s, &d));
	}
}

static int
compare(const struct device *a, const struct device *b, unsigned sort)
{
	const int64_t x[] = {0, a->created, a->last_seen, a->expires};
	const int64_t y[] = {0, b->created, b->last_seen, b->expires};
	int by = sort == 0 ? strcmp(a->name, b->name) : (x[sort] > y[sort]) - (x[sort] < y[sort]);

	return by != 0 ? by : (a->id > b->id) - (a->id < b->id);
}

static size_t
walk(struct scene *t, struct page page, unsigned sort)
{
	struct device before = {0};
	struct device_list list;
	size_t seen = 0;

	do {
		assert_done(t->s, store_devices(t->s, &page, 0, false, t->a, &list));
		assert_true(list.count <= page.limit);
		for (size_t i = 0; i < list.count; i++, seen++) {
			int by = before.id == 0 ? 0 : compare(&list.at[i], &before, sort);

			assert_true(before.id == 0 || (page.descending ? by < 0 : by > 0));
			before = list.at[i];
		}
	} while ((page.after = list.next) != NULL);
	return seen;
}

static void
pages_have_each_device_once_however_sorted(void **state)
{
	struct scene *t = *state;
	static const char *const sorts[] = {"name", "created", "last_seen", "expires"};

	fill(t);
	for (unsigned sort = 0; sort < COUNT(sorts); sort++)
		for (unsigned limit = 1; limit <= MANY + 1; limit += limit < 5 ? 1 : 6) {
			struct page page = {.sort = sorts[sort], .limit = limit};

			assert_int_equal(walk(t, page, sort), MANY);
			page.descending = true;
			assert_int_equal(walk(t, page, sort), MANY);
		}
	assert_int_equal(walk(t, (struct page){.limit = 3}, 0), MANY);
}

static void
what_devices_cannot_be_sorted_by_is_refused(void **state)
{
	struct scene *t = *state;
	struct device_list list;
	const char *sorts[] = {"wrap_key", "d.name", "name; DROP TABLE devices", ""};

	for (unsigned i = 0; i < COUNT(sorts); i++)
		assert_store(t->s, STORE_NO_SORT,
			     store_devices(t->s, &(struct page){.sort = sorts[i], .limit = 1}, 0,
					   false, t->a, &list));
}

static void
lists_are_narrowed_by_user_search_and_whether_revoked(void **state)
{
	struct scene *t = *state;
	struct device_list list;
	const struct {
		int64_t user;
		bool revoked;
		const char *search;
		size_t expected;
	} cases[] = {
	    {0, false, NULL, 3},       {0, true, NULL, 4},    {t->alice, false, NULL, 2},
	    {t->alice, true, NULL, 3}, {4711, true, NULL, 0}, {0, true, "APT", 2},
	    {0, true, "lic", 3},       {0, true, "%", 1},     {0, true, "_", 0},
	    {t->bob, true, "old", 0},  {0, true, "linux", 0}, {0, true, "ce/lap", 1},
	};

	add_device(t, t->alice, "laptop");
	add_device(t, t->alice, "100%");
	add_device(t, t->bob, "laptop");
	assert_done(t->s, store_device_revoke(t->s, add_device(t, t->alice, "old"), NOW));
	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct page page = {.limit = 10, .search = cases[i].search};

		assert_done(
		    t->s, store_devices(t->s, &page, cases[i].user, cases[i].revoked, t->a, &list));
		if (list.count != cases[i].expected)
			fail_msg("case %u: %zu instead of %zu", i, list.count, cases[i].expected);
	}
}

static void
what_is_searched_for_comes_in_pages_however_sorted(void **state)
{
	struct scene *t = *state;
	static const char *const sorts[] = {"name", "created", "last_seen", "expires"};

	fill(t);
	for (unsigned sort = 0; sort < COUNT(sorts); sort++)
		for (unsigned limit = 1; limit <= MANY + 1; limit += 6) {
			struct page page = {.sort = sorts[sort], .limit = limit};

			page.search = "BOB";
			assert_int_equal(walk(t, page, sort), MANY - MANY / 2);
			page.descending = true;
			assert_int_equal(walk(t, page, sort), MANY - MANY / 2);
			page.search = "ice-0";
			assert_int_equal(walk(t, page, sort), 20);
			page.search = "e"; /* in each of them */
			assert_int_equal(walk(t, page, sort), MANY);
		}
}

static void
a_renamed_device_is_found_by_its_new_name(void **state)
{
	struct scene *t = *state;
	struct page old = {.search = "lap", .limit = 9}, new = {.search = "note", .limit = 9};
	struct device_list list;
	struct device d;

	assert_done(t->s, store_device(t->s, add_device(t, t->alice, "laptop"), t->a, &d));
	d.name = "notebook";
	assert_done(t->s, store_device_change(t->s, &d));
	assert_done(t->s, store_devices(t->s, &old, 0, false, t->a, &list));
	assert_int_equal(list.count, 0);
	assert_done(t->s, store_devices(t->s, &new, 0, false, t->a, &list));
	assert_int_equal(list.count, 1);
	assert_string_equal(list.at[0].user_name, "alice");
}

static void
hostile_names_are_names(void **state)
{
	struct scene *t = *state;

	for (unsigned i = 0; i < COUNT(scene_hostile); i++) {
		struct device d = a_device(t->alice, scene_hostile[i]), out;

		d.platform = scene_hostile[i];
		assert_done(t->s, store_device_add(t->s, &d));
		assert_done(t->s,
			    store_device_by_name(t->s, t->alice, scene_hostile[i], t->a, &out));
		assert_int_equal(out.id, d.id);
		assert_string_equal(out.name, scene_hostile[i]);
		assert_string_equal(out.platform, scene_hostile[i]);
	}
	for (unsigned limit = 1; limit < 4; limit++)
		assert_int_equal(walk(t, (struct page){.limit = limit}, 0), COUNT(scene_hostile));
}

static void
who_goes_takes_his_devices_with_him(void **state)
{
	struct scene *t = *state;
	int64_t id = add_device(t, t->alice, "laptop");
	struct device out;

	assert_done(t->s, store_user_remove(t->s, t->alice, scene_version(t, t->alice)));
	assert_store(t->s, STORE_NONE, store_device(t->s, id, t->a, &out));
}

static void
seen_is_noted_and_is_no_change(void **state)
{
	struct scene *t = *state;
	int64_t id = add_device(t, t->alice, "laptop");
	struct device out;

	assert_done(t->s, store_device_seen(t->s, id, NOW + 5));
	assert_store(t->s, STORE_NONE, store_device_seen(t->s, id + 1, NOW));
	assert_done(t->s, store_device(t->s, id, t->a, &out));
	assert_int_equal(out.last_seen, NOW + 5);
	assert_int_equal(out.version, 1);
}

struct revoker {
	struct store *s;
	pthread_barrier_t *start;
	int64_t device;
	enum store_result came_to;
};

static void *
revoke_it(void *arg)
{
	struct revoker *r = arg;

	pthread_barrier_wait(r->start);
	r->came_to = store_device_revoke(r->s, r->device, NOW);
	return NULL;
}

static void
of_two_who_revoke_at_once_one_does(void **state)
{
	struct scene *t = *state;
	struct revoker both[2];
	pthread_t threads[2];
	pthread_barrier_t start;

	pthread_barrier_init(&start, NULL, 2);
	for (int i = 0; i < 2; i++)
		both[i] = (struct revoker){.s = scene_another(t), .start = &start};
	for (int round = 0; round < 20; round++) {
		int64_t id = add_device(t, t->alice, "laptop");

		for (int i = 0; i < 2; i++) {
			both[i].device = id;
			pthread_create(&threads[i], NULL, revoke_it, &both[i]);
		}
		for (int i = 0; i < 2; i++)
			pthread_join(threads[i], NULL);
		assert_int_equal(both[0].came_to + both[1].came_to, STORE_DONE + STORE_CHANGED);
		assert_int_not_equal(both[0].came_to, both[1].came_to);
	}
	pthread_barrier_destroy(&start);
	for (int i = 0; i < 2; i++)
		store_close(both[i].s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    scene_test(a_device_comes_back_as_it_was),
	    scene_test(a_device_without_keys_yet_has_none),
	    scene_test(a_device_and_its_certificate_know_each_other),
	    scene_test(a_device_of_an_unknown_user_or_certificate_is_not_added),
	    scene_test(a_name_is_taken_until_its_device_is_revoked),
	    scene_test(renaming_onto_another_is_refused),
	    scene_test(who_changes_second_is_told),
	    scene_test(a_renewed_device_keeps_its_old_certificate_good),
	    scene_test(revoking_takes_all_certificates_and_happens_once),
	    scene_test(a_change_that_is_given_up_leaves_nothing),
	    scene_test(a_refused_call_leaves_the_transaction_around_it_good),
	    scene_test(devices_are_counted_by_user_without_revoked_ones),
	    scene_test(pages_have_each_device_once_however_sorted),
	    scene_test(what_devices_cannot_be_sorted_by_is_refused),
	    scene_test(lists_are_narrowed_by_user_search_and_whether_revoked),
	    scene_test(what_is_searched_for_comes_in_pages_however_sorted),
	    scene_test(a_renamed_device_is_found_by_its_new_name),
	    scene_test(hostile_names_are_names),
	    scene_test(who_goes_takes_his_devices_with_him),
	    scene_test(seen_is_noted_and_is_no_change),
	    scene_shared(of_two_who_revoke_at_once_one_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
