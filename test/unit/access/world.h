/*
 * A store with people in it, and a clock of the test's own: what tests of this layer begin with.
 */
#ifndef TEST_ACCESS_WORLD_H
#define TEST_ACCESS_WORLD_H

#include "access/access.h"
#include "access/credential.h"
#include "access/people.h"
#include "base/outcome.h"
#include "store/audit.h"
#include "store/place.h"
#include "tls/password.h"

#define NOON       1790000000000ll /* ms since 1970 */
#define MINUTE     60000ll
#define HOUR       (60 * MINUTE)
#define PASSWORD   "a quiet river, at 4"
#define WORLD_TOLD 64

struct world {
	struct test_place place;
	struct access a;
	struct vault *vault;
	char head[128];
	enum access_event told[WORLD_TOLD];
	size_t told_count;
};

/* Enough to see that it is argon2, and nothing more. */
static const struct password_cost world_cost = {.memory_kib = 64, .rounds = 1, .lanes = 1};

static const struct actor world_machine = {
    .kind = ACTOR_MACHINE, .level = LEVEL_ADMIN, .name = "root"};

#define assert_outcome(expected, expr)                                                             \
	do {                                                                                       \
		struct outcome came_to_ = (expr);                                                  \
		if (came_to_.kind != (expected))                                                   \
			fail_msg("%s: %d instead of %d (%s: %s)", #expr, came_to_.kind, expected,  \
				 came_to_.field, came_to_.text);                                   \
	} while (0)
#define assert_taken(expr) assert_outcome(OUTCOME_DONE, expr)

static inline void
world_happened(void *owner, enum access_event event, int64_t id)
{
	struct world *w = owner;

	(void)id;
	if (w->told_count < WORLD_TOLD)
		w->told[w->told_count++] = event;
}

static inline bool
world_was_told(const struct world *w, enum access_event event)
{
	for (size_t i = 0; i < w->told_count; i++)
		if (w->told[i] == event)
			return true;
	return false;
}

/* One more thread's way to the same store. */
static inline struct access
world_access(struct world *w)
{
	struct access a = {.vault = w->vault,
			   .memory = arena_new(),
			   .now = NOON,
			   .cost = &world_cost,
			   .audit_head = w->head};

	assert_ok(store_open(&w->place.place, &a.store));
	return a;
}

static inline void
world_access_end(struct access *a)
{
	store_close(a->store);
	arena_free(a->memory);
}

static inline int
world_begin(void **state)
{
	struct world *w = MEM_NEW(struct world);
	static const uint8_t master[32] = {7};

	test_place_new(&w->place);
	snprintf(w->head, sizeof w->head, "%s/head", w->place.directory);
	assert_ok(store_prepare(&w->place.place));
	assert_ok(vault_of(master, &w->vault));
	w->a = world_access(w);
	w->a.happened = world_happened;
	w->a.owner = w;
	*state = w;
	return 0;
}

static inline int
world_end(void **state)
{
	struct world *w = *state;

	world_access_end(&w->a);
	vault_free(w->vault);
	test_place_free(&w->place);
	free(w);
	return 0;
}

#define world_test(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)

static inline struct address
world_address(const char *text)
{
	struct address a = {0};

	if (text[0] != '\0' && !address_parse_ip(span_str(text), &a))
		fail_msg("%s", text);
	return a;
}

/* PASSWORD is his. */
static inline struct user
world_user(struct world *w, const char *name, enum user_role role)
{
	char encoded[PASSWORD_ENCODED_MAX];
	struct user u = user_new();

	u.name = name;
	u.role = role;
	assert_taken(user_add(&w->a, &world_machine, &u));
	assert_true(password_hash(SPAN_OF(PASSWORD), &world_cost, encoded));
	assert_int_equal(STORE_DONE, store_user_set_password(w->a.store, u.id, encoded, NOON));
	assert_taken(user_find(&w->a, name, &u));
	return u;
}

/* Him, signed in from somewhere. */
static inline struct actor
world_actor(const struct user *u)
{
	return (struct actor){.kind = ACTOR_USER,
			      .level = access_level_of(u->role),
			      .user = u->id,
			      .name = u->name,
			      .from = world_address("198.51.100.7")};
}

static inline int64_t
world_rows(struct world *w)
{
	uint8_t mac[32];
	int64_t id = 0;
	enum store_result r = store_audit_head(w->a.store, &id, mac);

	assert_true(r == STORE_DONE || r == STORE_NONE);
	return id;
}

/* The newest row of the audit log. */
static inline struct audit_row
world_last_row(struct world *w)
{
	const struct page page = {.limit = 1};
	const struct audit_filter all = {0};
	struct audit_row_list rows;

	assert_int_equal(STORE_DONE, store_audit(w->a.store, &page, &all, w->a.memory, &rows));
	assert_int_equal(rows.count, 1);
	return rows.at[0];
}

#endif
