#include "vpn/merge.h"

#include "vpn/checksum.h"
#include "vpn/segment_head.h"
#include "vpn/tcpip.h"

/* A segment of data, in the middle of a connection. */
static bool
measure(const uint8_t *p, size_t len, struct segment_head *out)
{
	return segment_head_read(p, len, out) && out->len > out->head &&
	       (p[out->transport + TCP_FLAGS] & ~TCP_PSH) == TCP_ACK;
}

static bool
is_pushed(const uint8_t *p, const struct segment_head *s)
{
	return (p[s->transport + TCP_FLAGS] & TCP_PSH) != 0;
}

bool
merge_begin(struct merge *m, uint8_t *packet, size_t len)
{
	struct segment_head s;

	m->count = 0;
	if (!measure(packet, len, &s) || is_pushed(packet, &s) ||
	    !segment_head_sum_is_right(&s, packet))
		return false;
	m->parts[0] = span_of(packet, s.len);
	m->count = 1;
	m->packet = packet;
	m->v4 = s.v4;
	m->closed = false;
	m->transport = s.transport;
	m->head = s.head;
	m->size = s.len - s.head;
	m->len = s.len;
	m->next = be32_at(packet + s.transport + TCP_SEQUENCE) + (uint32_t)m->size;
	return true;
}

/* All headers but what counts: lengths, identification, sequence number, checksums and PSH. */
static bool
same_head(const struct merge *m, const struct segment_head *s, const uint8_t *p)
{
	const uint8_t *tcp = m->packet + m->transport, *other = p + m->transport;
	size_t options = m->head - m->transport;

	return segment_head_same_ip(s, m->packet, p) && same_bytes(tcp, other, 0, TCP_SEQUENCE) &&
	       same_bytes(tcp, other, TCP_ACKNOWLEDGED, TCP_FLAGS) &&
	       same_bytes(tcp, other, TCP_FLAGS + 1, TCP_SUM) &&
	       same_bytes(tcp, other, TCP_SUM + 2, options);
}

bool
merge_add(struct merge *m, const uint8_t *packet, size_t len)
{
	struct segment_head s;

	if (m->closed || m->count == MERGE_PARTS || !measure(packet, len, &s) || s.v4 != m->v4 ||
	    s.head != m->head || s.len - s.head > m->size ||
	    m->len + (s.len - s.head) > MERGE_MAX || !same_head(m, &s, packet) ||
	    be32_at(packet + s.transport + TCP_SEQUENCE) != m->next ||
	    !segment_head_sum_is_right(&s, packet))
		return false;
	size_t size = s.len - s.head;
	m->parts[m->count++] = span_of(packet + s.head, size);
	m->len += size;
	m->next += (uint32_t)size;
	m->closed = is_pushed(packet, &s) || size < m->size;
	if (is_pushed(packet, &s))
		m->packet[m->transport + TCP_FLAGS] |= TCP_PSH;
	return true;
}

void
merge_finish(struct merge *m, struct offload *how)
{
	uint8_t *p = m->packet;
	size_t body = m->len - m->transport;

	*how = (struct offload){.kind = OFFLOAD_NONE};
	if (m->count < 2)
		return;
	*how = (struct offload){.kind = m->v4 ? OFFLOAD_TCP4 : OFFLOAD_TCP6,
				.segment = (uint16_t)m->size,
				.sum = true,
				.sum_from = (uint16_t)m->transport,
				.sum_at = TCP_SUM};
	if (m->v4) {
		put_be16_at(p + V4_TOTAL, m->len);
		checksum_put(p + V4_SUM, 0);
		checksum_put(p + V4_SUM, (uint16_t)~checksum_fold(checksum_add(0, p, V4_HEAD)));
	} else {
		put_be16_at(p + V6_LEN, m->len - V6_HEAD);
	}
	checksum_put(p + m->transport + TCP_SUM,
		     checksum_fold(checksum_pseudo(p, PROTOCOL_TCP, body)));
}
