/* A store with two people in it, alice and bob; and texts that people should not send. */
#ifndef TEST_STORE_SCENE_H
#define TEST_STORE_SCENE_H

#include "store/people.h"
#include "store/place.h"

#define NOW 1760000000000ll /* some day */

struct scene {
	struct test_place place; /* of a shared one; else a database of its own, in memory */
	bool shared;
	struct store *s;
	struct arena *a;
	int64_t alice, bob;
};

/* Texts that would do harm if they were taken for anything but texts. */
static const char *const scene_hostile[] = {
    "'; DROP TABLE users; --",
    "\" OR \"\"=\"",
    "?1 ?2 $1 {ID} {LIKE} %s %n",
    "100%_\\",
    "<script>alert(1)</script>&amp;",
    "\n\r\t\x01\x1f\x7f",
    "\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91",
    "",
    "NULL",
    "0",
};

static inline int64_t
scene_person(struct store *s, const char *name)
{
	struct user u = {.name = name, .enabled = true, .created = NOW};

	assert_done(s, store_user_add(s, &u));
	return u.id;
}

static inline int
scene_set(void **state, bool shared)
{
	struct scene *t = MEM_NEW(struct scene);
	const struct store_place memory = {.path = ":memory:"};

	t->shared = shared || test_is_postgres();
	t->a = arena_new();
	if (t->shared) {
		test_place_new(&t->place);
		assert_ok(store_prepare(&t->place.place));
	}
	assert_ok(store_open(t->shared ? &t->place.place : &memory, &t->s));
	t->alice = scene_person(t->s, "alice");
	t->bob = scene_person(t->s, "bob");
	*state = t;
	return 0;
}

static inline int
scene_begin(void **state)
{
	return scene_set(state, false);
}

/* One that several connections may be made to. */
static inline int
scene_begin_shared(void **state)
{
	return scene_set(state, true);
}

static inline int
scene_end(void **state)
{
	struct scene *t = *state;

	store_close(t->s);
	arena_free(t->a);
	if (t->shared)
		test_place_free(&t->place);
	free(t);
	return 0;
}

static inline struct store *
scene_another(struct scene *t)
{
	struct store *s;

	assert_ok(store_open(&t->place.place, &s));
	return s;
}

static inline int64_t
scene_version(struct scene *t, int64_t user)
{
	struct user u;

	assert_done(t->s, store_user(t->s, user, t->a, &u));
	return u.version;
}

#define scene_test(name)   cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)
#define scene_shared(name) cmocka_unit_test_setup_teardown(name, scene_begin_shared, scene_end)

#endif
