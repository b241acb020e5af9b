/* A greeter that knows one client by its key, and what came of the last packet that it got. */
#ifndef TEST_VPN_GREETING_H
#define TEST_VPN_GREETING_H

#include "unit.h"

#include <string.h>

#include "genuine.h"
#include "vpn/greet.h"

#define NOW  1700000010u /* seconds; where a slot of cookies begins */
#define MS   (INT64_C(1000) * NOW)
#define SKEW 120000

static struct gate_settings settings = {.skew_ms = SKEW};
static struct greeter greeter;
static struct genuine client;
static struct address from;

static struct {
	enum gate_verdict verdict;
	struct gate_first first;
	struct session_start start;
	struct buf reply;
} got;

static inline int
greeting_begin(void **state)
{
	static const uint8_t ip[4] = {192, 0, 2, 7};

	(void)state;
	wrap_server_key_make(settings.server_key);
	greeter.gate = gate_new(&settings);
	memset(greeter.cookie_key, 0x5c, sizeof greeter.cookie_key);
	client = genuine_client(settings.server_key, 17, NOW);
	from = address_v4(ip, 1194);
	got.reply = buf_with_cap(PACKET_MAX);
	return greeter.gate != NULL ? 0 : -1;
}

static inline int
greeting_end(void **state)
{
	(void)state;
	gate_free(greeter.gate);
	genuine_free(&client);
	buf_free(&got.reply);
	return 0;
}

static inline enum greeting
greeted_at(struct span packet, int64_t wall_ms)
{
	buf_taken(&got.reply, buf_len(&got.reply));
	return greet(&greeter, packet, &from, wall_ms, &got.verdict, &got.first, &got.start,
		     &got.reply);
}

static inline enum greeting
greeted(struct span packet)
{
	return greeted_at(packet, MS);
}

/* Nobody: without an answer, a key or anything to begin a session with. */
static inline bool
ignores_at(struct span packet, int64_t wall_ms)
{
	static const struct session_start none;
	enum greeting g = greeted_at(packet, wall_ms);

	return g == GREET_NOBODY && buf_len(&got.reply) == 0 &&
	       memcmp(got.start.keys, none.keys, sizeof none.keys) == 0 && got.start.device == 0;
}

static inline bool
ignores(struct span packet)
{
	return ignores_at(packet, MS);
}

/* Has the reset answered, and gives our id as the answer tells it. Frees the packet. */
static inline void
reset_is_answered(struct buf reset, int64_t wall_ms, uint8_t server_id[SESSION_ID])
{
	assert_int_equal(greeted_at(buf_span(&reset), wall_ms), GREET_ANSWER);
	span_put(server_id, span_of(got.reply.data + 1, SESSION_ID));
	buf_free(&reset);
}

#endif
