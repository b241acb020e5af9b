/* Somebody with devices, in a world whose VPN has its keys. */
#ifndef TEST_ACCESS_DEVICE_WORLD_H
#define TEST_ACCESS_DEVICE_WORLD_H

#include "access/devices.h"
#include "access/world.h"

static inline struct authority
world_authority(struct world *w)
{
	w->a.authority = &authority_usual;
	return (struct authority){w->a.store, w->vault, w->a.memory, w->a.now};
}

/* Alice, once the keys are made. */
static inline struct user
world_owner(struct world *w)
{
	const struct authority authority = world_authority(w);

	assert_ok(authority_ensure(&authority, &authority_usual, "vpn.example.org"));
	return world_user(w, "alice", USER_ROLE_USER);
}

static inline struct device
world_device(struct world *w, const struct user *u, const char *name, int kind)
{
	struct device d = {.name = name, .kind = kind};

	assert_taken(device_add(&w->a, &world_machine, u, &d));
	assert_taken(device_find(&w->a, u, name, &d));
	return d;
}

#endif
