/* An authority for tests: an empty store, a vault, and alice, who has a laptop. */
#ifndef TEST_PKI_FIXTURE_H
#define TEST_PKI_FIXTURE_H

#include "base/clock.h"
#include "pki/authority.h"
#include "store/people.h"
#include "store/place.h"

struct test_pki {
	struct test_store *in;
	struct vault *vault;
	struct authority a;
	struct authority_settings settings;
	struct user user;
};

static inline int
test_pki_begin(void **state)
{
	static const uint8_t master[32] = "a master key that tests may know";
	struct test_pki *t = MEM_NEW(struct test_pki);
	void *in;

	test_store_begin(&in);
	t->in = in;
	assert_ok(vault_of(master, &t->vault));
	t->a = (struct authority){.store = t->in->store,
				  .vault = t->vault,
				  .memory = t->in->memory,
				  .now = clock_wall_ms()};
	t->settings = authority_usual;
	t->user = (struct user){.name = "alice", .enabled = true, .created = t->a.now};
	assert_done(t->in->store, store_user_add(t->in->store, &t->user));
	*state = t;
	return 0;
}

static inline int
test_pki_end(void **state)
{
	struct test_pki *t = *state;
	void *in = t->in;

	vault_free(t->vault);
	free(t);
	return test_store_end(&in);
}

#define pki_test(name) cmocka_unit_test_setup_teardown(name, test_pki_begin, test_pki_end)

#define assert_outcome(expected, expr)                                                             \
	do {                                                                                       \
		struct outcome came_to_ = (expr);                                                  \
		if (came_to_.kind != (expected))                                                   \
			fail_msg("%s: %d: %s", #expr, came_to_.kind, came_to_.text);               \
	} while (0)

static inline struct device
test_device(struct test_pki *t, const char *name)
{
	struct device d = {.user = t->user.id, .name = name, .created = t->a.now};

	assert_done(t->in->store, store_device_add(t->in->store, &d));
	assert_outcome(OUTCOME_DONE, authority_issue(&t->a, &t->settings, "alice", &d));
	return d;
}

#endif
