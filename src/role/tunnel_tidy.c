/*
 * What clients let go of lies between what others keep, and stays the process's. Where many did so
 * at once, as when all have taken another key, it goes back to the kernel: their next key takes
 * place beside the one in use, so that else each would hold twice what it needs for ever.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "role/tunnel_private.h"

/* What a key has is let go of a minute after its client has taken the next: two turns have gone by
 * then. */
#define TURN_MS (40 * SECOND_MS)
#define MANY    500 /* of which each let go of some 20 KiB */

struct tidy {
	struct tunnel *tunnel;
	struct timer turn;
	unsigned now, last, before; /* who let go, in this turn and the two before it */
};

struct tidy *
tidy_new(struct tunnel *t)
{
	struct tidy *tidy = MEM_NEW(struct tidy);

	tidy->tunnel = t;
	return tidy;
}

void
tidy_free(struct tidy *t)
{
	if (t != NULL)
		timer_stop(&t->turn);
	free(t);
}

static void
turn(struct timer *timer)
{
	struct tidy *t = container_of(timer, struct tidy, turn);
	bool many = t->before >= MANY;

	t->before = t->last;
	t->last = t->now;
	t->now = 0;
	if (t->before + t->last > 0)
		timer_set(t->tunnel->loop, timer, TURN_MS, turn);
	if (many)
		mem_trim();
}

void
tidy_note(struct tidy *t)
{
	t->now++;
	if (!list_linked(&t->turn.link))
		timer_set(t->tunnel->loop, &t->turn, TURN_MS, turn);
}
