#include "store/audit.h"
#include "store/scene.h"

static struct notice
a_notice(int64_t next_try)
{
	return (struct notice){.created = NOW,
			       .rule = "certificate",
			       .subject = "A certificate expires",
			       .body = "{\"name\":\"vpn.example.org\"}",
			       .channel = "mail",
			       .next_try = next_try};
}

static int64_t
add(struct scene *t, int64_t next_try)
{
	struct notice n = a_notice(next_try);

	assert_done(t->s, store_notice_add(t->s, &n));
	return n.id;
}

static void
a_notice_comes_back_as_it_was(void **state)
{
	struct scene *t = *state;
	int64_t id = add(t, NOW);
	struct notice out;

	assert_done(t->s, store_notice_due(t->s, NOW, t->a, &out));
	assert_int_equal(out.id, id);
	assert_int_equal(out.created, NOW);
	assert_string_equal(out.rule, "certificate");
	assert_string_equal(out.subject, "A certificate expires");
	assert_string_equal(out.body, "{\"name\":\"vpn.example.org\"}");
	assert_string_equal(out.channel, "mail");
	assert_int_equal(out.attempts, 0);
	assert_int_equal(out.next_try, NOW);
	assert_int_equal(out.done, 0);
	assert_null(out.last_error);
}

static void
the_next_is_the_one_that_is_due_the_longest(void **state)
{
	struct scene *t = *state;
	int64_t later = add(t, NOW + 2), sooner = add(t, NOW + 1), as_soon = add(t, NOW + 1);
	struct notice out;

	assert_store(t->s, STORE_NONE, store_notice_due(t->s, NOW, t->a, &out));
	assert_done(t->s, store_notice_due(t->s, NOW + 9, t->a, &out));
	assert_int_equal(out.id, sooner);
	assert_done(t->s, store_notice_tried(t->s, sooner, NOW + 9, 0, NULL));
	assert_done(t->s, store_notice_due(t->s, NOW + 9, t->a, &out));
	assert_int_equal(out.id, as_soon);
	assert_done(t->s, store_notice_tried(t->s, as_soon, -1, 0, "refused"));
	assert_done(t->s, store_notice_due(t->s, NOW + 9, t->a, &out));
	assert_int_equal(out.id, later);
}

static void
what_failed_is_due_again_later(void **state)
{
	struct scene *t = *state;
	int64_t id = add(t, NOW);
	struct notice out;

	for (int i = 1; i < 4; i++) {
		int64_t again = NOW + i * 60;

		assert_done(t->s, store_notice_tried(t->s, id, 0, again, "connection refused"));
		assert_store(t->s, STORE_NONE, store_notice_due(t->s, again - 1, t->a, &out));
		assert_done(t->s, store_notice_due(t->s, again, t->a, &out));
		assert_int_equal(out.attempts, i);
		assert_string_equal(out.last_error, "connection refused");
	}
	assert_store(t->s, STORE_NONE, store_notice_tried(t->s, id + 1, 0, NOW, NULL));
}

static void
those_that_wait_are_counted_and_listed(void **state)
{
	struct scene *t = *state;
	int64_t ids[7], count;

	for (unsigned i = 0; i < COUNT(ids); i++)
		ids[i] = add(t, NOW);
	assert_done(t->s, store_notice_tried(t->s, ids[1], NOW, 0, NULL));
	assert_done(t->s, store_notice_tried(t->s, ids[2], -1, 0, "gone"));
	assert_done(t->s, store_notice_count(t->s, &count));
	assert_int_equal(count, 5);
	for (int waiting = 0; waiting < 2; waiting++)
		for (unsigned limit = 1; limit < 9; limit++) {
			struct page page = {.limit = limit};
			struct notice_list list;
			int64_t last = INT64_MAX, seen = 0;

			do {
				assert_done(t->s,
					    store_notices(t->s, &page, waiting != 0, t->a, &list));
				for (size_t i = 0; i < list.count; i++, seen++) {
					assert_true(list.at[i].id < last);
					last = list.at[i].id;
				}
			} while ((page.after = list.next) != NULL);
			assert_int_equal(seen, waiting != 0 ? 5 : 7);
		}
}

static void
old_ones_go_but_for_those_that_wait(void **state)
{
	struct scene *t = *state;
	int64_t waiting, done, last = 0, count;
	struct notice_list list;
	struct page page = {.limit = 1000};
	int64_t seen = 0;
	bool there = false;

	assert_done(t->s, store_begin(t->s));
	waiting = add(t, NOW);
	done = add(t, NOW);
	assert_done(t->s, store_notice_tried(t->s, done, NOW, 0, NULL));
	for (int i = 0; i < 10000; i++) {
		last = add(t, NOW + 1);
		assert_done(t->s, store_notice_tried(t->s, last, NOW, 0, NULL));
	}
	assert_done(t->s, store_commit(t->s));
	assert_done(t->s, store_notice_count(t->s, &count));
	assert_int_equal(count, 1);
	do {
		assert_done(t->s, store_notices(t->s, &page, false, t->a, &list));
		for (size_t i = 0; i < list.count; i++, seen++) {
			assert_int_not_equal(list.at[i].id, done);
			there |= list.at[i].id == waiting;
		}
	} while ((page.after = list.next) != NULL);
	assert_int_equal(seen, 10001);
	assert_true(there);
}

static void
hostile_texts_are_texts(void **state)
{
	struct scene *t = *state;

	for (unsigned i = 0; i < COUNT(scene_hostile); i++) {
		const char *text = scene_hostile[i];
		struct notice n = a_notice(NOW), out;

		n.rule = n.subject = n.body = n.channel = text;
		assert_done(t->s, store_notice_add(t->s, &n));
		assert_done(t->s, store_notice_tried(t->s, n.id, 0, NOW, text));
		assert_done(t->s, store_notice_due(t->s, NOW, t->a, &out));
		assert_int_equal(out.id, n.id);
		assert_string_equal(out.subject, text);
		assert_string_equal(out.body, text);
		assert_string_equal(out.last_error, text);
		assert_done(t->s, store_notice_tried(t->s, n.id, -1, 0, text));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    scene_test(a_notice_comes_back_as_it_was),
	    scene_test(the_next_is_the_one_that_is_due_the_longest),
	    scene_test(what_failed_is_due_again_later),
	    scene_test(those_that_wait_are_counted_and_listed),
	    scene_test(old_ones_go_but_for_those_that_wait),
	    scene_test(hostile_texts_are_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
