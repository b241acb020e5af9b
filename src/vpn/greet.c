#include "vpn/greet.h"

#include "tls/random.h"

/* What the answer asks for: the type of the list's one entry, its length, and the flag "send your
 * wrapped key again". */
#define EARLY_NEGOTIATION "\x00\x01\x00\x02\x00\x01"

struct arrival {
	const struct greeter *greeter;
	struct span packet;
	const struct address *from;
	int64_t wall_ms;
	enum gate_verdict *verdict;
	struct gate_first *first;
	struct session_start *start;
	struct buf *reply;
};

static uint32_t
seconds(const struct arrival *a)
{
	return (uint32_t)(a->wall_ms / 1000);
}

/* To a V3 reset shorter than that, and to a V2 one longer by 12 bytes: who forges addresses gains
 * nothing by it. */
static bool
put_answer(const struct arrival *a, struct span payload)
{
	const struct wrap_head *head = &a->first->head;
	struct control c = {.ack_count = 1, .payload = payload};
	struct buf body = buf_with_cap(CONTROL_MAX);
	struct wrap *w = wrap_new(a->first->key.key, true);
	uint8_t id[SESSION_ID];
	bool good;

	span_put(c.acked, span_of(head->session_id, SESSION_ID));
	good = w != NULL &&
	       cookie_make(a->greeter->cookie_key, a->from, head->session_id, a->wall_ms, id) &&
	       control_write(OP_RESET_SERVER_V2, &c, &body) &&
	       wrap_seal(w, wire_first(OP_RESET_SERVER_V2, 0), id, buf_span(&body), seconds(a),
			 a->reply);
	wrap_free(w);
	buf_free(&body);
	return good;
}

static void
begin(const struct arrival *a, struct span server_id)
{
	struct session_start *s = a->start;

	span_put(s->keys, span_of(a->first->key.key, sizeof a->first->key.key));
	s->device = a->first->key.device;
	span_put(s->client_id, span_of(a->first->head.session_id, SESSION_ID));
	span_put(s->server_id, server_id);
}

/*
 * Clients before 2.6 send their wrapped key only once. Theirs is kept at once, though nobody knows
 * yet whether they receive at this address: the caller has to limit how many such there are.
 */
static enum greeting
greet_reset(const struct arrival *a)
{
	uint8_t id[SESSION_ID];

	*a->verdict = gate_judge(a->greeter->gate, a->packet, a->wall_ms, a->first);
	if (*a->verdict != GATE_OPEN)
		return GREET_NOBODY;
	if (a->first->can_resend)
		return put_answer(a, SPAN_OF(EARLY_NEGOTIATION)) ? GREET_ANSWER : GREET_NOBODY;
	random_bytes(id, sizeof id);
	begin(a, span_of(id, sizeof id));
	return GREET_SESSION;
}

/* The key need not come again: we have it. */
static enum greeting
greet_static_reset(const struct arrival *a)
{
	*a->verdict = gate_judge_static(a->greeter->gate, a->packet, a->wall_ms, a->first);
	return *a->verdict == GATE_OPEN && put_answer(a, SPAN_NONE) ? GREET_ANSWER : GREET_NOBODY;
}

/* It acknowledges our answer, by the id that this had, and is the first after the reset or that
 * again. */
static bool
answers_us(const struct arrival *a, const struct control *c)
{
	for (size_t i = 0; i < c->ack_count; i++)
		if (c->acks[i] > 1)
			return false;
	return c->ack_count > 0 && c->id <= 1 &&
	       cookie_is_good(a->greeter->cookie_key, a->from, a->first->head.session_id,
			      a->wall_ms, c->acked);
}

/* What it is wrapped with; *wrapped is the packet without a key behind it. */
static bool
open_key(const struct arrival *a, struct span *wrapped)
{
	struct span key;

	*wrapped = a->packet;
	if (wire_opcode(a->packet.p[0]) != OP_CONTROL_WKC_V1)
		return gate_static_key(a->greeter->gate, &a->first->key);
	return gate_open_again(a->greeter->gate, a->packet, &a->first->key) &&
	       wire_split(a->packet, wrapped, &key);
}

/* The id is inside the wrap: the key must be opened before it can be looked at. */
static bool
open_third(const struct arrival *a, struct buf *body, struct control *c)
{
	struct span wrapped;
	struct wrap *w = NULL;
	bool good = open_key(a, &wrapped) && (w = wrap_new(a->first->key.key, true)) != NULL &&
		    wrap_open(w, wrapped, &a->first->head, body) &&
		    control_read(wire_opcode(wrapped.p[0]), buf_span(body), c);

	wrap_free(w);
	return good;
}

/* Whatever answers there were, none was stamped later than now. */
static enum greeting
greet_third(const struct arrival *a)
{
	struct buf body = buf_with_cap(PACKET_MAX);
	struct control c;
	bool good = open_third(a, &body, &c) && answers_us(a, &c);

	if (good) {
		begin(a, span_of(c.acked, SESSION_ID));
		a->start->answered = true;
		a->start->answered_time = seconds(a);
		a->first->can_resend = true;
		a->first->late_ms = a->wall_ms - (int64_t)a->first->head.time * 1000;
	} else {
		explicit_bzero(a->first, sizeof *a->first);
	}
	buf_free(&body);
	return good ? GREET_SESSION : GREET_NOBODY;
}

enum greeting
greet(const struct greeter *g, struct span packet, const struct address *from, int64_t wall_ms,
      enum gate_verdict *verdict, struct gate_first *first, struct session_start *start,
      struct buf *reply)
{
	static const struct {
		enum opcode opcode;
		enum greeting (*greet)(const struct arrival *a);
	} kinds[] = {
	    {OP_RESET_CLIENT_V3, greet_reset},
	    {OP_CONTROL_WKC_V1, greet_third},
	    {OP_RESET_CLIENT_V2, greet_static_reset},
	    {OP_CONTROL_V1, greet_third},
	    {OP_ACK_V1, greet_third},
	};
	const struct arrival a = {g, packet, from, wall_ms, verdict, first, start, reply};
	uint8_t kind;
	struct cursor c = cursor_of(packet);

	*verdict = GATE_OPEN;
	*first = (struct gate_first){.late_ms = 0};
	*start = (struct session_start){.peer_id = PEER_ID_NONE};
	if (!cursor_u8(&c, &kind))
		return GREET_NOBODY;
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (kind == wire_first(kinds[i].opcode, 0))
			return kinds[i].greet(&a);
	return GREET_NOBODY;
}
