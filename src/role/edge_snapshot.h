/*
 * All that edge works by, as warden told it in one go: the configuration and
 * the descriptors and addresses that go with it. Shared by the workers, never
 * changed after it is complete (but for the health of back ends, which is atomic).
 */
#ifndef ROLE_EDGE_SNAPSHOT_H
#define ROLE_EDGE_SNAPSHOT_H

#include <stdatomic.h>

#include "base/attr.h"
#include "base/err.h"
#include "config/config.h"
#include "ipc/message.h"
#include "serve/target.h"

struct snapshot_listener {
	enum listener_kind kind;
	unsigned worker;
	int fd; /* -1: its worker took it */
};

struct snapshot {
	atomic_uint refs;
	uint64_t generation;
	unsigned workers;
	struct config *config;
	int *roots; /* by config.roots */
	int acme_root;
	int (**pairs)[2];         /* [site][certificate]: chain, key */
	struct target **targets;  /* [config.backends index][member] */
	struct span *authorities; /* PEM, by config.authorities; empty: could not be read */
	struct snapshot_listener *listeners;
	size_t listener_count;
};

/* Begins one from MESSAGE_SNAPSHOT. On success *out is the caller's: snapshot_release(). */
MUST_CHECK struct err snapshot_begin(struct message *m, struct snapshot **out);

/* Takes one of the messages that follow, with its descriptors. */
MUST_CHECK struct err snapshot_add(struct snapshot *s, struct message *m);

struct snapshot *snapshot_share(struct snapshot *s);
void snapshot_release(struct snapshot *s); /* the last share closes all; NULL is fine */

/* The key files were loaded by all workers. */
void snapshot_close_pairs(struct snapshot *s);

#endif
