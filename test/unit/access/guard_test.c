#include "access/guard.h"

#include <pthread.h>

#include "access/signin.h"
#include "access/world.h"

static struct outcome
fail_from(struct world *w, const char *account, const char *from)
{
	struct address address = world_address(from);

	return guard_failed(&w->a, "web", account, &address);
}

static struct outcome
admits(struct world *w, const char *account, const char *from)
{
	struct address address = world_address(from);

	return guard_admits(&w->a, account, &address);
}

/* Nobody else is counted with it: each failure comes from elsewhere, or is of another account. */
static void
fail_of_kind(struct world *w, enum guard_kind kind, int n)
{
	char account[32], from[32];

	snprintf(account, sizeof account, kind == GUARD_ACCOUNT ? "alice" : "user%d", n);
	snprintf(from, sizeof from,
		 kind == GUARD_ACCOUNT   ? "10.%d.0.1"
		 : kind == GUARD_ADDRESS ? "192.0.2.1"
					 : "192.0.2.%d",
		 n);
	assert_taken(fail_from(w, account, from));
}

static struct outcome
admits_of_kind(struct world *w, enum guard_kind kind)
{
	return admits(w, kind == GUARD_ACCOUNT ? "alice" : "nina",
		      kind == GUARD_ACCOUNT   ? "10.250.0.1"
		      : kind == GUARD_ADDRESS ? "192.0.2.1"
					      : "192.0.2.250");
}

static void
some_failures_are_free_then_waits_double_then_comes_a_ban(void **state)
{
	struct world *w = *state;

	for (int kind = GUARD_ACCOUNT; kind <= GUARD_NETWORK; kind++) {
		const struct guard_limits *l = &guard_limits[kind];
		int64_t delay = GUARD_DELAY_MS;

		for (int n = 1; n < l->ban; n++) {
			fail_of_kind(w, (enum guard_kind)kind, n);
			struct outcome o = admits_of_kind(w, (enum guard_kind)kind);
			if (n <= l->free) {
				assert_taken(o);
				continue;
			}
			assert_int_equal(OUTCOME_TOO_OFTEN, o.kind);
			assert_int_equal(delay, o.wait_ms);
			w->a.now += delay - 1;
			assert_outcome(OUTCOME_TOO_OFTEN, admits_of_kind(w, (enum guard_kind)kind));
			w->a.now += 1;
			assert_taken(admits_of_kind(w, (enum guard_kind)kind));
			delay = delay * 2 < GUARD_DELAY_MAX ? delay * 2 : GUARD_DELAY_MAX;
		}
		fail_of_kind(w, (enum guard_kind)kind, (int)l->ban);
		assert_int_equal(GUARD_BAN_MS, admits_of_kind(w, (enum guard_kind)kind).wait_ms);
		w->a.now += GUARD_BAN_MS + GUARD_FORGET_MS; /* all is forgotten */
		assert_taken(admits_of_kind(w, (enum guard_kind)kind));
	}
}

/* By his token he was still in; and that somebody guesses on changes nothing of it. */
static void
who_was_guessed_at_is_thrown_out_by_a_person(void **state)
{
	struct world *w = *state;
	const struct actor self = {.kind = ACTOR_SELF, .level = LEVEL_ADMIN};
	struct address from = world_address("198.51.100.1");
	struct guard_subject alice = {GUARD_ACCOUNT, "alice"};
	struct ban guessed = {.of = alice, .reason = "10 failed sign-ins", .until = NOON + HOUR};
	struct ban by_hand = {.of = alice, .reason = "left us", .until = NOON + MINUTE};

	assert_taken(ban_add(&w->a, &self, &guessed));
	assert_taken(guard_keeps(&w->a, "alice", &from));
	assert_taken(ban_add(&w->a, &world_machine, &by_hand));
	assert_int_equal(NOON + HOUR, by_hand.until);
	assert_string_equal("left us", by_hand.reason);
	assert_outcome(OUTCOME_TOO_OFTEN, guard_keeps(&w->a, "alice", &from));
	guessed.until = NOON + 2 * HOUR;
	assert_taken(ban_add(&w->a, &self, &guessed));
	assert_int_equal(NOON + 2 * HOUR, guessed.until);
	assert_outcome(OUTCOME_TOO_OFTEN, guard_keeps(&w->a, "alice", &from));
}

static void
a_sweep_leaves_what_counts(void **state)
{
	struct world *w = *state;
	struct guard_subject nina = {GUARD_ACCOUNT, "nina"};
	struct failures f;

	for (int n = 1; n <= guard_limits[GUARD_ACCOUNT].free + 1; n++)
		fail_of_kind(w, GUARD_ACCOUNT, n);
	assert_taken(fail_from(w, "nina", "10.1.0.1"));
	w->a.now += 1;
	assert_taken(guard_sweep(&w->a));
	assert_outcome(OUTCOME_TOO_OFTEN, admits_of_kind(w, GUARD_ACCOUNT));
	w->a.now += GUARD_FORGET_MS;
	assert_taken(guard_sweep(&w->a));
	assert_int_equal(STORE_DONE, store_failures(w->a.store, &nina, &f));
	assert_int_equal(0, f.count);
}

static void
further_bans_within_a_day_are_longer_each_time(void **state)
{
	struct world *w = *state;
	int64_t length = GUARD_BAN_MS;

	for (int ban = 0; ban < 10; ban++) {
		for (int n = 0; n < guard_limits[GUARD_ACCOUNT].ban; n++)
			assert_taken(fail_from(w, "alice", ""));
		struct outcome o = admits(w, "alice", "");
		assert_int_equal(OUTCOME_TOO_OFTEN, o.kind);
		assert_int_equal(length, o.wait_ms);
		w->a.now += length - (length == GUARD_BAN_MAX ? MINUTE : 0);
		length = length * 2 < GUARD_BAN_MAX ? length * 2 : GUARD_BAN_MAX;
		arena_reset(w->a.memory);
		if (length == GUARD_BAN_MAX && ban > 7)
			break;
	}
	assert_int_equal(GUARD_BAN_MAX, length);
}

static void
this_machine_is_never_banned_but_its_accounts_are(void **state)
{
	struct world *w = *state;
	static const char *const from[] = {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", ""};

	for (int n = 0; n < 100; n++)
		assert_taken(fail_from(w, NULL, from[(size_t)n % COUNT(from)]));
	for (size_t i = 0; i < COUNT(from); i++) {
		struct address address = world_address(from[i]);

		assert_string_equal("", guard_network(&w->a, &address));
		assert_taken(admits(w, "bob", from[i]));
	}
	for (int n = 0; n < guard_limits[GUARD_ACCOUNT].ban; n++)
		assert_taken(fail_from(w, "alice", "127.0.0.1"));
	assert_outcome(OUTCOME_TOO_OFTEN, admits(w, "alice", "127.0.0.1"));
	assert_outcome(OUTCOME_TOO_OFTEN, admits(w, "alice", "192.0.2.1"));
	assert_taken(admits(w, "bob", "127.0.0.1"));
}

static void
networks_are_written_in_one_form(void **state)
{
	struct world *w = *state;
	static const char *const samples[][2] = {
	    {"192.0.2.77", "192.0.2.0/24"},
	    {"::ffff:192.0.2.77", "192.0.2.0/24"},
	    {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
	    {"2001:db8::1", "2001:db8::/64"},
	};

	for (size_t i = 0; i < COUNT(samples); i++) {
		struct address address = world_address(samples[i][0]);

		assert_string_equal(samples[i][1], guard_network(&w->a, &address));
	}
}

static void
a_clock_that_was_set_back_makes_nobody_wait_longer(void **state)
{
	struct world *w = *state;

	for (int n = 0; n <= guard_limits[GUARD_ACCOUNT].free; n++)
		assert_taken(fail_from(w, "alice", "127.0.0.1"));
	w->a.now -= 365 * 24 * HOUR;
	struct outcome o = admits(w, "alice", "127.0.0.1");
	assert_int_equal(OUTCOME_TOO_OFTEN, o.kind);
	assert_int_equal(GUARD_DELAY_MS, o.wait_ms);
	/* One that was set forward forgets, as after so long a peace. */
	w->a.now = NOON + 365 * 24 * HOUR;
	assert_taken(admits(w, "alice", "127.0.0.1"));
}

static void
a_success_begins_anew(void **state)
{
	struct world *w = *state;
	struct address from = world_address("192.0.2.1");

	for (int n = 0; n < 9; n++)
		assert_taken(fail_from(w, "alice", "192.0.2.1"));
	assert_outcome(OUTCOME_TOO_OFTEN, admits(w, "alice", "192.0.2.1"));
	guard_succeeded(&w->a, "alice", &from);
	assert_taken(admits(w, "alice", "192.0.2.1"));
	/* But not for others that were guessed at from there. */
	for (int n = 0; n < 9; n++)
		assert_taken(fail_from(w, "bob", "192.0.2.1"));
	guard_succeeded(&w->a, "alice", &from);
	assert_outcome(OUTCOME_TOO_OFTEN, admits(w, "bob", "192.0.2.1"));
}

static void *
fail_at_once(void *arg)
{
	struct world *w = arg;
	struct access a = world_access(w);
	struct address from = world_address("192.0.2.1");

	for (int n = 0; n < guard_limits[GUARD_ADDRESS].ban / 3; n++)
		if (refused(guard_failed(&a, "web", NULL, &from)))
			fail_msg("%s", store_why(a.store));
	world_access_end(&a);
	return NULL;
}

static void
of_failures_at_once_just_one_bans(void **state)
{
	struct world *w = *state;
	const struct page page = {.limit = 10};
	struct ban_list bans;
	pthread_t threads[3];

	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(0, pthread_create(&threads[i], NULL, fail_at_once, w));
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(STORE_DONE, store_bans(w->a.store, &page,
						&(struct ban_filter){.all = true, .kind = -1}, NOON,
						w->a.memory, &bans));
	assert_int_equal(1, bans.count);
	assert_string_equal("192.0.2.1", bans.at[0].of.name);
	assert_string_equal("sallyport", bans.at[0].by);
	assert_int_equal(1, world_rows(w));
}

/* --- bans that somebody sets */

static struct ban
ban_of(struct world *w, const char *subject, int64_t until)
{
	struct ban b = {.reason = "because", .until = until};

	assert_taken(ban_subject(&w->a, subject, &b.of));
	return b;
}

static void
a_subject_is_an_account_an_address_or_a_network(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *word, *name; /* NULL: it is none */
		int kind;
	} samples[] = {
	    {"alice", "alice", GUARD_ACCOUNT},
	    {"Alice", "alice", GUARD_ACCOUNT},
	    {"192.0.2.1", "192.0.2.1", GUARD_ADDRESS},
	    {"192.0.2.1/32", "192.0.2.1", GUARD_ADDRESS},
	    {"::ffff:192.0.2.1", "192.0.2.1", GUARD_ADDRESS},
	    {"2001:DB8:0::1", "2001:db8::1", GUARD_ADDRESS},
	    {"192.0.2.0/24", "192.0.2.0/24", GUARD_NETWORK},
	    {"10.0.0.0/8", "10.0.0.0/8", GUARD_NETWORK},
	    {"2001:db8::/32", "2001:db8::/32", GUARD_NETWORK},
	    {"192.0.2.0/25", NULL, 0},
	    {"192.0.2.1/24", NULL, 0},
	    {"0.0.0.0/0", NULL, 0},
	    {"", NULL, 0},
	    {"a b", NULL, 0},
	    {"'; DROP TABLE bans; --", NULL, 0},
	    {"<b>", NULL, 0},
	};

	for (size_t i = 0; i < COUNT(samples); i++) {
		struct guard_subject of;
		struct outcome o = ban_subject(&w->a, samples[i].word, &of);

		if (refused(o) != (samples[i].name == NULL))
			fail_msg("\"%s\": %s", samples[i].word, o.text);
		if (refused(o)) {
			assert_int_equal(OUTCOME_INVALID, o.kind);
			assert_string_equal("subject", o.field);
			continue;
		}
		assert_string_equal(samples[i].name, of.name);
		assert_int_equal(samples[i].kind, of.kind);
	}
}

static void
a_ban_holds_until_it_is_over_or_lifted(void **state)
{
	struct world *w = *state;
	static const char *const subjects[] = {"192.0.2.1", "192.0.2.0/24", "192.0.0.0/16",
					       "192.0.0.0/8", "alice"};

	for (size_t i = 0; i < COUNT(subjects); i++) {
		struct ban b = ban_of(w, subjects[i], w->a.now + HOUR);

		assert_taken(ban_add(&w->a, &world_machine, &b));
		struct outcome o = admits(w, "alice", "192.0.2.1");
		assert_int_equal(OUTCOME_TOO_OFTEN, o.kind);
		assert_int_equal(HOUR, o.wait_ms);
		assert_taken(ban_lift(&w->a, &world_machine, &b));
		assert_taken(admits(w, "alice", "192.0.2.1"));
		b = ban_of(w, subjects[i], w->a.now + HOUR);
		assert_taken(ban_add(&w->a, &world_machine, &b));
		w->a.now += HOUR;
		assert_taken(admits(w, "alice", "192.0.2.1"));
	}
}

static void
a_ban_without_an_end_has_no_wait(void **state)
{
	struct world *w = *state;
	struct ban b = ban_of(w, "192.0.2.1", 0);

	assert_taken(ban_add(&w->a, &world_machine, &b));
	struct outcome o = admits(w, "alice", "192.0.2.1");
	assert_int_equal(OUTCOME_TOO_OFTEN, o.kind);
	assert_int_equal(0, o.wait_ms);
	assert_taken(admits(w, "alice", "192.0.2.2"));
}

static void
bans_that_make_no_sense_are_refused(void **state)
{
	struct world *w = *state;
	struct user root = world_user(w, "carol", USER_ROLE_ADMIN);
	struct actor carol = world_actor(&root);
	struct ban b = ban_of(w, "192.0.2.1", NOON);

	assert_outcome(OUTCOME_INVALID, ban_add(&w->a, &carol, &b)); /* over already */
	static const char *const own[] = {"carol", "198.51.100.7", "198.51.100.0/24", "127.0.0.1",
					  "::1"};
	for (size_t i = 0; i < COUNT(own); i++) {
		b = ban_of(w, own[i], 0);
		assert_outcome(OUTCOME_INVALID, ban_add(&w->a, &carol, &b));
	}
	b = (struct ban){.of = {GUARD_ADDRESS, "192.0.2.1/32"}}; /* not its one form */
	assert_outcome(OUTCOME_INVALID, ban_add(&w->a, &carol, &b));
	b.of = (struct guard_subject){GUARD_ACCOUNT, "192.0.2.1"};
	assert_outcome(OUTCOME_INVALID, ban_add(&w->a, &carol, &b));
}

static void
an_operator_judges_plain_users_alone(void **state)
{
	struct world *w = *state;
	struct user admin = world_user(w, "carol", USER_ROLE_ADMIN);
	struct user clerk = world_user(w, "oscar", USER_ROLE_OPERATOR);
	struct user plain = world_user(w, "alice", USER_ROLE_USER);
	struct actor oscar = world_actor(&clerk), alice = world_actor(&plain),
		     carol = world_actor(&admin);
	struct ban b = ban_of(w, "carol", 0);

	assert_outcome(OUTCOME_FORBIDDEN, ban_add(&w->a, &oscar, &b));
	assert_taken(ban_add(&w->a, &world_machine, &b));
	assert_outcome(OUTCOME_FORBIDDEN, ban_lift(&w->a, &oscar, &b));
	assert_taken(ban_lift(&w->a, &carol, &b));
	b = ban_of(w, "alice", 0);
	assert_outcome(OUTCOME_FORBIDDEN, ban_add(&w->a, &alice, &b));
	assert_taken(ban_add(&w->a, &oscar, &b));
	assert_outcome(OUTCOME_FORBIDDEN, ban_lift(&w->a, &alice, &b));
	assert_taken(ban_lift(&w->a, &oscar, &b));
	b = ban_of(w, "nobody.knows", 0);
	assert_taken(ban_add(&w->a, &oscar, &b));
}

static struct lockout
lockout_named(struct world *w, const char *name)
{
	const struct page page = {.limit = 100};
	struct lockout_list list;

	assert_taken(lockouts(&w->a, &page, &list));
	for (size_t i = 0; i < list.count; i++)
		if (strcmp(list.at[i].of.name, name) == 0)
			return list.at[i];
	return (struct lockout){0};
}

/* The same, by her name alone. */
static struct lockout
lockout_of_alice(struct world *w)
{
	const struct guard_subject alice = {GUARD_ACCOUNT, "alice"};
	struct lockout one;
	struct outcome o = lockout_find_of(&w->a, &alice, &one);

	assert_int_equal(one.id != 0 ? OUTCOME_DONE : OUTCOME_UNKNOWN, o.kind);
	return one;
}

static void
who_is_locked_out_is_listed_as_he_would_be_admitted(void **state)
{
	struct world *w = *state;
	const struct guard_limits *l = &guard_limits[GUARD_ACCOUNT];
	struct lockout one;

	for (int n = 1; n <= l->ban; n++) {
		assert_taken(fail_from(w, "alice", ""));
		one = lockout_named(w, "alice");
		assert_int_equal(n <= l->free ? 0 : n, one.failures);
		assert_int_equal(one.failures, lockout_of_alice(w).failures);
		struct outcome o = admits(w, "alice", "");
		assert_int_equal(refused(o) ? o.wait_ms : 0,
				 one.until != 0 ? (uint64_t)(one.until - w->a.now) : 0);
		assert_int_equal(n == l->ban, one.banned);
		assert_int_equal(n <= l->free ? 0 : n < l->ban ? l->ban : 2 * l->ban, one.ban_at);
	}
	w->a.now += GUARD_BAN_MS;
	one = lockout_named(w, "alice");
	assert_false(one.banned);
	assert_int_equal(0, one.until);
	assert_int_equal(one.last + GUARD_FORGET_MS, one.forgotten);
	w->a.now = one.forgotten;
	assert_int_equal(0, lockout_named(w, "alice").id);
	assert_int_equal(0, lockout_of_alice(w).id);
}

static void
a_lock_out_is_lifted_with_its_ban(void **state)
{
	struct world *w = *state;
	const int64_t often[] = {guard_limits[GUARD_ACCOUNT].free + 1,
				 guard_limits[GUARD_ACCOUNT].ban};

	for (size_t i = 0; i < COUNT(often); i++) {
		struct lockout one;

		for (int64_t n = 0; n < often[i]; n++)
			assert_taken(fail_from(w, "alice", ""));
		one = lockout_named(w, "alice");
		assert_int_equal(often[i], one.failures);
		assert_outcome(OUTCOME_TOO_OFTEN, admits(w, "alice", ""));
		assert_taken(lockout_lift(&w->a, &world_machine, &one));
		assert_true(world_was_told(w, EVENT_BAN));
		assert_taken(admits(w, "alice", ""));
		assert_outcome(OUTCOME_UNKNOWN, lockout_find(&w->a, one.id, &one));
	}
}

static void
an_operator_lifts_no_lock_out_of_an_administrator(void **state)
{
	struct world *w = *state;
	struct user clerk = world_user(w, "oscar", USER_ROLE_OPERATOR);
	struct actor oscar = world_actor(&clerk);
	struct lockout one;

	world_user(w, "carol", USER_ROLE_ADMIN);
	for (int n = 0; n < 5; n++) {
		assert_taken(fail_from(w, "carol", ""));
		assert_taken(fail_from(w, "nobody.knows", ""));
	}
	one = lockout_named(w, "carol");
	assert_outcome(OUTCOME_FORBIDDEN, lockout_lift(&w->a, &oscar, &one));
	assert_outcome(OUTCOME_TOO_OFTEN, admits(w, "carol", ""));
	one = lockout_named(w, "nobody.knows");
	assert_taken(lockout_lift(&w->a, &oscar, &one));
	assert_taken(admits(w, "nobody.knows", ""));
}

static void
who_comes_from_ever_another_network_of_his_own_is_banned_with_all_of_them(void **state)
{
	struct world *w = *state;
	int64_t most = GUARD_SITE_FACTOR * guard_limits[GUARD_NETWORK].ban;
	char from[64];

	for (int64_t n = 0; n < most; n++) {
		snprintf(from, sizeof from, "2001:db8:7:%x::1", (unsigned)n);
		assert_taken(fail_from(w, NULL, from));
	}
	assert_outcome(OUTCOME_TOO_OFTEN, admits(w, NULL, "2001:db8:7:ffff::1"));
	w->a.now += 2 * MINUTE; /* no delay, but a ban */
	assert_outcome(OUTCOME_TOO_OFTEN, admits(w, NULL, "2001:db8:7:ffff::1"));
	assert_taken(admits(w, NULL, "2001:db8:8::1"));
}

static void
operators_ban_no_place_that_administrators_are_at(void **state)
{
	struct world *w = *state;
	struct user boss = world_user(w, "boss", USER_ROLE_ADMIN);
	struct user anna = world_user(w, "anna", USER_ROLE_USER);
	const struct actor oscar = {
	    .kind = ACTOR_USER, .level = LEVEL_OPERATE, .user = 99, .name = "oscar"};
	struct session at[] = {
	    {.user = boss.id, .from = world_address("192.0.2.7"), .hash = {1}},
	    {.user = anna.id, .from = world_address("198.51.100.7"), .hash = {2}},
	};
	static const struct {
		const char *subject;
		enum outcome_kind kind;
	} cases[] = {
	    {"192.0.2.7", OUTCOME_FORBIDDEN},     {"192.0.2.0/24", OUTCOME_FORBIDDEN},
	    {"203.0.0.0/8", OUTCOME_FORBIDDEN},   {"203.0.0.0/16", OUTCOME_FORBIDDEN},
	    {"2001:db8::/48", OUTCOME_FORBIDDEN}, {"192.0.2.8", OUTCOME_DONE},
	    {"198.51.100.0/24", OUTCOME_DONE},    {"2001:db8::/64", OUTCOME_DONE},
	};

	for (size_t i = 0; i < COUNT(at); i++) {
		at[i].created = at[i].seen = NOON;
		at[i].expires = NOON + HOUR;
		assert_int_equal(STORE_DONE, store_session_add(w->a.store, &at[i]));
	}
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ban b = ban_of(w, cases[i].subject, 0);

		assert_outcome(cases[i].kind, ban_add(&w->a, &oscar, &b));
	}
	struct ban b = ban_of(w, "192.0.2.0/24", 0);
	assert_taken(ban_add(&w->a, &world_machine, &b));
}

static void
the_command_line_lifts_an_administrators_own_ban(void **state)
{
	struct world *w = *state;
	const struct page page = {.limit = 1};
	struct ban_list bans;

	(void)world_user(w, "carol", USER_ROLE_ADMIN);
	for (int n = 0; n < guard_limits[GUARD_ACCOUNT].ban; n++)
		assert_taken(fail_from(w, "carol", ""));
	assert_outcome(OUTCOME_TOO_OFTEN, admits(w, "carol", ""));
	assert_int_equal(STORE_DONE, store_bans(w->a.store, &page, &(struct ban_filter){.kind = -1},
						NOON, w->a.memory, &bans));
	assert_taken(ban_lift(&w->a, &world_machine, &bans.at[0]));
	assert_taken(admits(w, "carol", "")); /* and there is no delay left either */
}

static void
who_is_in_stays_when_others_guess_at_his_account(void **state)
{
	struct world *w = *state;
	struct address from = world_address("203.0.113.5");
	struct ban b;

	for (int n = 0; n < guard_limits[GUARD_ACCOUNT].ban; n++)
		assert_taken(fail_from(w, "alice", "192.0.2.1"));
	assert_outcome(OUTCOME_TOO_OFTEN, guard_admits(&w->a, "alice", &from));
	assert_taken(guard_keeps(&w->a, "alice", &from));
	b = ban_of(w, "203.0.113.0/24", 0);
	assert_taken(ban_add(&w->a, &world_machine, &b));
	assert_outcome(OUTCOME_TOO_OFTEN, guard_keeps(&w->a, "alice", &from));
	assert_taken(ban_lift(&w->a, &world_machine, &b));
	b = ban_of(w, "bob", 0);
	assert_taken(ban_add(&w->a, &world_machine, &b));
	assert_outcome(OUTCOME_TOO_OFTEN, guard_keeps(&w->a, "bob", &from));
}

static const char *
last_remedy(struct world *w)
{
	const struct page page = {.limit = 1};
	struct refusal_list list;

	assert_int_equal(STORE_DONE, store_refusals(w->a.store, &page, NULL, w->a.memory, &list));
	assert_int_equal(1, list.count);
	return list.at[0].remedy;
}

/* What stands in the way is lifted by its own name, and a wait by another command than a ban. */
static void
the_remedy_is_of_what_stands_in_the_way(void **state)
{
	struct world *w = *state;
	const struct signin s = {.where = "web",
				 .name = SPAN_OF("alice"),
				 .password = SPAN_OF("wrong"),
				 .from = world_address("192.0.2.1")};
	struct ban b = {.of = {GUARD_NETWORK, "192.0.2.0/24"},
			.created = NOON,
			.by = "root",
			.reason = "noise"};
	struct user u;

	while (signin_check(&w->a, &s, &u).kind != OUTCOME_TOO_OFTEN)
		;
	assert_string_equal("sallyport lockout lift alice", last_remedy(w));
	w->a.now += HOUR;
	assert_int_equal(STORE_DONE, store_ban_add(w->a.store, &b));
	assert_outcome(OUTCOME_TOO_OFTEN, signin_check(&w->a, &s, &u));
	assert_string_equal("sallyport ban lift 192.0.2.0/24", last_remedy(w));
}

static void
refusals_are_noted_once_a_minute_and_harmless(void **state)
{
	struct world *w = *state;
	const struct page page = {.limit = 10};
	struct refusal_list list;

	for (int n = 0; n < 5; n++) {
		struct refusal r = {.where = "web",
				    .user = "a\"\n<b>",
				    .address = "192.0.2.1",
				    .reason = "The password was wrong"};
		refusal_note(&w->a, &r);
		w->a.now += n < 3 ? 1000 : MINUTE;
	}
	assert_int_equal(STORE_DONE, store_refusals(w->a.store, &page, NULL, w->a.memory, &list));
	assert_int_equal(2, list.count);
	assert_string_equal("a\\x22\\x0A<b>", list.at[0].user);
	assert_true(world_was_told(w, EVENT_REFUSAL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(some_failures_are_free_then_waits_double_then_comes_a_ban),
	    world_test(who_was_guessed_at_is_thrown_out_by_a_person),
	    world_test(a_sweep_leaves_what_counts),
	    world_test(further_bans_within_a_day_are_longer_each_time),
	    world_test(this_machine_is_never_banned_but_its_accounts_are),
	    world_test(networks_are_written_in_one_form),
	    world_test(a_clock_that_was_set_back_makes_nobody_wait_longer),
	    world_test(a_success_begins_anew),
	    world_test(of_failures_at_once_just_one_bans),
	    world_test(a_subject_is_an_account_an_address_or_a_network),
	    world_test(a_ban_holds_until_it_is_over_or_lifted),
	    world_test(a_ban_without_an_end_has_no_wait),
	    world_test(bans_that_make_no_sense_are_refused),
	    world_test(an_operator_judges_plain_users_alone),
	    world_test(who_is_locked_out_is_listed_as_he_would_be_admitted),
	    world_test(a_lock_out_is_lifted_with_its_ban),
	    world_test(an_operator_lifts_no_lock_out_of_an_administrator),
	    world_test(who_comes_from_ever_another_network_of_his_own_is_banned_with_all_of_them),
	    world_test(operators_ban_no_place_that_administrators_are_at),
	    world_test(the_command_line_lifts_an_administrators_own_ban),
	    world_test(who_is_in_stays_when_others_guess_at_his_account),
	    world_test(the_remedy_is_of_what_stands_in_the_way),
	    world_test(refusals_are_noted_once_a_minute_and_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
