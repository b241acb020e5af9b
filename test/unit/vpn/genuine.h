/* A client of tls-crypt-v2 as far as its first packets, made from the format alone. */
#ifndef TEST_UNIT_VPN_GENUINE_H
#define TEST_UNIT_VPN_GENUINE_H

#include <string.h>

#include "base/buf.h"
#include "tls/siv.h"
#include "tls/wrap_key.h"
#include "vpn/wire.h"
#include "vpn/wrap.h"

#define GENUINE_RESENDS 0x0f000000u /* its first counter is one more */

struct genuine {
	uint8_t key[WRAP_CLIENT_KEY];
	struct buf wrapped_key;
	uint8_t id[SESSION_ID];
	uint32_t counter, time;
};

static inline struct genuine
genuine_client(const uint8_t server[WRAP_SERVER_KEY], uint64_t device, uint32_t time)
{
	struct genuine c = {.wrapped_key = buf_with_cap(2048),
			    .id = {0xc1, 2, 3, 4, 5, 6, 7, 8},
			    .counter = GENUINE_RESENDS,
			    .time = time};

	assert_true(wrap_key_make(server, device, &c.wrapped_key));
	span_put(c.key, span_head(buf_span(&c.wrapped_key), WRAP_CLIENT_KEY));
	buf_taken(&c.wrapped_key, WRAP_CLIENT_KEY);
	return c;
}

/* Wrapped as a client does, by the second half; the next counter is used. */
static inline struct buf
genuine_seal(struct genuine *c, uint8_t first, struct span body)
{
	struct buf out = buf_with_cap(4096);
	struct siv *siv = siv_new(c->key + 128, c->key + 192);
	uint8_t *to = buf_room(&out, WRAP_OVERHEAD + body.len);

	assert_true(siv != NULL && to != NULL);
	c->counter++;
	assert_true(buf_byte(&out, first) && buf_append(&out, span_of(c->id, sizeof c->id)) &&
		    buf_be32(&out, c->counter) && buf_be32(&out, c->time));
	assert_true(
	    siv_seal(siv, span_of(to, WRAP_HEAD), body, to + WRAP_HEAD, to + WRAP_OVERHEAD));
	buf_added(&out, SIV_TAG + body.len);
	siv_free(siv);
	return out;
}

static inline struct buf
genuine_packet(struct genuine *c, unsigned opcode, const struct control *control)
{
	struct buf body = buf_with_cap(4096), out;

	assert_true(control_write(opcode, control, &body));
	out = genuine_seal(c, wire_first(opcode, 0), buf_span(&body));
	if (opcode == OP_RESET_CLIENT_V3 || opcode == OP_CONTROL_WKC_V1)
		assert_true(buf_append(&out, buf_span(&c->wrapped_key)));
	buf_free(&body);
	return out;
}

static inline struct buf
genuine_reset(struct genuine *c)
{
	const struct control control = {.id = 0};

	return genuine_packet(c, OP_RESET_CLIENT_V3, &control);
}

static inline void
genuine_free(struct genuine *c)
{
	buf_wipe(&c->wrapped_key);
	explicit_bzero(c, sizeof *c);
}

#endif
