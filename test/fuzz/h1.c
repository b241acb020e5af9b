/*
 * HTTP/1.1 from a peer: the first byte says how the rest is cut. Whatever the cuts, requests
 * seen and bytes answered are those of the whole.
 */
#include "../unit/http/talk.h"
#include "fuzz.h"

#define INPUT_LIMIT 65536

static void
say_in_pieces(struct talk *t, struct span bytes, uint32_t seed)
{
	for (size_t at = 0, n; at < bytes.len; at += n) {
		n = next_piece(&seed);
		talk_say(t, span_head(span_tail(bytes, at), n));
	}
}

static void
assert_alike(const struct talk *a, const struct talk *b)
{
	check(span_equal(buf_span(&a->log), buf_span(&b->log)));
	check(span_equal(buf_span(&a->out), buf_span(&b->out)));
	check(session_state(a->h1) == session_state(b->h1));
	check(a->requests == b->requests && a->overs == b->overs && a->gones == b->gones);
}

/* A handler that answers late, and then a peer that goes, or one that is too slow. */
static void
end_it(struct talk *t, uint8_t how)
{
	if (t->later != NULL && (how & 1) != 0)
		exchange_respond(t->later, 200, NULL, 0, SPAN_OF("late"));
	if ((how & 2) != 0)
		session_receive_end(t->h1);
	talk_say(t, SPAN_NONE);
	if ((how & 4) != 0)
		session_timed_out(t->h1);
	if ((how & 8) != 0)
		session_drain(t->h1);
	talk_say(t, SPAN_NONE);
	/* With FIN said, only an answer that nobody gave keeps it open. */
	check((how & 2) == 0 || session_state(t->h1) == SESSION_CLOSING || t->later != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = span_head(span_of(data, size), INPUT_LIMIT),
		    bytes = span_tail(input, 1);
	struct talk whole, cut;

	if (size == 0)
		return 0;
	talk_start(&whole);
	talk_start(&cut);
	talk_say(&whole, bytes);
	say_in_pieces(&cut, bytes, data[0]);
	assert_alike(&whole, &cut);
	end_it(&whole, data[0]);
	end_it(&cut, data[0]);
	assert_alike(&whole, &cut);
	session_free(whole.h1);
	whole.h1 = NULL;
	check(whole.overs >= whole.requests);
	talk_end(&whole);
	talk_end(&cut);
	return 0;
}
