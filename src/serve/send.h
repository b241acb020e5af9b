/* Sends an answer's body from an open file, as fast as there is room for it. */
#ifndef SERVE_SEND_H
#define SERVE_SEND_H

#include <stdint.h>

#include "http/exchange.h"

/* A piece of a body: some text, then bytes of the file. */
struct piece {
	struct span text;
	uint64_t offset, length;
};

/*
 * Answers with `pieces` (which live as long as the exchange), from `fd`, which it closes
 * in any case; -1 where all of them are text. A file found shorter than it was aborts the answer.
 */
void send_pieces(struct exchange *ex, unsigned status, const struct field *fields, size_t count,
		 int fd, const struct piece *pieces, size_t piece_count);

#endif
