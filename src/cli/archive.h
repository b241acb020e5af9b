/*
 * A file that only who knows a passphrase can read or make:
 *
 *	"SALLYBAK" version:16 salt:128 memory-KiB:32 rounds:32 lanes:32, then chunks.
 *
 * argon2id makes the key of the passphrase. A chunk is 64 KiB, sealed (tls/seal.h) for its number
 * and whether it is the last: so any byte changed, and any chunk left out, moved, added or cut off
 * is found. Only the last is shorter.
 */
#ifndef CLI_ARCHIVE_H
#define CLI_ARCHIVE_H

#include <stdio.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/span.h"
#include "tls/password.h"

#define ARCHIVE_CHUNK  65536
#define ARCHIVE_HEADER (8 + 2 + 16 + 12)

struct archive_writer;
struct archive_reader;

/* The file stays the caller's, and is to be there as long. */
MUST_CHECK struct err archive_create(FILE *to, struct span passphrase,
				     const struct password_cost *cost, struct archive_writer **out);
MUST_CHECK struct err archive_write(struct archive_writer *w, struct span bytes);
/* Without this it is no archive. */
MUST_CHECK struct err archive_finish(struct archive_writer *w);
void archive_writer_free(struct archive_writer *w); /* NULL is fine */

MUST_CHECK struct err archive_open(FILE *from, struct span passphrase, struct archive_reader **out);
/* From its beginning again. */
MUST_CHECK struct err archive_rewind(struct archive_reader *r);
/* Just so many bytes. */
MUST_CHECK struct err archive_read(struct archive_reader *r, void *to, size_t len);
/* That nothing follows. */
MUST_CHECK struct err archive_end(struct archive_reader *r);
void archive_reader_free(struct archive_reader *r); /* NULL is fine */

#endif
