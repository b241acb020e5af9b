/*
 * What a configuration needs of this machine: its certificates, directories and
 * sockets, opened by warden for those who may not. Listeners are apart: they outlive it.
 */
#ifndef ROLE_WARDEN_PROVISION_H
#define ROLE_WARDEN_PROVISION_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"

struct provision {
	struct config *config;
	char *file; /* the configuration's own name */
	bool root;
	int *roots; /* by config.roots; -1: cannot be opened (said, not fatal) */
	int acme_root;
	int *authorities; /* by config.authorities */
	int (**pairs)[2]; /* [site][certificate]: chain, key */
	int **sockets;    /* [back end][member]: the directory of its Unix socket, or -1 */
	/* Differs when a certificate was renewed, authorities changed, or a directory's name leads
	 * to another one. */
	uint64_t fingerprint;
};

/*
 * Reads `text` as the configuration `file` and opens what it names. Missing self-signed
 * certificates are made, those about to expire renewed, unless `only_look`.
 * NULL: `errors` says why, a line or more. On success the caller's: provision_free().
 */
struct provision *provision_make(struct span text, const char *file, bool only_look,
				 struct buf *errors);

/* The same, with the file read from disk. */
struct provision *provision_load(const char *file, bool only_look, struct buf *errors);

/* The same configuration with its files opened anew. */
struct provision *provision_again(const struct provision *p, struct buf *errors);

/* Whether a file of certificates or a directory is another than when it was opened, or a
 * certificate is to be renewed now. */
bool provision_is_stale(const struct provision *p);

void provision_free(struct provision *p); /* NULL is fine */

#endif
