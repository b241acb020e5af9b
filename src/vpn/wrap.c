#include "vpn/wrap.h"

#include <stdlib.h>

#include "tls/siv.h"
#include "vpn/replay.h"

/* A key block has two halves, each of two slots; of a slot only the beginning is used. */
#define SLOT 64
#define HALF (2 * SLOT)

_Static_assert(2 * HALF == WRAP_KEYS && SIV_KEY <= SLOT, "a block has two halves");
_Static_assert(WRAP_OVERHEAD == WRAP_HEAD + SIV_TAG, "the tag follows the head");

struct wrap {
	struct siv *send, *receive;
	uint32_t counter, time; /* of the last packet sent; counter 0: none was */
	struct replay seen;
};

static struct siv *
siv_of(const uint8_t *half)
{
	return siv_new(half, half + SLOT);
}

struct wrap *
wrap_new(const uint8_t keys[WRAP_KEYS], bool serves)
{
	struct wrap *w = calloc(1, sizeof *w);

	if (w == NULL)
		return NULL;
	w->send = siv_of(keys + (serves ? 0 : HALF));
	w->receive = siv_of(keys + (serves ? HALF : 0));
	replay_begin(&w->seen);
	if (w->send != NULL && w->receive != NULL)
		return w;
	wrap_free(w);
	return NULL;
}

void
wrap_free(struct wrap *w)
{
	if (w == NULL)
		return;
	siv_free(w->send);
	siv_free(w->receive);
	free(w);
}

static bool
head_from(struct cursor *c, struct wrap_head *out)
{
	struct span id;

	if (!cursor_u8(c, &out->first) || !cursor_span(c, SESSION_ID, &id) ||
	    !cursor_be32(c, &out->counter) || !cursor_be32(c, &out->time))
		return false;
	span_put(out->session_id, id);
	return true;
}

bool
wrap_head_read(struct span packet, struct wrap_head *out)
{
	struct cursor c = cursor_of(packet);

	*out = (struct wrap_head){.first = 0};
	return packet.len >= WRAP_OVERHEAD && head_from(&c, out);
}

bool
wrap_open(struct wrap *w, struct span packet, struct wrap_head *head, struct buf *body)
{
	struct span about = span_head(packet, WRAP_HEAD), sealed = span_tail(packet, WRAP_OVERHEAD);
	uint8_t *room;

	/* Not even acknowledging nothing takes no byte. */
	if (!wrap_head_read(packet, head) || sealed.len == 0 || packet.len > PACKET_MAX ||
	    (room = buf_room(body, sealed.len)) == NULL)
		return false;
	if (!siv_open(w->receive, about, packet.p + WRAP_HEAD, sealed, room))
		return false;
	buf_added(body, sealed.len);
	return true;
}

/* The time is the more significant half: with a later one, counters may begin anew. */
bool
wrap_take(struct wrap *w, const struct wrap_head *head)
{
	return head->counter > 0 &&
	       replay_take(&w->seen, (uint64_t)head->time << 32 | head->counter);
}

static bool
put_head(const struct wrap *w, uint8_t first, const uint8_t *session_id, struct buf *out)
{
	return buf_byte(out, first) && buf_append(out, span_of(session_id, SESSION_ID)) &&
	       buf_be32(out, w->counter) && buf_be32(out, w->time);
}

/*
 * All packets tell the time of the first one. What tells a later time makes stock clients drop
 * whatever was overtaken by it, and over TCP all that has not counter 1.
 */
static bool
count(struct wrap *w, uint32_t now)
{
	if (w->counter == UINT32_MAX)
		return false;
	if (w->counter++ == 0)
		w->time = now;
	return true;
}

bool
wrap_seal(struct wrap *w, uint8_t first, const uint8_t session_id[SESSION_ID], struct span body,
	  uint32_t now, struct buf *out)
{
	uint8_t *to = buf_room(out, WRAP_OVERHEAD + body.len);

	if (to == NULL || !count(w, now) || !put_head(w, first, session_id, out))
		return false;
	if (!siv_seal(w->send, span_of(to, WRAP_HEAD), body, to + WRAP_HEAD, to + WRAP_OVERHEAD)) {
		out->end -= WRAP_HEAD;
		return false;
	}
	buf_added(out, SIV_TAG + body.len);
	return true;
}

void
wrap_sent_before(struct wrap *w, uint32_t counter, uint32_t time)
{
	w->counter = counter;
	w->time = time;
}
