/*
 * Things by name, one after the other, in any stream of bytes: name:16, pieces of at most 64 KiB
 * behind their lengths (32 bits), a length of 0; and a name of no length where all ends.
 */
#ifndef CLI_ENTRIES_H
#define CLI_ENTRIES_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

#define ENTRY_NAME_MAX 400 /* with its NUL */
#define ENTRY_PIECE    65536

struct entry_sink {
	struct err (*put)(void *owner, struct span bytes);
	void *owner;
};
struct entry_source {
	struct err (*get)(void *owner, void *to, size_t len); /* just so many */
	void *owner;
};

MUST_CHECK struct err entry_begin(const struct entry_sink *to, const char *name);
MUST_CHECK struct err entry_put(const struct entry_sink *to, struct span bytes);
MUST_CHECK struct err entry_end(const struct entry_sink *to);
MUST_CHECK struct err entry_whole(const struct entry_sink *to, const char *name, struct span bytes);
MUST_CHECK struct err entries_end(const struct entry_sink *to);

/* "" when there are no more. A name has printable ASCII only. */
MUST_CHECK struct err entry_next(const struct entry_source *from, char name[ENTRY_NAME_MAX]);
/* The next piece of that entry, in `room` (ENTRY_PIECE bytes); empty when it ends. */
MUST_CHECK struct err entry_piece(const struct entry_source *from, uint8_t *room,
				  struct span *piece);
/* All of it, into `out`, up to its cap. */
MUST_CHECK struct err entry_read(const struct entry_source *from, struct buf *out);

#endif
