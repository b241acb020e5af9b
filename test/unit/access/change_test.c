#include "access/change.h"

#include "access/world.h"
#include "store/driver.h"

static struct outcome
add(struct access *a, const struct actor *who, const char *name)
{
	struct user u = user_new();

	u.name = name;
	return user_add(a, who, &u);
}

static void
a_change_is_stored_with_its_row(void **state)
{
	struct world *w = *state;
	const struct audit_filter any = {0};
	const struct page page = {.limit = 10};
	struct audit_row_list rows;

	assert_taken(add(&w->a, &world_machine, "alice"));
	assert_int_equal(STORE_DONE, store_audit(w->a.store, &page, &any, w->a.memory, &rows));
	assert_int_equal(1, rows.count);
	assert_string_equal("command line (root)", rows.at[0].who);
	assert_string_equal("user.add", rows.at[0].action);
	assert_string_equal("user alice", rows.at[0].object);
	assert_null(rows.at[0].address);
	assert_null(rows.at[0].before);
	assert_non_null(strstr(rows.at[0].after, "\"name\":\"alice\""));
	assert_int_equal(NOON, rows.at[0].time);
}

static void
who_listens_is_told_after_the_commit(void **state)
{
	struct world *w = *state;

	assert_taken(add(&w->a, &world_machine, "alice"));
	assert_true(world_was_told(w, EVENT_USER));
	assert_true(world_was_told(w, EVENT_AUDIT));
	assert_null(w->a.pending);
}

static void
what_was_refused_leaves_nothing(void **state)
{
	struct world *w = *state;
	struct user u;

	assert_taken(change_begin(&w->a));
	u = user_new();
	u.name = "alice";
	assert_int_equal(STORE_DONE, store_user_add(w->a.store, &u));
	assert_outcome(OUTCOME_FORBIDDEN,
		       change_end(&w->a, &world_machine, outcome_new(OUTCOME_FORBIDDEN, "no"),
				  &(struct change){.action = "user.add"}));
	assert_outcome(OUTCOME_UNKNOWN, user_find(&w->a, "alice", &u));
	assert_int_equal(0, world_rows(w));
	assert_int_equal(0, w->told_count);
	assert_null(w->a.pending);
}

static void
a_token_for_reading_changes_nothing(void **state)
{
	struct world *w = *state;
	struct actor who = {.kind = ACTOR_TOKEN,
			    .level = LEVEL_ADMIN, /* even if somebody forgot to look */
			    .name = "ci",
			    .reads_only = true};

	assert_outcome(OUTCOME_FORBIDDEN, add(&w->a, &who, "alice"));
	assert_outcome(OUTCOME_FORBIDDEN,
		       change_note(&w->a, &who, &(struct change){.action = "download"}));
	assert_int_equal(0, world_rows(w));
	who.reads_only = false;
	assert_taken(add(&w->a, &who, "alice"));
}

static void
a_change_says_only_what_is_different(void **state)
{
	struct world *w = *state;
	const struct audit_filter any = {.action = "user.change"};
	const struct page page = {.limit = 10};
	struct user before = world_user(w, "alice", USER_ROLE_USER), after = before;
	struct audit_row_list rows;

	after.comment = "<b>\"on leave\"</b>";
	assert_taken(user_change(&w->a, &world_machine, &before, &after));
	assert_int_equal(STORE_DONE, store_audit(w->a.store, &page, &any, w->a.memory, &rows));
	assert_int_equal(1, rows.count);
	assert_string_equal("{\"comment\":null}", rows.at[0].before);
	assert_non_null(strstr(rows.at[0].after, "on leave"));
	assert_null(strstr(rows.at[0].after, "enabled"));
}

static void
a_store_that_is_down_takes_no_change(void **state)
{
	struct world *w = *state;
	struct access other = world_access(w);

	other.now++;
	assert_taken(change_begin(&other)); /* and holds the lock for longer than we wait */
	assert_outcome(OUTCOME_DOWN, add(&w->a, &world_machine, "alice"));
	assert_null(w->a.pending);
	store_abort(other.store);
	world_access_end(&other);
	assert_taken(add(&w->a, &world_machine, "alice"));
}

/* As when the connection to the database is lost while it commits: it may have. */
static void
what_may_have_been_kept_is_told(void **state)
{
	struct world *w = *state;

	if (test_is_postgres())
		skip(); /* it looks at a reference when that is made */
	assert_taken(change_begin(&w->a));
	assert_int_equal(STORE_DONE, sql_script(w->a.store, "PRAGMA defer_foreign_keys = ON"));
	assert_int_equal(
	    STORE_DONE, sql_script(w->a.store, "INSERT INTO networks (user_id, network, first_seen)"
					       " VALUES (7, '192.0.2.0/24', 1)"));
	assert_true(refused(change_end(
	    &w->a, &world_machine, OUTCOME_OK,
	    &(struct change){.action = "device.revoke", .event = EVENT_DEVICE, .id = 1})));
	assert_true(world_was_told(w, EVENT_DEVICE));
	assert_null(w->a.pending);
}

static void
actors_have_names_for_the_log(void **state)
{
	struct world *w = *state;
	static const struct {
		struct actor who;
		const char *text;
	} samples[] = {
	    {{.kind = ACTOR_USER, .name = "alice"}, "alice"},
	    {{.kind = ACTOR_TOKEN, .name = "ci"}, "token ci"},
	    {{.kind = ACTOR_MACHINE, .name = "root"}, "command line (root)"},
	    {{.kind = ACTOR_SELF}, "sallyport"},
	    {{.kind = ACTOR_STRANGER}, "nobody"},
	};

	for (size_t i = 0; i < COUNT(samples); i++) {
		assert_string_equal(samples[i].text, actor_text(&w->a, &samples[i].who));
		/* Nobody can have a name that looks like one of the others. */
		if (samples[i].who.kind != ACTOR_USER)
			assert_non_null(people_check_name(samples[i].text));
	}
}

static void
a_secret_is_new_each_time_and_known_by_its_hash(void **state)
{
	char one[SECRET_TEXT], two[SECRET_TEXT], small[SECRET_TEXT - 1];
	uint8_t hash[SECRET_HASH], again[SECRET_HASH];

	(void)state;
	assert_true(secret_new("", one, sizeof one, hash));
	assert_int_equal(SECRET_TEXT - 1, strlen(one));
	assert_true(secret_hash(span_str(one), again));
	assert_memory_equal(hash, again, sizeof hash);
	assert_true(secret_new("", two, sizeof two, again));
	assert_string_not_equal(one, two);
	assert_memory_not_equal(hash, again, sizeof hash);
	assert_false(secret_new("", small, sizeof small, hash));
}

static void
a_peers_words_are_made_harmless(void **state)
{
	struct world *w = *state;

	assert_string_equal("a\\x0Ab\\xFF", access_plain(&w->a, "a\nb\xFF", 10));
	assert_string_equal("aaaa...", access_plain(&w->a, "aaaaaaaa", 4));
	assert_string_equal("\\xFF\\xFF...", access_plain(&w->a, "\xFF\xFF\xFF", 2));
	assert_null(access_plain(&w->a, NULL, 4));
	for (int e = 0; e < EVENT_KINDS; e++)
		assert_non_null(access_event_name((enum access_event)e));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(a_change_is_stored_with_its_row),
	    world_test(who_listens_is_told_after_the_commit),
	    world_test(what_was_refused_leaves_nothing),
	    world_test(a_token_for_reading_changes_nothing),
	    world_test(a_change_says_only_what_is_different),
	    world_test(a_store_that_is_down_takes_no_change),
	    world_test(what_may_have_been_kept_is_told),
	    world_test(actors_have_names_for_the_log),
	    cmocka_unit_test(a_secret_is_new_each_time_and_known_by_its_hash),
	    world_test(a_peers_words_are_made_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
