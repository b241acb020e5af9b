#include "vpn/gate.h"

#include <stdlib.h>

#include "tls/digest.h"
#include "tls/random.h"
#include "tls/siv.h"

#define RESENDS 0x0f /* the top byte of the counter of who can send his wrapped key again */

#define PARTS (GATE_SEEN_MAX / GATE_SEEN_PART)

_Static_assert(GATE_SEEN_MAX % GATE_SEEN_PART == 0, "all parts have one size");

struct seen {
	uint8_t tag[SIV_TAG];
	int64_t at_ms;
	uint32_t stamp; /* as the client had it: seconds since 1970 */
};

/* A ring: what was seen first goes first. */
struct part {
	struct seen *ring;
	size_t first, count;
	int64_t forgotten; /* the latest stamp that was; -1: none */
};

/*
 * Each client's key has one part of what is remembered, and shares it with those that the seed puts
 * there. So who uses his key to fill the memory has only these refused.
 */
struct gate {
	struct gate_settings settings;
	uint8_t seed[DIGEST_SIZE];
	struct part parts[PARTS];
	struct seen *all; /* the parts' rings */
	bool has_static;
	struct wrap_key static_key; /* no device's */
};

struct gate *
gate_new(const struct gate_settings *s)
{
	struct gate *g = calloc(1, sizeof *g);

	/* So large a piece takes memory only where it is written to. */
	if (g == NULL || (g->all = calloc(GATE_SEEN_MAX, sizeof *g->all)) == NULL) {
		free(g);
		return NULL;
	}
	g->settings = *s;
	random_bytes(g->seed, sizeof g->seed);
	for (size_t i = 0; i < PARTS; i++)
		g->parts[i] = (struct part){.ring = g->all + i * GATE_SEEN_PART, .forgotten = -1};
	return g;
}

void
gate_free(struct gate *g)
{
	if (g == NULL)
		return;
	free(g->all);
	explicit_bzero(g, sizeof *g);
	free(g);
}

void
gate_set_skew(struct gate *g, int64_t skew_ms)
{
	g->settings.skew_ms = skew_ms;
}

/* NULL when memory is short. */
static struct part *
part_of(struct gate *g, const struct wrap_key *key)
{
	const struct span bytes = span_of(key->key, sizeof key->key);
	uint8_t digest[DIGEST_SIZE];

	if (!digest_keyed(span_of(g->seed, sizeof g->seed), &bytes, 1, digest))
		return NULL;
	return &g->parts[digest[0] % PARTS];
}

/* From now on no stamp as old as this one is taken, however the clock is set meanwhile. */
static void
forget_first(struct part *p)
{
	const struct seen *s = &p->ring[p->first];

	if (s->stamp > p->forgotten)
		p->forgotten = s->stamp;
	p->first = --p->count > 0 ? (p->first + 1) % GATE_SEEN_PART : 0;
}

static void
forget_old(struct part *p, int64_t before_ms)
{
	while (p->count > 0 && p->ring[p->first].at_ms < before_ms)
		forget_first(p);
}

static void
remember(struct part *p, const uint8_t *tag, uint32_t stamp, int64_t now_ms)
{
	struct seen *s;

	if (p->count == GATE_SEEN_PART)
		forget_first(p);
	s = &p->ring[(p->first + p->count++) % GATE_SEEN_PART];
	*s = (struct seen){.at_ms = now_ms, .stamp = stamp};
	span_put(s->tag, span_of(tag, sizeof s->tag));
}

/* What is on the wire is no secret: any comparison will do. */
static bool
was_seen(const struct part *p, const uint8_t *tag)
{
	for (size_t i = 0; i < p->count; i++)
		if (memcmp(p->ring[(p->first + i) % GATE_SEEN_PART].tag, tag, SIV_TAG) == 0)
			return true;
	return false;
}

static bool
is_stale(const struct gate *g, const struct part *p, const struct gate_first *f)
{
	return f->late_ms > g->settings.skew_ms || f->late_ms < -g->settings.skew_ms ||
	       (int64_t)f->head.time * 1000 < g->settings.since_ms || f->head.time <= p->forgotten;
}

/* A first packet has nothing to acknowledge, and the first number. */
static bool
open_first(struct span wrapped, struct gate_first *out)
{
	struct buf body = buf_with_cap(RESET_V3_MAX);
	struct control c;
	struct wrap *w = wrap_new(out->key.key, true);
	bool good = w != NULL && wrap_open(w, wrapped, &out->head, &body) &&
		    control_read(wire_opcode(wrapped.p[0]), buf_span(&body), &c) &&
		    c.ack_count == 0 && c.id == 0;

	wrap_free(w);
	buf_free(&body);
	return good;
}

static bool
is_static_reset(struct span packet)
{
	return packet.len == RESET_V2 && packet.p[0] == wire_first(OP_RESET_CLIENT_V2, 0);
}

static bool
is_reset(struct span packet)
{
	return packet.len >= RESET_V3_MIN && packet.len <= RESET_V3_MAX &&
	       packet.p[0] == wire_first(OP_RESET_CLIENT_V3, 0);
}

static enum gate_verdict
stranger(struct gate_first *first)
{
	explicit_bzero(first, sizeof *first);
	return GATE_STRANGER;
}

/* A clock that was set back to before we began was wrong then: what nobody remembers is older than
 * now, and whoever begins now is not to wait until it shows that time again. */
static void
follow_clock(struct gate *g, int64_t now_ms)
{
	if (now_ms < g->settings.since_ms)
		g->settings.since_ms = now_ms - now_ms % 1000;
}

static enum gate_verdict
judge(struct gate *g, struct span wrapped, int64_t now_ms, struct gate_first *first)
{
	const uint8_t *tag = wrapped.p + WRAP_HEAD;
	struct part *p = part_of(g, &first->key);

	if (p == NULL)
		return stranger(first);
	first->late_ms = now_ms - (int64_t)first->head.time * 1000;
	first->can_resend = first->head.counter >> 24 == RESENDS;
	forget_old(p, now_ms - 2 * g->settings.skew_ms);
	follow_clock(g, now_ms);
	if (is_stale(g, p, first))
		return GATE_STALE;
	if (was_seen(p, tag))
		return GATE_REPLAYED;
	remember(p, tag, first->head.time, now_ms);
	return GATE_OPEN;
}

enum gate_verdict
gate_judge(struct gate *g, struct span packet, int64_t now_ms, struct gate_first *out)
{
	struct span wrapped, key;

	*out = (struct gate_first){.late_ms = 0};
	if (!is_reset(packet) || !wire_split(packet, &wrapped, &key) ||
	    !wrap_key_open(g->settings.server_key, key, &out->key) || !open_first(wrapped, out))
		return stranger(out);
	return judge(g, wrapped, now_ms, out);
}

bool
gate_open_again(const struct gate *g, struct span packet, struct wrap_key *out)
{
	struct span wrapped, key;

	*out = (struct wrap_key){.device = 0};
	return packet.len <= PACKET_MAX && wire_split(packet, &wrapped, &key) &&
	       packet.p[0] == wire_first(OP_CONTROL_WKC_V1, 0) &&
	       wrap_key_open(g->settings.server_key, key, out);
}

void
gate_set_static(struct gate *g, const uint8_t *key)
{
	explicit_bzero(&g->static_key, sizeof g->static_key);
	g->has_static = key != NULL;
	if (g->has_static)
		span_put(g->static_key.key, span_of(key, sizeof g->static_key.key));
}

bool
gate_static_key(const struct gate *g, struct wrap_key *out)
{
	*out = g->static_key;
	return g->has_static;
}

enum gate_verdict
gate_judge_static(struct gate *g, struct span packet, int64_t now_ms, struct gate_first *out)
{
	enum gate_verdict v;

	*out = (struct gate_first){.late_ms = 0};
	if (!is_static_reset(packet) || !gate_static_key(g, &out->key) || !open_first(packet, out))
		return stranger(out);
	v = judge(g, packet, now_ms, out);
	out->can_resend = v != GATE_STRANGER;
	return v;
}

bool
gate_fits_tcp(struct span seen)
{
	struct span packet = span_tail(seen, 2);
	struct cursor c = cursor_of(seen);
	uint16_t len;

	return cursor_be16(&c, &len) && len == cursor_left(&c) &&
	       (is_reset(packet) || is_static_reset(packet));
}
