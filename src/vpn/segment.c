#include "vpn/segment.h"

#include "vpn/checksum.h"
#include "vpn/tcpip.h"

/* Whether all headers are there, and where they end. */
static bool
measure(struct segments *s, const struct offload *how)
{
	const uint8_t *p = s->super.p;
	size_t ip = s->v4 ? (p[0] & 0x0fu) * 4 : how->sum_from;

	if (ip != how->sum_from || ip < (s->v4 ? V4_HEAD : V6_HEAD) ||
	    s->super.len < ip + (s->udp ? UDP_HEAD : TCP_HEAD))
		return false;
	s->transport = ip;
	s->head = ip + (s->udp ? UDP_HEAD : (p[ip + TCP_OFFSET] >> 4) * 4u);
	return s->head >= ip + (s->udp ? UDP_HEAD : TCP_HEAD) && s->super.len > s->head;
}

bool
segments_begin(struct segments *s, struct span super, const struct offload *how)
{
	if (super.len < V4_HEAD || how->kind == OFFLOAD_NONE || how->segment == 0)
		return false;
	*s = (struct segments){.super = super,
			       .udp = how->kind == OFFLOAD_UDP,
			       .v4 = super.p[0] >> 4 == 4,
			       .size = how->segment};
	if ((!s->v4 && super.p[0] >> 4 != 6) || (how->kind == OFFLOAD_TCP4 && !s->v4) ||
	    (how->kind == OFFLOAD_TCP6 && s->v4))
		return false;
	return measure(s, how) && s->head + s->size <= SEGMENT_MAX;
}

static size_t
payload_left(const struct segments *s)
{
	return s->super.len - s->head - s->at;
}

static size_t
payload_next(const struct segments *s)
{
	return payload_left(s) < s->size ? payload_left(s) : s->size;
}

size_t
segments_next_len(const struct segments *s)
{
	return payload_left(s) == 0 ? 0 : s->head + payload_next(s);
}

/* Each IPv4 packet has an identification of its own (RFC 6864 §4.1). */
static void
write_ip(const struct segments *s, uint8_t *to, size_t len)
{
	if (!s->v4) {
		put_be16_at(to + V6_LEN, len - V6_HEAD);
		return;
	}
	put_be16_at(to + V4_TOTAL, len);
	put_be16_at(to + V4_ID, be16_at(to + V4_ID) + s->count);
	checksum_put(to + V4_SUM, 0);
	checksum_put(to + V4_SUM, (uint16_t)~checksum_fold(checksum_add(0, to, s->transport)));
}

/* What ends a flow, or asks for its data to be handed on, is of the last segment; that the sender
 * has slowed down, of the first (RFC 3168 §6.1.2). */
static void
write_tcp(const struct segments *s, uint8_t *tcp, bool last)
{
	put_be32_at(tcp + TCP_SEQUENCE, be32_at(tcp + TCP_SEQUENCE) + (uint32_t)s->at);
	if (!last)
		tcp[TCP_FLAGS] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	if (s->count > 0)
		tcp[TCP_FLAGS] &= (uint8_t)~TCP_CWR;
}

/* Zero is "no checksum" in UDP, and so is written as its other form. */
static void
write_sum(const struct segments *s, uint8_t *to, size_t len)
{
	size_t body = len - s->transport;
	uint8_t *sum = to + s->transport + (s->udp ? UDP_SUM : TCP_SUM);

	checksum_put(sum, 0);
	uint64_t total = checksum_pseudo(to, s->udp ? PROTOCOL_UDP : PROTOCOL_TCP, body);
	uint16_t folded = (uint16_t)~checksum_fold(checksum_add(total, to + s->transport, body));
	checksum_put(sum, s->udp && folded == 0 ? UINT16_MAX : folded);
}

void
segments_next(struct segments *s, uint8_t *to)
{
	size_t n = payload_next(s), len = s->head + n;
	uint8_t *transport = to + s->transport;

	span_put(to, span_head(s->super, s->head));
	span_put(to + s->head, span_of(s->super.p + s->head + s->at, n));
	write_ip(s, to, len);
	if (s->udp)
		put_be16_at(transport + UDP_LEN, len - s->transport);
	else
		write_tcp(s, transport, n == payload_left(s));
	write_sum(s, to, len);
	s->at += n;
	s->count++;
}

bool
segment_finish(uint8_t *packet, size_t len, const struct offload *how)
{
	size_t at = (size_t)how->sum_from + how->sum_at;

	if (!how->sum)
		return true;
	if (at + sizeof(uint16_t) > len)
		return false;
	uint16_t sum =
	    (uint16_t)~checksum_fold(checksum_add(0, packet + how->sum_from, len - how->sum_from));
	checksum_put(packet + at, sum == 0 ? UINT16_MAX : sum);
	return true;
}
