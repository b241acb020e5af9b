#include "role/tunnel_noted.h"

#include "base/clock.h"

static bool
is_same(const struct note_key *a, const struct note_key *b)
{
	return a->device == b->device && a->verdict == b->verdict &&
	       a->late_minutes == b->late_minutes && address_equal(&a->from, &b->from);
}

static bool
is_there(const struct noted *n, const struct note_key *key)
{
	for (size_t i = 0; i < n->count; i++)
		if (is_same(&n->last[(n->first + i) % NOTED_MAX].key, key))
			return true;
	return false;
}

static void
forget_old(struct noted *n, int64_t now_ms)
{
	while (n->count > 0 && now_ms - n->last[n->first].at_ms >= NOTED_MS) {
		n->first = (n->first + 1) % NOTED_MAX;
		n->count--;
	}
}

bool
noted_anew(struct noted *n, const struct gate_first *first, const struct address *from,
	   enum gate_verdict verdict, int64_t now_ms)
{
	struct note_key key = {.device = first->key.device,
			       .from = *from,
			       .verdict = verdict,
			       .late_minutes = first->late_ms / MINUTE_MS};

	key.from.port = 0;
	forget_old(n, now_ms);
	if (n->count == NOTED_MAX || is_there(n, &key))
		return false;
	size_t at = (n->first + n->count++) % NOTED_MAX;
	n->last[at].key = key;
	n->last[at].at_ms = now_ms;
	return true;
}
