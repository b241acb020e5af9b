/*
 * A server of HTTP/1.1 that says anything: the first byte says how it is cut and what the owner
 * of the call is like. Whatever the cuts, the same is told; each call ends in one way.
 */
#include "../unit/http/ask.h"
#include "fuzz.h"

#define INPUT_LIMIT 65536

enum { BIT_HEAD = 1, BIT_UPGRADE = 2, BIT_POST = 4, BIT_ENDS = 8 };

static void
begin(struct ask *a, uint8_t how)
{
	struct call_request r = ask_get();

	if ((how & BIT_HEAD) != 0) {
		r.method = METHOD_HEAD;
		r.method_name = SPAN_OF("HEAD");
	}
	if ((how & BIT_UPGRADE) != 0)
		r.protocol = SPAN_OF("websocket");
	else if ((how & BIT_POST) != 0)
		r.length = 5;
	ask_start(a, h1_caller_new);
	ask_one(a, &r);
	ask_flush(a);
}

static void
hear_in_pieces(struct ask *a, struct span bytes, uint32_t seed)
{
	for (size_t at = 0, n; at < bytes.len; at += n) {
		n = next_piece(&seed);
		ask_hear(a, span_head(span_tail(bytes, at), n));
	}
}

static void
end_it(struct ask *a, uint8_t how)
{
	if ((how & BIT_ENDS) != 0)
		ask_hear_end(a);
	if (a->calls[0].call != NULL && a->calls[0].switched)
		(void)ask_say(&a->calls[0], SPAN_OF("bye"), true);
	ask_flush(a);
	check(caller_vacancies(a->caller) == 0 || a->calls[0].overs == 1);
}

/* What came with the failure must agree; how much of a body came before it need not. */
static void
assert_alike(const struct ask *a, const struct ask *b)
{
	const struct ask_call *one = &a->calls[0], *other = &b->calls[0];

	check(span_equal(buf_span(&one->log), buf_span(&other->log)));
	check(span_equal(buf_span(&one->body), buf_span(&other->body)));
	check(caller_is_dead(a->caller) == caller_is_dead(b->caller));
}

/* Owners that do the worst at the worst time. */
static void
with_habit(struct span bytes, uint8_t how)
{
	static const char events[] = "IHBLOFW-";
	struct ask a;

	begin(&a, how);
	a.habit = 1u << (how >> 4 & 3);
	a.when = events[how >> 1 & 7];
	hear_in_pieces(&a, bytes, how);
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
	begin(&whole, data[0]);
	begin(&cut, data[0]);
	ask_hear(&whole, bytes);
	hear_in_pieces(&cut, bytes, data[0]);
	assert_alike(&whole, &cut);
	end_it(&whole, data[0]);
	end_it(&cut, data[0]);
	assert_alike(&whole, &cut);
	ask_end(&whole);
	ask_end(&cut);
	with_habit(bytes, data[0]);
	return 0;
}
