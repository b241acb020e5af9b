#include "vpn/thin.h"

#include "vpn/tcpip.h"

/* NOP, NOP, timestamps (RFC 7323 appendix A): what TCP sends along with each segment. */
static const uint8_t timestamps[] = {1, 1, 8, 10};
#define TIMESTAMPS 12

static bool
has_timestamps(const struct segment_head *is, const uint8_t *tcp)
{
	return is->head == is->transport + TCP_HEAD + TIMESTAMPS &&
	       memcmp(tcp + TCP_HEAD, timestamps, sizeof timestamps) == 0;
}

static bool
measure(const uint8_t *packet, size_t len, struct segment_head *out)
{
	if (!segment_head_read(packet, len, out) || out->len != out->head)
		return false;
	const uint8_t *tcp = packet + out->transport;
	return tcp[TCP_FLAGS] == TCP_ACK &&
	       (out->head == out->transport + TCP_HEAD || has_timestamps(out, tcp));
}

bool
thin_begin(struct thin *t, const uint8_t *packet, size_t len)
{
	t->packet = NULL;
	if (!measure(packet, len, &t->is))
		return false;
	t->packet = packet;
	t->before = be32_at(packet + t->is.transport + TCP_ACKNOWLEDGED);
	return true;
}

/* Numbers go round. */
static bool
is_later(const uint8_t *now, const uint8_t *then)
{
	return (int32_t)(be32_at(now) - be32_at(then)) > 0;
}

/* Or who checks its timestamps would drop it (RFC 7323 §5.3), and nothing would be left. */
static bool
is_younger(const struct segment_head *is, const uint8_t *tcp, const uint8_t *was)
{
	size_t at = TCP_HEAD + sizeof timestamps;

	return is->head == is->transport + TCP_HEAD || !is_later(was + at, tcp + at);
}

static bool
same_tcp(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, TCP_ACKNOWLEDGED) == 0 && a[TCP_OFFSET] == b[TCP_OFFSET] &&
	       memcmp(a + TCP_URGENT, b + TCP_URGENT, 2) == 0;
}

bool
thin_add(struct thin *t, const uint8_t *packet, size_t len)
{
	struct segment_head is;

	if (!measure(packet, len, &is) || is.v4 != t->is.v4 || is.head != t->is.head ||
	    !segment_head_same_ip(&is, t->packet, packet))
		return false;
	const uint8_t *tcp = packet + is.transport, *was = t->packet + is.transport;
	if (!same_tcp(tcp, was) || !is_later(tcp + TCP_ACKNOWLEDGED, was + TCP_ACKNOWLEDGED) ||
	    be32_at(tcp + TCP_ACKNOWLEDGED) - t->before > THIN_MAX || !is_younger(&is, tcp, was) ||
	    !segment_head_sum_is_right(&is, packet))
		return false;
	t->packet = packet;
	t->is = is;
	return true;
}
