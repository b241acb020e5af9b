/*
 * A server of HTTP/2 that says anything to a GET, a POST and a WebSocket: the first byte says
 * how it is cut and what the owner is like. Each call ends in exactly one way.
 */
#include "../unit/http/ask.h"
#include "fuzz.h"

#define INPUT_LIMIT 65536

/* SETTINGS_ENABLE_CONNECT_PROTOCOL, so that the WebSocket is asked for before anything comes. */
static const struct span settings = SPAN_INIT("\0\0\6\4\0\0\0\0\0\0\10\0\0\0\1");

static void
begin(struct ask *a)
{
	struct call_request post = ask_get(), upgrade = ask_get();

	post.length = LENGTH_UNKNOWN;
	upgrade.protocol = SPAN_OF("websocket");
	ask_start(a, h2_caller_new);
	ask_one(a, NULL);
	ask_one(a, &post);
	ask_one(a, &upgrade);
	check(a->count == 3);
	ask_hear(a, settings);
	(void)ask_say(&a->calls[1], SPAN_OF("abc"), false);
}

static void
hear_in_pieces(struct ask *a, struct span bytes, uint32_t seed)
{
	for (size_t at = 0, n; at < bytes.len; at += n) {
		n = next_piece(&seed);
		ask_hear(a, span_head(span_tail(bytes, at), n));
	}
}

/*
 * What every call was told must not hang on how the bytes were cut. But where the server breaks
 * the connection, it may: a frame of a stream that we reset is wrong only before it knows that.
 */
static void
assert_alike(const struct ask *a, const struct ask *b)
{
	if (caller_is_dead(a->caller) || caller_is_dead(b->caller))
		return;
	for (size_t i = 0; i < 3; i++) {
		const struct ask_call *one = &a->calls[i], *other = &b->calls[i];

		check(span_equal(buf_span(&one->body), buf_span(&other->body)));
		check(one->heads == other->heads && one->lasts == other->lasts &&
		      one->failures == other->failures && one->overs == other->overs);
	}
}

static void
with_habit(struct span bytes, uint8_t how)
{
	static const char events[] = "IHBLOFW-";
	struct ask a;

	begin(&a);
	a.habit = 1u << (how >> 4 & 3);
	a.when = events[how >> 1 & 7];
	hear_in_pieces(&a, bytes, how);
	for (size_t i = 0; i < 3; i++)
		if (a.calls[i].call != NULL)
			(void)ask_say(&a.calls[i], SPAN_NONE, true);
	ask_hear_end(&a);
	ask_end(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = span_head(span_of(data, size), INPUT_LIMIT),
		    bytes = span_tail(input, 1);
	struct ask whole, cut;

	if (size == 0)
		return 0;
	begin(&whole);
	begin(&cut);
	ask_hear(&whole, bytes);
	hear_in_pieces(&cut, bytes, data[0]);
	assert_alike(&whole, &cut);
	ask_end(&whole);
	ask_end(&cut);
	with_habit(bytes, data[0]);
	return 0;
}
