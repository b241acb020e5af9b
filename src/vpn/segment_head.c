#include "vpn/segment_head.h"

#include "vpn/checksum.h"
#include "vpn/tcpip.h"

static bool
read_ip(const uint8_t *p, size_t len, struct segment_head *out)
{
	out->v4 = len > V4_HEAD && p[0] == 0x45;
	if (out->v4) {
		out->transport = V4_HEAD;
		out->len = be16_at(p + V4_TOTAL);
		return p[V4_PROTOCOL] == PROTOCOL_TCP &&
		       be16_at(p + V4_FRAGMENT) == V4_DONT_FRAGMENT &&
		       checksum_fold(checksum_add(0, p, V4_HEAD)) == UINT16_MAX;
	}
	if (len <= V6_HEAD || p[0] >> 4 != 6 || p[V6_NEXT] != PROTOCOL_TCP)
		return false;
	out->transport = V6_HEAD;
	out->len = V6_HEAD + (size_t)be16_at(p + V6_LEN);
	return true;
}

bool
segment_head_read(const uint8_t *packet, size_t len, struct segment_head *out)
{
	if (!read_ip(packet, len, out) || out->len > len || out->len < out->transport + TCP_HEAD)
		return false;
	out->head = out->transport + (packet[out->transport + TCP_OFFSET] >> 4) * 4u;
	return out->head >= out->transport + TCP_HEAD && out->head <= out->len;
}

bool
segment_head_sum_is_right(const struct segment_head *s, const uint8_t *packet)
{
	size_t body = s->len - s->transport;
	uint64_t sum = checksum_pseudo(packet, PROTOCOL_TCP, body);

	return checksum_fold(checksum_add(sum, packet + s->transport, body)) == UINT16_MAX;
}

bool
segment_head_same_ip(const struct segment_head *s, const uint8_t *a, const uint8_t *b)
{
	if (s->v4)
		return same_bytes(a, b, 0, V4_TOTAL) && same_bytes(a, b, V4_FRAGMENT, V4_SUM) &&
		       same_bytes(a, b, V4_SUM + 2, V4_HEAD);
	return same_bytes(a, b, 0, V6_LEN) && same_bytes(a, b, V6_NEXT, V6_HEAD);
}
