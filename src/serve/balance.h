/*
 * Which of several servers is asked. Those that may be are bits of `among`, which has at
 * least one; the answer is one of them.
 */
#ifndef SERVE_BALANCE_H
#define SERVE_BALANCE_H

#include <stdint.h>

#include "base/span.h"

#define BALANCE_MAX 64 /* servers */

/* The first of them at or after `turn`, in a circle of `count`. */
unsigned balance_turn(uint64_t among, size_t count, size_t turn);

/* The one with the least under way; of several, as balance_turn(). */
unsigned balance_least(uint64_t among, size_t count, size_t turn, const uint64_t *active);

/*
 * Always the same for a key and the servers there are, known by their seeds, whatever their
 * order: when one goes, only its keys go elsewhere ("rendezvous hashing").
 */
unsigned balance_hash(uint64_t among, size_t count, const uint64_t *seeds, struct span key);
uint64_t balance_seed(struct span name);

#endif
