/* One stream of bytes, made smaller as it comes: gzip, zstd and brotli by one interface. */
#ifndef SERVE_COMPRESSOR_H
#define SERVE_COMPRESSOR_H

#include "serve/encode.h"

struct compressor;

/* How well, against how long: for what is made once and kept, or each time anew. */
enum effort { EFFORT_EACH, EFFORT_ONCE };

/* NULL when memory is short, and for CODING_IDENTITY. */
struct compressor *compressor_new(enum coding coding, enum effort effort);
void compressor_free(struct compressor *c); /* NULL is fine */

/* What is to come out, besides what must: nothing, all of the input so far, or the end. */
enum compress_until { COMPRESS_SOME, COMPRESS_FLUSHED, COMPRESS_ENDED };

struct compressed {
	size_t made; /* bytes written */
	bool done;   /* the input is used up, and what was to come out has; else: call again */
};

/*
 * Takes from the front of *in, which may be empty and is below 4 GiB; `room` is 16 bytes or
 * more (with less, zlib may flush for ever). False: it failed, and is of no more use.
 */
MUST_CHECK bool compressor_run(struct compressor *c, struct span *in, enum compress_until until,
			       uint8_t *to, size_t room, struct compressed *out);

/* Before a thread ends: frees what it kept for its next streams. */
void compressor_thread_end(void);

#endif
