/*
 * What control was told of lately. Whoever has recorded one genuine first packet can send it as
 * often as he likes: of each device, address, reason and clock, to the minute, it is told once a
 * minute, and of no more than NOTED_MAX in all.
 */
#ifndef ROLE_TUNNEL_NOTED_H
#define ROLE_TUNNEL_NOTED_H

#include "base/address.h"
#include "vpn/gate.h"

#define NOTED_MAX 64
#define NOTED_MS  60000

struct note_key {
	uint64_t device;
	struct address from; /* without port */
	enum gate_verdict verdict;
	int64_t late_minutes;
};

struct noted {
	struct {
		struct note_key key;
		int64_t at_ms;
	} last[NOTED_MAX];
	size_t first, count;
};

/* Whether it is to be told; then it counts as told. A zeroed struct has nothing yet. `now_ms` is by
 * the clock that never jumps. */
bool noted_anew(struct noted *n, const struct gate_first *first, const struct address *from,
		enum gate_verdict verdict, int64_t now_ms);

#endif
