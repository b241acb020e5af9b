#include "vpn/replay.h"

#define WORD  64
#define WORDS (REPLAY_WINDOW / WORD)

/* Behind the highest number stand at least as many bits as this: with the word that it is in, which
 * may have just been begun, they are never more than there are (RFC 6479 §2). */
#define KEPT (REPLAY_WINDOW - WORD)

_Static_assert(REPLAY_WINDOW % WORD == 0 && WORDS > 1, "is of whole words");

void
replay_begin(struct replay *r)
{
	*r = (struct replay){.highest = 0};
}

static uint64_t
bit_of(uint64_t number)
{
	return UINT64_C(1) << number % WORD;
}

bool
replay_would_take(const struct replay *r, uint64_t number)
{
	if (number == 0)
		return false;
	if (number > r->highest)
		return true;
	return r->highest - number < KEPT && (r->bits[number / WORD % WORDS] & bit_of(number)) == 0;
}

/* The words between are of numbers that were never seen. */
static void
move_to(struct replay *r, uint64_t number)
{
	uint64_t from = r->highest / WORD, ahead = number / WORD - from;

	for (uint64_t i = 1; i <= ahead && i <= WORDS; i++)
		r->bits[(from + i) % WORDS] = 0;
	r->highest = number;
}

bool
replay_take(struct replay *r, uint64_t number)
{
	if (!replay_would_take(r, number))
		return false;
	if (number > r->highest)
		move_to(r, number);
	r->bits[number / WORD % WORDS] |= bit_of(number);
	return true;
}
