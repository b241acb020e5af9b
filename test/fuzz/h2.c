/*
 * HTTP/2 from a peer, behind the preface and its SETTINGS: the first byte says how the rest is
 * cut and what happens then. What comes out is frames, and every request is logged once. Where
 * limits play no part, requests seen are those of the whole however the bytes are cut.
 */
#include "../unit/http/h2_talk.h"
#include "fuzz.h"

#define INPUT_LIMIT   32768
#define COMPARE_LIMIT 1200 /* fewer frames than any limit counts */
#define OUTPUT_LIMIT  (96 * 1024)

static void
say_in_pieces(struct talk *t, struct span bytes, uint32_t seed)
{
	for (size_t at = 0, n; at < bytes.len; at += n) {
		n = next_piece(&seed);
		talk_say(t, span_head(span_tail(bytes, at), n));
		check(buf_len(session_output(t->h1)) <= OUTPUT_LIMIT);
	}
}

/* A handler that answers late, a drain, a deadline, a peer that goes. */
static void
end_it(struct talk *t, uint8_t how)
{
	if (t->later != NULL && (how & 1) != 0)
		exchange_respond(t->later, 200, NULL, 0, SPAN_OF("late"));
	if ((how & 2) != 0)
		session_drain(t->h1);
	talk_flush(t, 1000);
	if ((how & 4) != 0) {
		session_timed_out(t->h1);
		session_timed_out(t->h1);
	}
	if ((how & 8) != 0)
		session_receive_end(t->h1);
	talk_flush(t, 1000);
	check(!h2_seen(t).broken);
	session_free(t->h1);
	t->h1 = NULL;
	check(t->overs >= t->requests);
	talk_end(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = span_head(span_of(data, size), INPUT_LIMIT),
		    bytes = span_tail(input, 1), settings = SPAN_OF("\0\0\0\4\0\0\0\0\0");
	struct talk whole, cut;

	if (size == 0)
		return 0;
	h2_talk_start(&whole, settings);
	h2_talk_start(&cut, settings);
	whole.deaf = (data[0] & 16) != 0;
	talk_say(&whole, bytes);
	check(buf_len(session_output(whole.h1)) <= OUTPUT_LIMIT);
	whole.deaf = false;
	say_in_pieces(&cut, bytes, data[0]);
	if (bytes.len <= COMPARE_LIMIT)
		check(whole.requests == cut.requests);
	end_it(&whole, data[0]);
	end_it(&cut, data[0]);
	h2_thread_end();
	return 0;
}
