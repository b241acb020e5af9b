#include "store/people.h"

#include "store/place.h"

static const struct user_policy unset = {
    .totp_required = POLICY_UNSET,
    .devices_max = POLICY_UNSET,
    .connections_max = POLICY_UNSET,
    .session_minutes = POLICY_UNSET,
    .tunnel = POLICY_UNSET,
    .client_to_client = POLICY_UNSET,
};

/* What people put into fields to see what happens. */
static const char *const hostile[] = {
    "'; DROP TABLE users; --", "\" OR \"\"=\"", "<script>alert(1)</script>",     "%_\\%",
    "?1 $1 {INT} {LIKE}",      "\x1f\x01\t\n",  "\xF0\x9F\x94\x91 sch\xC3\xB6n", "",
};

static struct user
plain_user(const char *name)
{
	return (struct user){.name = name, .enabled = true, .policy = unset, .created = 1000};
}

static int64_t
add_user(struct store *s, const char *name)
{
	struct user u = plain_user(name);

	assert_done(s, store_user_add(s, &u));
	return u.id;
}

static void
a_user_comes_back_as_he_was(void **state)
{
	struct test_store *t = *state;
	struct store *s = t->store;
	const char *dns[] = {"192.0.2.1", "2001:db8::1", NULL};
	struct group g = {.name = "staff", .policy = unset, .created = 5};
	struct user u = plain_user("alice"), back;

	assert_done(s, store_group_add(s, &g));
	u.role = USER_ROLE_ADMIN;
	u.full_name = "Alice";
	u.expires = INT64_MAX;
	u.group = g.id;
	u.policy.devices_max = 3;
	u.policy.dns = dns;
	assert_done(s, store_user_add(s, &u));
	assert_true(u.id > 0);
	assert_int_equal(1, u.version);
	assert_done(s, store_user_by_name(s, "alice", t->memory, &back));
	assert_int_equal(u.id, back.id);
	assert_string_equal("Alice", back.full_name);
	assert_null(back.email);
	assert_true(back.expires == INT64_MAX);
	assert_string_equal("staff", back.group_name);
	assert_int_equal(3, back.policy.devices_max);
	assert_int_equal(POLICY_UNSET, back.policy.tunnel);
	assert_string_equal("2001:db8::1", back.policy.dns[1]);
	assert_null(back.policy.dns[2]);
	assert_false(back.has_password || back.has_totp);
	assert_store(s, STORE_NONE, store_user_by_name(s, "Alice", t->memory, &back));
}

static void
no_dns_and_an_empty_list_of_it_differ(void **state)
{
	struct test_store *t = *state;
	const char *none[] = {NULL};
	struct user u = plain_user("bob"), back;

	u.policy.dns = none;
	assert_done(t->store, store_user_add(t->store, &u));
	assert_done(t->store, store_user(t->store, u.id, t->memory, &back));
	assert_non_null(back.policy.dns);
	assert_null(back.policy.dns[0]);
	u.policy.dns = NULL;
	assert_done(t->store, store_user_change(t->store, &u));
	assert_done(t->store, store_user(t->store, u.id, t->memory, &back));
	assert_null(back.policy.dns);
}

static void
sql_and_html_come_back_as_they_were(void **state)
{
	struct test_store *t = *state;
	struct store *s = t->store;

	for (size_t i = 0; i < COUNT(hostile); i++) {
		struct user u = plain_user(hostile[i]), back;
		struct user_list found;

		u.full_name = u.email = u.comment = hostile[i];
		assert_done(s, store_user_add(s, &u));
		assert_done(s, store_user_by_name(s, hostile[i], t->memory, &back));
		assert_string_equal(hostile[i], back.name);
		assert_string_equal(hostile[i], back.full_name);
		assert_string_equal(hostile[i], back.email);
		assert_string_equal(hostile[i], back.comment);
		assert_done(s, store_users(s, &(struct page){.search = hostile[i], .limit = 50}, -1,
					   0, t->memory, &found));
		assert_int_equal(hostile[i][0] != '\0' ? 1 : COUNT(hostile), found.count);
	}
}

static void
what_is_not_utf8_is_mended(void **state)
{
	struct test_store *t = *state;
	struct user u = plain_user("a\xFF"
				   "b\xC3"),
		    back;

	assert_done(t->store, store_user_add(t->store, &u));
	assert_done(t->store, store_user(t->store, u.id, t->memory, &back));
	assert_string_equal("a\xEF\xBF\xBD"
			    "b\xEF\xBF\xBD",
			    back.name);
}

static void
a_name_is_given_once_and_stays(void **state)
{
	struct test_store *t = *state;
	struct store *s = t->store;
	struct user u = plain_user("alice"), other = plain_user("bob"), back;

	assert_done(s, store_user_add(s, &u));
	assert_store(s, STORE_TAKEN, store_user_add(s, &u));
	assert_done(s, store_user_add(s, &other));
	other.name = "alice";
	assert_done(s, store_user_change(s, &other));
	assert_done(s, store_user(s, other.id, t->memory, &back));
	assert_string_equal("bob", back.name);
}

static void
a_refused_statement_leaves_the_transaction_whole(void **state)
{
	struct test_store *t = *state;
	struct store *s = t->store;
	struct user u = plain_user("alice"), back;

	assert_done(s, store_begin(s));
	assert_done(s, store_user_add(s, &u));
	assert_store(s, STORE_TAKEN, store_user_add(s, &u));
	assert_int_not_equal(0, add_user(s, "bob"));
	assert_done(s, store_commit(s));
	assert_done(s, store_user_by_name(s, "alice", t->memory, &back));
	assert_done(s, store_user_by_name(s, "bob", t->memory, &back));
}

static void
who_comes_second_is_told(void **state)
{
	struct test_store *t = *state;
	struct store *s = t->store;
	struct user u = plain_user("alice"), late;

	assert_done(s, store_user_add(s, &u));
	late = u;
	u.enabled = false;
	assert_done(s, store_user_change(s, &u));
	assert_int_equal(2, u.version);
	assert_store(s, STORE_CHANGED, store_user_change(s, &late));
	assert_store(s, STORE_CHANGED, store_user_remove(s, u.id, 1));
	assert_done(s, store_user_remove(s, u.id, 2));
	assert_store(s, STORE_NONE, store_user_change(s, &u));
	assert_store(s, STORE_NONE, store_user_remove(s, u.id, 2));
}

static void
an_id_is_never_given_twice(void **state)
{
	struct test_store *t = *state;
	int64_t first = add_user(t->store, "alice");

	assert_done(t->store, store_user_remove(t->store, first, 1));
	assert_true(add_user(t->store, "alice") > first);
}

static void
a_group_stays_while_it_has_members(void **state)
{
	struct test_store *t = *state;
	struct store *s = t->store;
	struct group g = {.name = "staff", .policy = unset}, back;
	struct user u = plain_user("alice");

	assert_done(s, store_group_add(s, &g));
	u.group = g.id;
	assert_done(s, store_user_add(s, &u));
	assert_done(s, store_group(s, g.id, t->memory, &back));
	assert_int_equal(1, back.members);
	assert_store(s, STORE_TAKEN, store_group_remove(s, g.id, 1));
	u.group = 0;
	assert_done(s, store_user_change(s, &u));
	assert_store(s, STORE_CHANGED, store_group_remove(s, g.id, 9));
	assert_done(s, store_group_remove(s, g.id, 1));
	assert_store(s, STORE_NONE, store_group_by_name(s, "staff", t->memory, &back));
	u.group = g.id;
	assert_store(s, STORE_CHANGED, store_user_change(s, &u)); /* its group is gone */
}

static void
groups_change_as_users_do(void **state)
{
	struct test_store *t = *state;
	struct store *s = t->store;
	struct group g = {.name = "staff", .policy = unset}, late, other = {.name = "guests"};
	struct group_list all;

	assert_done(s, store_group_add(s, &g));
	assert_done(s, store_group_add(s, &other));
	late = g;
	g.comment = "all of us";
	assert_done(s, store_group_change(s, &g));
	assert_store(s, STORE_CHANGED, store_group_change(s, &late));
	g.name = "guests";
	assert_store(s, STORE_TAKEN, store_group_change(s, &g));
	assert_done(s, store_groups(s, &(struct page){.limit = 10}, t->memory, &all));
	assert_int_equal(2, all.count);
	assert_string_equal("guests", all.at[0].name);
	assert_string_equal("all of us", all.at[1].comment);
	assert_null(all.next);
}

static void
secrets_are_kept_apart(void **state)
{
	struct test_store *t = *state;
	struct store *s = t->store;
	int64_t id = add_user(s, "alice");
	struct span sealed = SPAN_INIT("\0\1\2sealed\xFF");
	struct user_secret secret;
	struct user u;

	assert_done(s, store_user_secret(s, id, t->memory, &secret));
	assert_null(secret.password);
	assert_int_equal(0, secret.totp.len);
	assert_done(s, store_user_set_password(s, id, "$argon2id$", 77));
	assert_done(s, store_user_set_totp(s, id, SPAN_NONE, sealed));
	assert_done(s, store_user(s, id, t->memory, &u));
	assert_true(u.has_password);
	assert_false(u.has_totp);
	assert_done(s, store_user_set_totp(s, id, sealed, SPAN_NONE));
	assert_done(s, store_user_secret(s, id, t->memory, &secret));
	assert_string_equal("$argon2id$", secret.password);
	assert_int_equal(77, secret.password_changed);
	assert_true(span_equal(sealed, secret.totp));
	assert_int_equal(0, secret.totp_new.len);
	assert_store(s, STORE_NONE, store_user_set_password(s, id + 1, "x", 0));
	assert_store(s, STORE_NONE, store_user_secret(s, id + 1, t->memory, &secret));
}

/* Who signs in while another password is set does not bring the old one back. */
static void
a_password_that_was_changed_is_not_raised(void **state)
{
	struct test_store *t = *state;
	struct store *s = t->store;
	int64_t id = add_user(s, "alice");
	struct user_secret secret;

	assert_done(s, store_user_set_password(s, id, "old, weak", 77));
	assert_done(s, store_user_raise_password(s, id, "old, weak", "old, strong"));
	assert_done(s, store_user_set_password(s, id, "new", 88));
	assert_store(s, STORE_CHANGED,
		     store_user_raise_password(s, id, "old, weak", "old, strong"));
	assert_done(s, store_user_secret(s, id, t->memory, &secret));
	assert_string_equal("new", secret.password);
	assert_int_equal(88, secret.password_changed);
	assert_store(s, STORE_NONE, store_user_raise_password(s, id + 1, "new", "x"));
}

static void
a_code_is_good_once(void **state)
{
	struct test_store *t = *state;
	struct store *s = t->store;
	int64_t id = add_user(s, "alice");

	assert_done(s, store_user_use_totp(s, id, 100));
	assert_store(s, STORE_CHANGED, store_user_use_totp(s, id, 100));
	assert_store(s, STORE_CHANGED, store_user_use_totp(s, id, 99));
	assert_done(s, store_user_use_totp(s, id, 101));
	assert_store(s, STORE_NONE, store_user_use_totp(s, id + 1, 101));
}

static void
a_recovery_code_is_good_once(void **state)
{
	struct test_store *t = *state;
	struct store *s = t->store;
	int64_t id = add_user(s, "alice"), left;
	const uint8_t codes[3][32] = {{1}, {2}, {3}}, wrong[32] = {4}, again[1][32] = {{9}};

	assert_done(s, store_recovery_set(s, id, codes, 3));
	assert_done(s, store_recovery_use(s, id, codes[1], 5));
	assert_store(s, STORE_NONE, store_recovery_use(s, id, codes[1], 6));
	assert_store(s, STORE_NONE, store_recovery_use(s, id, wrong, 6));
	assert_store(s, STORE_NONE, store_recovery_use(s, id + 1, codes[0], 6));
	assert_done(s, store_recovery_left(s, id, &left));
	assert_int_equal(2, left);
	assert_done(s, store_recovery_set(s, id, again, 1));
	assert_store(s, STORE_NONE, store_recovery_use(s, id, codes[0], 6));
	assert_done(s, store_recovery_left(s, id, &left));
	assert_int_equal(1, left);
}

static void
codes_of_nobody_change_nothing(void **state)
{
	struct test_store *t = *state;
	const uint8_t codes[1][32] = {{1}};

	assert_store(t->store, STORE_NONE, store_recovery_set(t->store, 99, codes, 1));
}

static void
enabled_administrators_are_counted(void **state)
{
	struct test_store *t = *state;
	struct store *s = t->store;
	struct user u = plain_user("a");
	int64_t count;

	u.role = USER_ROLE_ADMIN;
	assert_done(s, store_user_add(s, &u));
	u.name = "b";
	u.expires = 500;
	assert_done(s, store_user_add(s, &u));
	u.name = "c";
	u.expires = 0;
	u.enabled = false;
	assert_done(s, store_user_add(s, &u));
	assert_done(s, store_user_count(s, USER_ROLE_ADMIN, 499, &count));
	assert_int_equal(2, count);
	assert_done(s, store_user_count(s, USER_ROLE_ADMIN, 500, &count));
	assert_int_equal(1, count);
	assert_done(s, store_user_count(s, USER_ROLE_USER, 0, &count));
	assert_int_equal(0, count);
}

/* All pages, one after the other. */
static size_t
walk(struct test_store *t, struct page page, int role, int64_t *ids, size_t most)
{
	struct user_list list;
	size_t count = 0;

	do {
		assert_done(t->store, store_users(t->store, &page, role, 0, t->memory, &list));
		for (size_t i = 0; i < list.count; i++) {
			assert_true(count < most);
			ids[count++] = list.at[i].id;
		}
		page.after = list.next;
	} while (page.after != NULL);
	return count;
}

static void
pages_of_any_size_and_order_have_everybody_once(void **state)
{
	enum { USERS = 25 };
	struct test_store *t = *state;
	static const char *const orders[] = {NULL, "name", "created", "last_seen"};
	int64_t ids[USERS], seen[USERS];
	char name[16];

	for (int i = 0; i < USERS; i++) {
		struct user u;

		snprintf(name, sizeof name, "user%02d", (i * 7) % USERS);
		u = plain_user(name);
		u.created = i / 5; /* many alike: the id decides */
		u.role = i % 2;
		assert_done(t->store, store_user_add(t->store, &u));
	}
	for (unsigned limit = 1; limit <= USERS + 1; limit++)
		for (size_t o = 0; o < 2 * COUNT(orders); o++) {
			struct page p = {
			    .limit = limit, .sort = orders[o / 2], .descending = o % 2};

			assert_int_equal(USERS, walk(t, p, -1, ids, USERS));
			memset(seen, 0, sizeof seen);
			for (size_t i = 0; i < USERS; i++)
				assert_int_equal(1, ++seen[ids[i] - 1]);
		}
	assert_int_equal(12, walk(t, (struct page){.limit = 5}, 1, ids, USERS));
	assert_int_equal(10, walk(t, (struct page){.limit = 3, .search = "USER1"}, -1, ids, USERS));
}

static void
a_page_is_sorted(void **state)
{
	struct test_store *t = *state;
	struct store *s = t->store;
	struct user_list list;
	struct page page = {.limit = 10, .sort = "last_seen", .descending = true};
	int64_t b = add_user(s, "b"), a = add_user(s, "a");

	assert_done(s, store_user_seen(s, a, 10));
	assert_done(s, store_user_seen(s, b, 20));
	assert_store(s, STORE_NONE, store_user_seen(s, 99, 20));
	assert_done(s, store_users(s, &page, -1, 0, t->memory, &list));
	assert_int_equal(b, list.at[0].id);
	page = (struct page){.limit = 10};
	assert_done(s, store_users(s, &page, -1, 0, t->memory, &list));
	assert_int_equal(a, list.at[0].id);
}

static void
a_page_that_cannot_be_is_refused(void **state)
{
	static const char *const afters[] = {"",
					     "x",
					     "\x1f",
					     "a\x1f",
					     "a\x1fx",
					     "\x1f-",
					     "a\03799999999999999999999",
					     "a' OR 1=1\x1f'"};
	struct test_store *t = *state;
	struct user_list list;
	struct page page = {.limit = 10, .sort = "password"};

	add_user(t->store, "a");
	assert_store(t->store, STORE_NO_SORT,
		     store_users(t->store, &page, -1, 0, t->memory, &list));
	assert_int_equal(0, list.count);
	for (size_t i = 0; i < COUNT(afters); i++) {
		page = (struct page){.limit = 10, .after = afters[i], .sort = "created"};
		assert_store(t->store, STORE_NO_PLACE,
			     store_users(t->store, &page, -1, 0, t->memory, &list));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    store_test(a_user_comes_back_as_he_was),
	    store_test(no_dns_and_an_empty_list_of_it_differ),
	    store_test(sql_and_html_come_back_as_they_were),
	    store_test(what_is_not_utf8_is_mended),
	    store_test(a_name_is_given_once_and_stays),
	    store_test(a_refused_statement_leaves_the_transaction_whole),
	    store_test(who_comes_second_is_told),
	    store_test(an_id_is_never_given_twice),
	    store_test(a_group_stays_while_it_has_members),
	    store_test(groups_change_as_users_do),
	    store_test(secrets_are_kept_apart),
	    store_test(a_password_that_was_changed_is_not_raised),
	    store_test(a_code_is_good_once),
	    store_test(a_recovery_code_is_good_once),
	    store_test(codes_of_nobody_change_nothing),
	    store_test(enabled_administrators_are_counted),
	    store_test(pages_of_any_size_and_order_have_everybody_once),
	    store_test(a_page_is_sorted),
	    store_test(a_page_that_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
