/* What the tests of sessions share: one rig at a time, and data through it. */
#ifndef TEST_VPN_TUNNELLED_H
#define TEST_VPN_TUNNELLED_H

#include "unit.h"

#include <string.h>

#include "rig.h"

static struct rig_world world;
static struct rig rig; /* large, and one at a time */

static inline int
make_world(void **state)
{
	(void)state;
	rig_world_make(&world);
	return 0;
}

static inline int
end_world(void **state)
{
	(void)state;
	rig_world_free(&world);
	return 0;
}

static inline struct rig *
opened(void)
{
	rig_open(&rig, &world);
	return &rig;
}

static inline struct rig *
connected(void)
{
	struct rig *r = opened();

	rig_connect(r);
	assert_int_equal(r->ups, 1);
	assert_true(r->c.up);
	return r;
}

/* --- data, one way and the other */

static inline bool
client_gets_through(struct rig *r, struct client_key *k)
{
	uint8_t packet[DATA_HEAD + 40] = {0};
	struct rig_packet p;
	struct span inner;

	packet[DATA_HEAD] = 0x45;
	client_send_data(&r->c, k, packet + DATA_HEAD, 40);
	while (rig_get(&r->to_server, &p))
		if (wire_opcode(p.bytes[0]) == OP_DATA_V2)
			return session_open(r->s, p.bytes, p.len, r->now, &inner) &&
			       inner.len == 40 && inner.p[0] == 0x45;
	return false;
}

static inline bool
server_gets_through(struct rig *r)
{
	uint8_t packet[DATA_HEAD + 40] = {0};
	struct span inner;

	packet[DATA_HEAD] = 0x60;
	if (!session_seal(r->s, packet + DATA_HEAD, 40, r->now))
		return false;
	inner = client_receive(&r->c, packet, sizeof packet, rig_wall(r));
	return inner.len == 40 && inner.p[0] == 0x60;
}

static inline void
assert_flows(struct rig *r)
{
	assert_true(client_gets_through(r, r->c.now));
	assert_true(server_gets_through(r));
}

static inline struct session_info
info_of(const struct rig *r)
{
	struct session_info info;

	session_info(r->s, &info);
	return info;
}

static inline struct network
network_of(uint8_t a, uint8_t b)
{
	char text[32];
	struct network n;

	snprintf(text, sizeof text, "%u.%u.0.0/16", a, b);
	assert_true(network_parse(span_str(text), &n));
	return n;
}

#endif
