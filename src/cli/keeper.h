/*
 * The store and its keys in a process of its own, which is the control role's user and in its
 * directory: neither root nor anybody else can be led astray by what lies there.
 */
#ifndef CLI_KEEPER_H
#define CLI_KEEPER_H

#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "config/config.h"

#define KEEPER_USER      "_sallyport-control"
#define KEEPER_DIRECTORY "control" /* in the state directory */

struct keeper {
	pid_t pid;
	int fd;  /* what it says, or is told: entries (cli/entries.h) */
	int why; /* what went wrong */
};

/* Says, from `directory`, the entries of a backup from the manifest to the store, of one moment;
 * notes in the audit log that `who` took it. */
MUST_CHECK struct err keeper_save(const struct config *config, const char *directory,
				  const char *who, struct keeper *out);

/* Is told them, and makes files and store of them. */
MUST_CHECK struct err keeper_load(const struct config *config, const char *directory,
				  const char *who, struct keeper *out);

/* Shuts `fd`, waits for it, and says what became of it. */
MUST_CHECK struct err keeper_end(struct keeper *k);

struct err keeper_put(void *keeper, struct span bytes);    /* an entry_sink */
struct err keeper_get(void *keeper, void *to, size_t len); /* an entry_source */

#endif
