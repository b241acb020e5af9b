/* What is known by the hash of a secret: sessions, tokens and links. */
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "store/device.h"
#include "store/link.h"
#include "store/scene.h"
#include "store/session.h"
#include "store/token.h"

static const struct session_end at_now = {.now = NOW, .idle = NOW - 100};

static void
hash_of(uint8_t hash[SECRET_HASH], unsigned n)
{
	memset(hash, 0, SECRET_HASH);
	memcpy(hash, &n, sizeof n);
	hash[SECRET_HASH - 1] = 0xff;
}

static struct session
a_session(int64_t user, unsigned n)
{
	struct session e = {.user = user,
			    .from = address_v4((const uint8_t[]){192, 0, 2, 7}, 4711),
			    .agent = "Mozilla/5.0",
			    .created = NOW,
			    .seen = NOW,
			    .expires = NOW + 1000,
			    .proved = NOW};

	hash_of(e.hash, n);
	return e;
}

static void
a_session_comes_back_as_it_was(void **state)
{
	struct scene *t = *state;
	struct session e = a_session(t->alice, 1), out;

	e.free_until = NOW + 5;
	assert_done(t->s, store_session_add(t->s, &e));
	assert_true(e.id > 0);
	assert_done(t->s, store_session_by_hash(t->s, e.hash, t->a, &out));
	assert_int_equal(out.id, e.id);
	assert_int_equal(out.user, t->alice);
	assert_string_equal(out.user_name, "alice");
	assert_memory_equal(out.hash, e.hash, SECRET_HASH);
	assert_true(address_equal(&out.from, &e.from));
	assert_string_equal(out.agent, "Mozilla/5.0");
	assert_int_equal(out.created, NOW);
	assert_int_equal(out.seen, NOW);
	assert_int_equal(out.expires, NOW + 1000);
	assert_int_equal(out.proved, NOW);
	assert_int_equal(out.free_until, NOW + 5);
	assert_done(t->s, store_session(t->s, e.id, t->a, &out));
	assert_memory_equal(out.hash, e.hash, SECRET_HASH);
	assert_string_equal(out.user_name, "alice");
	assert_store(t->s, STORE_NONE, store_session(t->s, e.id + 1, t->a, &out));
}

static void
where_a_session_is_from_may_be_any_address_or_none(void **state)
{
	struct scene *t = *state;
	uint8_t v6[16] = {0x20, 1, 0xd, 0xb8, [15] = 1};
	struct address from[] = {
	    address_v6(v6, 65535), address_v4((const uint8_t[]){0, 0, 0, 0}, 0), {.family = 0}};

	for (unsigned i = 0; i < COUNT(from); i++) {
		struct session e = a_session(t->alice, i), out;

		e.from = from[i];
		e.agent = NULL;
		assert_done(t->s, store_session_add(t->s, &e));
		assert_done(t->s, store_session_by_hash(t->s, e.hash, t->a, &out));
		assert_true(address_equal(&out.from, &from[i]));
		assert_null(out.agent);
	}
}

static void
an_unknown_hash_is_no_session_token_or_link(void **state)
{
	struct scene *t = *state;
	uint8_t hash[SECRET_HASH] = {0};
	struct session e = a_session(t->alice, 1);
	struct token token;
	struct link link;

	assert_done(t->s, store_session_add(t->s, &e));
	assert_store(t->s, STORE_NONE, store_session_by_hash(t->s, hash, t->a, &e));
	assert_store(t->s, STORE_NONE, store_token_by_hash(t->s, hash, t->a, &token));
	assert_store(t->s, STORE_NONE, store_link_by_hash(t->s, hash, t->a, &link));
	hash_of(hash, 1);
	hash[SECRET_HASH - 1] = 0xfe;
	assert_store(t->s, STORE_NONE, store_session_by_hash(t->s, hash, t->a, &e));
}

static void
a_hash_is_taken_once(void **state)
{
	struct scene *t = *state;
	struct session e = a_session(t->alice, 1), again = a_session(t->bob, 1);

	assert_done(t->s, store_session_add(t->s, &e));
	assert_store(t->s, STORE_TAKEN, store_session_add(t->s, &again));
}

static void
a_session_of_nobody_is_not_added(void **state)
{
	struct scene *t = *state;
	struct session e = a_session(4711, 1);

	assert_store(t->s, STORE_NONE, store_session_add(t->s, &e));
	assert_store(t->s, STORE_NONE, store_session_by_hash(t->s, e.hash, t->a, &e));
}

static void
seen_and_proved_are_noted(void **state)
{
	struct scene *t = *state;
	struct session e = a_session(t->alice, 1);

	assert_done(t->s, store_session_add(t->s, &e));
	assert_done(t->s, store_session_seen(t->s, e.id, NOW + 7));
	assert_done(t->s, store_session_proved(t->s, e.id, NOW + 8));
	assert_done(t->s, store_session_by_hash(t->s, e.hash, t->a, &e));
	assert_int_equal(e.seen, NOW + 7);
	assert_int_equal(e.proved, NOW + 8);
	assert_store(t->s, STORE_NONE, store_session_seen(t->s, e.id + 1, NOW));
	assert_store(t->s, STORE_NONE, store_session_proved(t->s, e.id + 1, NOW));
}

static void
a_session_that_is_removed_is_gone(void **state)
{
	struct scene *t = *state;
	struct session e = a_session(t->alice, 1);

	assert_done(t->s, store_session_add(t->s, &e));
	assert_done(t->s, store_session_remove(t->s, e.id));
	assert_store(t->s, STORE_NONE, store_session_remove(t->s, e.id));
	assert_store(t->s, STORE_NONE, store_session_by_hash(t->s, e.hash, t->a, &e));
}

static void
sessions_of_a_user_end_but_the_one_kept(void **state)
{
	struct scene *t = *state;
	struct session e[4];
	struct session_list list;
	int64_t count;

	for (unsigned i = 0; i < COUNT(e); i++) {
		e[i] = a_session(i == 3 ? t->bob : t->alice, i);
		assert_done(t->s, store_session_add(t->s, &e[i]));
	}
	assert_done(t->s, store_sessions_end(t->s, t->alice, e[1].id, &count));
	assert_int_equal(count, 2);
	assert_done(t->s,
		    store_sessions(t->s, &(struct page){.limit = 10}, 0, &at_now, t->a, &list));
	assert_int_equal(list.count, 2);
	assert_int_equal(list.at[0].id, e[3].id);
	assert_int_equal(list.at[1].id, e[1].id);
	assert_done(t->s, store_sessions_end(t->s, t->alice, 0, NULL));
	assert_done(t->s, store_sessions_end(t->s, t->alice, 0, &count));
	assert_int_equal(count, 0);
	assert_done(t->s, store_session_by_hash(t->s, e[3].hash, t->a, &e[3]));
}

static void
sessions_that_have_ended_are_not_listed(void **state)
{
	struct scene *t = *state;
	struct session_list list;
	int64_t expires[] = {NOW - 1, NOW, NOW + 1, 0, 0, NOW + 1};
	int64_t seen[] = {NOW, NOW, NOW, NOW - 100, NOW - 101, 0};

	for (unsigned i = 0; i < COUNT(expires); i++) {
		struct session e = a_session(t->alice, i);

		e.expires = expires[i];
		e.seen = seen[i];
		assert_done(t->s, store_session_add(t->s, &e));
	}
	assert_done(t->s, store_sessions(t->s, &(struct page){.limit = 10}, t->alice, &at_now, t->a,
					 &list));
	assert_int_equal(list.count, 2);
	assert_int_equal(list.at[0].expires, 0);
	assert_int_equal(list.at[1].expires, NOW + 1);
	assert_done(
	    t->s, store_sessions(t->s, &(struct page){.limit = 10}, t->bob, &at_now, t->a, &list));
	assert_int_equal(list.count, 0);
}

static void
pages_of_sessions_have_each_once_whatever_the_limit(void **state)
{
	struct scene *t = *state;
	struct page page = {0};

	for (unsigned i = 0; i < 23; i++) {
		struct session e = a_session(t->alice, i);

		assert_done(t->s, store_session_add(t->s, &e));
	}
	int64_t count = 0;
	assert_done(t->s, store_session_count(t->s, &at_now, &count));
	assert_int_equal(count, 23);
	assert_done(t->s,
		    store_session_count(t->s, &(struct session_end){.now = NOW + 1000}, &count));
	assert_int_equal(count, 0); /* all have ended */
	for (page.limit = 1; page.limit <= 24; page.limit++) {
		struct session_list list;
		int64_t last = INT64_MAX;
		size_t seen = 0;

		page.after = NULL;
		do {
			assert_done(t->s, store_sessions(t->s, &page, 0, &at_now, t->a, &list));
			assert_true(list.count <= page.limit);
			for (size_t i = 0; i < list.count; i++) {
				assert_true(list.at[i].id < last);
				last = list.at[i].id;
			}
			seen += list.count;
		} while ((page.after = list.next) != NULL);
		assert_int_equal(seen, 23);
	}
}

static void
a_network_is_new_once_for_each_user(void **state)
{
	struct scene *t = *state;
	bool is_new;

	assert_done(t->s, store_network_is_new(t->s, t->alice, "192.0.2.0/24", NOW, &is_new));
	assert_true(is_new);
	assert_done(t->s, store_network_is_new(t->s, t->alice, "192.0.2.0/24", NOW + 1, &is_new));
	assert_false(is_new);
	assert_done(t->s, store_network_is_new(t->s, t->alice, "198.51.100.0/24", NOW, &is_new));
	assert_true(is_new);
	assert_done(t->s, store_network_is_new(t->s, t->bob, "192.0.2.0/24", NOW, &is_new));
	assert_true(is_new);
}

static struct token
a_token(int64_t user, unsigned n, const char *name)
{
	struct token k = {.user = user,
			  .name = name,
			  .hint = "sp_Ab3",
			  .scope = SCOPE_OPERATE,
			  .created = NOW,
			  .expires = NOW + 1000};

	hash_of(k.hash, n);
	return k;
}

static void
a_token_comes_back_as_it_was(void **state)
{
	struct scene *t = *state;
	struct token k = a_token(t->alice, 1, "ci"), by_id, by_hash;

	assert_done(t->s, store_token_add(t->s, &k));
	assert_done(t->s, store_token_used(t->s, k.id, NOW + 3));
	assert_done(t->s, store_token(t->s, k.id, t->a, &by_id));
	assert_done(t->s, store_token_by_hash(t->s, k.hash, t->a, &by_hash));
	for (int i = 0; i < 2; i++) {
		const struct token *out = i == 0 ? &by_id : &by_hash;

		assert_int_equal(out->id, k.id);
		assert_int_equal(out->user, t->alice);
		assert_string_equal(out->user_name, "alice");
		assert_string_equal(out->name, "ci");
		assert_string_equal(out->hint, "sp_Ab3");
		assert_memory_equal(out->hash, k.hash, SECRET_HASH);
		assert_int_equal(out->scope, SCOPE_OPERATE);
		assert_int_equal(out->created, NOW);
		assert_int_equal(out->expires, NOW + 1000);
		assert_int_equal(out->last_used, NOW + 3);
	}
	assert_store(t->s, STORE_NONE, store_token(t->s, k.id + 1, t->a, &by_id));
	assert_store(t->s, STORE_NONE, store_token_used(t->s, k.id + 1, NOW));
}

static void
the_machines_own_token_is_nobodys(void **state)
{
	struct scene *t = *state;
	struct token k = a_token(0, 1, "ci"), out;

	assert_done(t->s, store_token_add(t->s, &k));
	assert_done(t->s, store_token_by_hash(t->s, k.hash, t->a, &out));
	assert_int_equal(out.user, 0);
	assert_null(out.user_name);
}

static void
a_tokens_name_is_taken_for_its_user_alone(void **state)
{
	struct scene *t = *state;
	int64_t of[] = {t->alice, t->bob, 0};

	for (unsigned i = 0; i < COUNT(of); i++) {
		struct token k = a_token(of[i], i, "ci"), again = a_token(of[i], i + 10, "ci");

		assert_done(t->s, store_token_add(t->s, &k));
		assert_store(t->s, STORE_TAKEN, store_token_add(t->s, &again));
	}
}

static void
tokens_are_listed_newest_first_by_user(void **state)
{
	struct scene *t = *state;
	struct token_list list;
	struct token k[] = {a_token(t->alice, 1, "one"), a_token(t->bob, 2, "two"),
			    a_token(t->alice, 3, "three")};

	for (unsigned i = 0; i < COUNT(k); i++)
		assert_done(t->s, store_token_add(t->s, &k[i]));
	assert_done(t->s, store_tokens(t->s, &(struct page){.limit = 10}, t->alice, t->a, &list));
	assert_int_equal(list.count, 2);
	assert_string_equal(list.at[0].name, "three");
	assert_string_equal(list.at[1].name, "one");
	assert_null(list.next);
	assert_done(t->s, store_tokens(t->s, &(struct page){.limit = 2}, 0, t->a, &list));
	assert_int_equal(list.count, 2);
	assert_non_null(list.next);
	struct page rest = {.limit = 2, .after = list.next};
	assert_done(t->s, store_tokens(t->s, &rest, 0, t->a, &list));
	assert_int_equal(list.count, 1);
	assert_string_equal(list.at[0].name, "one");
	assert_done(t->s, store_token_remove(t->s, k[0].id));
	assert_store(t->s, STORE_NONE, store_token_remove(t->s, k[0].id));
}

static struct link
a_link(int kind, int64_t user, unsigned n)
{
	struct link l = {.kind = kind,
			 .user = user,
			 .made_by = "command line (root)",
			 .created = NOW,
			 .expires = NOW + 1000,
			 .uses_left = 1};

	hash_of(l.hash, n);
	return l;
}

static void
a_link_comes_back_as_it_was(void **state)
{
	struct scene *t = *state;
	struct device d = {.user = t->alice, .name = "laptop", .created = NOW};
	struct link l = a_link(LINK_PROFILE, t->alice, 1), out;

	assert_done(t->s, store_device_add(t->s, &d));
	l.device = d.id;
	assert_done(t->s, store_link_add(t->s, &l));
	assert_done(t->s, store_link_by_hash(t->s, l.hash, t->a, &out));
	assert_int_equal(out.id, l.id);
	assert_int_equal(out.kind, LINK_PROFILE);
	assert_memory_equal(out.hash, l.hash, SECRET_HASH);
	assert_int_equal(out.user, t->alice);
	assert_int_equal(out.device, d.id);
	assert_string_equal(out.user_name, "alice");
	assert_string_equal(out.device_name, "laptop");
	assert_string_equal(out.made_by, "command line (root)");
	assert_int_equal(out.created, NOW);
	assert_int_equal(out.expires, NOW + 1000);
	assert_int_equal(out.used, 0);
	assert_int_equal(out.uses_left, 1);
	assert_done(t->s, store_link(t->s, l.id, t->a, &out));
	assert_memory_equal(out.hash, l.hash, SECRET_HASH);
	assert_string_equal(out.device_name, "laptop");
	assert_store(t->s, STORE_NONE, store_link(t->s, l.id + 1, t->a, &out));
}

static void
a_setup_link_is_for_nobody_yet(void **state)
{
	struct scene *t = *state;
	struct link l = a_link(LINK_SETUP, 0, 1), out;

	assert_done(t->s, store_link_add(t->s, &l));
	assert_done(t->s, store_link_by_hash(t->s, l.hash, t->a, &out));
	assert_int_equal(out.user, 0);
	assert_int_equal(out.device, 0);
	assert_null(out.user_name);
	assert_null(out.device_name);
}

static void
a_link_has_as_many_uses_as_it_was_given(void **state)
{
	struct scene *t = *state;
	struct link l = a_link(LINK_INVITE, t->alice, 1);

	l.uses_left = 2;
	assert_done(t->s, store_link_add(t->s, &l));
	assert_done(t->s, store_link_use(t->s, l.id, NOW + 1));
	assert_done(t->s, store_link_use(t->s, l.id, NOW + 2));
	assert_store(t->s, STORE_CHANGED, store_link_use(t->s, l.id, NOW + 3));
	assert_done(t->s, store_link_by_hash(t->s, l.hash, t->a, &l));
	assert_int_equal(l.used, NOW + 1);
	assert_int_equal(l.uses_left, 0);
	assert_store(t->s, STORE_CHANGED, store_link_use(t->s, l.id + 1, NOW));
}

#define RACERS 2
#define ROUNDS 40

/* Two connections try the same at once, time and again. */
struct racer {
	struct store *s;
	pthread_barrier_t *start;
	enum store_result (*try)(struct store *s, int64_t what);
	const int64_t *what;
	enum store_result came_to[ROUNDS];
};

static void *
try_them(void *arg)
{
	struct racer *r = arg;

	for (int i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(r->start);
		r->came_to[i] = r->try(r->s, r->what[i]);
	}
	return NULL;
}

static void
assert_one_wins(struct scene *t, enum store_result (*try)(struct store *s, int64_t what),
		const int64_t *what)
{
	struct racer racers[RACERS];
	pthread_t threads[RACERS];
	pthread_barrier_t start;

	pthread_barrier_init(&start, NULL, RACERS);
	for (int i = 0; i < RACERS; i++) {
		racers[i] = (struct racer){scene_another(t), &start, try, what, {0}};
		pthread_create(&threads[i], NULL, try_them, &racers[i]);
	}
	for (int i = 0; i < RACERS; i++) {
		pthread_join(threads[i], NULL);
		store_close(racers[i].s);
	}
	pthread_barrier_destroy(&start);
	for (int i = 0; i < ROUNDS; i++) {
		enum store_result a = racers[0].came_to[i], b = racers[1].came_to[i];

		assert_true(a == STORE_DONE || b == STORE_DONE);
		assert_int_equal(a == STORE_DONE ? b : a, STORE_CHANGED);
	}
}

static enum store_result
try_link(struct store *s, int64_t id)
{
	return store_link_use(s, id, NOW);
}

static void
of_two_who_use_a_link_at_once_one_wins(void **state)
{
	struct scene *t = *state;
	int64_t links[ROUNDS];

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct link l = a_link(LINK_RESET, t->alice, i);

		assert_done(t->s, store_link_add(t->s, &l));
		links[i] = l.id;
	}
	assert_one_wins(t, try_link, links);
}

/* alice's: the first user of all. */
static enum store_result
try_code(struct store *s, int64_t step)
{
	return store_user_use_totp(s, 1, step);
}

static void
of_two_who_use_a_one_time_code_at_once_one_wins(void **state)
{
	struct scene *t = *state;
	int64_t steps[ROUNDS];

	assert_int_equal(t->alice, 1);
	for (int i = 0; i < ROUNDS; i++)
		steps[i] = 58000000 + i;
	assert_one_wins(t, try_code, steps);
}

static void
links_are_removed_by_kind_user_and_device(void **state)
{
	struct scene *t = *state;
	struct link l[] = {a_link(LINK_INVITE, t->alice, 1), a_link(LINK_RESET, t->alice, 2),
			   a_link(LINK_RESET, t->bob, 3), a_link(LINK_SETUP, 0, 4)};
	struct link_list list;

	for (unsigned i = 0; i < COUNT(l); i++)
		assert_done(t->s, store_link_add(t->s, &l[i]));
	assert_done(t->s, store_links_remove(t->s, LINK_RESET, t->alice, 0));
	assert_done(t->s, store_links(t->s, &(struct page){.limit = 10}, 0, t->a, &list));
	assert_int_equal(list.count, 3);
	assert_int_equal(list.at[0].id, l[3].id);
	assert_done(t->s, store_links(t->s, &(struct page){.limit = 10}, t->alice, t->a, &list));
	assert_int_equal(list.count, 1);
	assert_int_equal(list.at[0].id, l[0].id);
	assert_done(t->s, store_links_remove(t->s, -1, t->bob, 0));
	assert_store(t->s, STORE_NONE, store_link_by_hash(t->s, l[2].hash, t->a, &l[2]));
	assert_done(t->s, store_links_remove(t->s, LINK_SETUP, 0, 0));
	assert_store(t->s, STORE_NONE, store_link_remove(t->s, l[3].id));
	assert_done(t->s, store_link_remove(t->s, l[0].id));
	assert_store(t->s, STORE_NONE, store_link_remove(t->s, l[0].id));
}

static void
who_goes_takes_his_sessions_tokens_and_links_with_him(void **state)
{
	struct scene *t = *state;
	struct session e = a_session(t->alice, 1);
	struct token k = a_token(t->alice, 2, "ci");
	struct link l = a_link(LINK_RESET, t->alice, 3);
	bool is_new;

	assert_done(t->s, store_session_add(t->s, &e));
	assert_done(t->s, store_token_add(t->s, &k));
	assert_done(t->s, store_link_add(t->s, &l));
	assert_done(t->s, store_network_is_new(t->s, t->alice, "192.0.2.0/24", NOW, &is_new));
	assert_done(t->s, store_user_remove(t->s, t->alice, scene_version(t, t->alice)));
	assert_store(t->s, STORE_NONE, store_session_by_hash(t->s, e.hash, t->a, &e));
	assert_store(t->s, STORE_NONE, store_token_by_hash(t->s, k.hash, t->a, &k));
	assert_store(t->s, STORE_NONE, store_link_by_hash(t->s, l.hash, t->a, &l));
}

static void
a_sweep_takes_what_is_over_and_nothing_else(void **state)
{
	struct scene *t = *state;
	int64_t expires[] = {NOW - 1, NOW + 1, 0};

	for (unsigned i = 0; i < COUNT(expires); i++) {
		struct session e = a_session(t->alice, i);
		struct token k = a_token(t->alice, i, i == 0 ? "a" : i == 1 ? "b" : "c");
		struct link l = a_link(LINK_RESET, t->alice, i);

		e.expires = k.expires = l.expires = expires[i];
		assert_done(t->s, store_session_add(t->s, &e));
		assert_done(t->s, store_token_add(t->s, &k));
		assert_done(t->s, store_link_add(t->s, &l));
	}
	assert_done(t->s, store_sessions_sweep(t->s, &at_now));
	assert_done(t->s, store_tokens_sweep(t->s, NOW));
	assert_done(t->s, store_links_sweep(t->s, NOW));
	for (unsigned i = 0; i < COUNT(expires); i++) {
		enum store_result then = i == 0 ? STORE_NONE : STORE_DONE;
		uint8_t hash[SECRET_HASH];
		struct session e;
		struct token k;
		struct link l;

		hash_of(hash, i);
		assert_int_equal(store_session_by_hash(t->s, hash, t->a, &e), then);
		assert_int_equal(store_token_by_hash(t->s, hash, t->a, &k), then);
		assert_int_equal(store_link_by_hash(t->s, hash, t->a, &l), then);
	}
}

static void
hostile_texts_are_texts(void **state)
{
	struct scene *t = *state;

	for (unsigned i = 0; i < COUNT(scene_hostile); i++) {
		const char *text = scene_hostile[i];
		struct session e = a_session(t->alice, i);
		struct token k = a_token(t->alice, i, text);
		struct link l = a_link(LINK_RESET, t->alice, i);
		bool is_new;

		e.agent = k.hint = l.made_by = text;
		assert_done(t->s, store_session_add(t->s, &e));
		assert_done(t->s, store_token_add(t->s, &k));
		assert_done(t->s, store_link_add(t->s, &l));
		assert_done(t->s, store_network_is_new(t->s, t->alice, text, NOW, &is_new));
		assert_true(is_new);
		assert_done(t->s, store_session_by_hash(t->s, e.hash, t->a, &e));
		assert_done(t->s, store_token_by_hash(t->s, k.hash, t->a, &k));
		assert_done(t->s, store_link_by_hash(t->s, l.hash, t->a, &l));
		assert_string_equal(e.agent, text);
		assert_string_equal(k.name, text);
		assert_string_equal(k.hint, text);
		assert_string_equal(l.made_by, text);
	}
}

static void
a_cursor_of_somebody_elses_making_does_no_harm(void **state)
{
	struct scene *t = *state;
	struct session_list list;

	for (unsigned i = 0; i < COUNT(scene_hostile); i++) {
		struct page page = {.limit = 5, .after = scene_hostile[i]};
		enum store_result r = store_sessions(t->s, &page, 0, &at_now, t->a, &list);

		assert_true(r == STORE_DONE || r == STORE_NO_PLACE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    scene_test(a_session_comes_back_as_it_was),
	    scene_test(where_a_session_is_from_may_be_any_address_or_none),
	    scene_test(an_unknown_hash_is_no_session_token_or_link),
	    scene_test(a_hash_is_taken_once),
	    scene_test(a_session_of_nobody_is_not_added),
	    scene_test(seen_and_proved_are_noted),
	    scene_test(a_session_that_is_removed_is_gone),
	    scene_test(sessions_of_a_user_end_but_the_one_kept),
	    scene_test(sessions_that_have_ended_are_not_listed),
	    scene_test(pages_of_sessions_have_each_once_whatever_the_limit),
	    scene_test(a_network_is_new_once_for_each_user),
	    scene_test(a_token_comes_back_as_it_was),
	    scene_test(the_machines_own_token_is_nobodys),
	    scene_test(a_tokens_name_is_taken_for_its_user_alone),
	    scene_test(tokens_are_listed_newest_first_by_user),
	    scene_test(a_link_comes_back_as_it_was),
	    scene_test(a_setup_link_is_for_nobody_yet),
	    scene_test(a_link_has_as_many_uses_as_it_was_given),
	    scene_shared(of_two_who_use_a_link_at_once_one_wins),
	    scene_shared(of_two_who_use_a_one_time_code_at_once_one_wins),
	    scene_test(links_are_removed_by_kind_user_and_device),
	    scene_test(who_goes_takes_his_sessions_tokens_and_links_with_him),
	    scene_test(a_sweep_takes_what_is_over_and_nothing_else),
	    scene_test(hostile_texts_are_texts),
	    scene_test(a_cursor_of_somebody_elses_making_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
