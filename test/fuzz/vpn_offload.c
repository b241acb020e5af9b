/* Packets that stand for several: cut, however the kernel says; and joined from a client's, which
 * cut again are the same; and acknowledgements, of which the last is left. */
#include <string.h>

#include "fuzz.h"
#include "vpn/checksum.h"
#include "vpn/merge.h"
#include "vpn/segment.h"
#include "vpn/tcpip.h"
#include "vpn/thin.h"

#define PACKETS 8
#define HEAD    8 /* how it is to be cut */

struct packet {
	uint8_t *bytes, *kept;
	size_t len;
};

static void
cut(struct span super, const struct offload *how)
{
	size_t len, total = 0;
	struct segments s;

	if (!segments_begin(&s, super, how))
		return;
	while ((len = segments_next_len(&s)) > 0) {
		uint8_t *one = malloc(len);

		check(one != NULL && len <= SEGMENT_MAX && len > s.head);
		segments_next(&s, one);
		total += len - s.head;
		free(one);
	}
	check(s.head + total == super.len);
}

static void
explore_cut(struct span data)
{
	struct cursor c = cursor_of(data);
	struct offload how = {.sum = true};
	uint8_t kind, at;

	if (!cursor_u8(&c, &kind) || !cursor_be16(&c, &how.segment) ||
	    !cursor_be16(&c, &how.sum_from) || !cursor_u8(&c, &at) || !cursor_skip(&c, HEAD - 6))
		return;
	how.kind = (enum offload_kind)(kind % (OFFLOAD_UDP + 1));
	how.sum_at = at;
	struct span packet = span_of(c.p, cursor_left(&c));
	cut(packet, &how);
	if (packet.len == 0)
		return;
	uint8_t *copy = malloc(packet.len);
	check(copy != NULL);
	span_put(copy, packet);
	(void)!segment_finish(copy, packet.len, &how);
	free(copy);
}

/* What would never be found by chance. */
static void
set_sums(struct packet *p)
{
	size_t at = p->len > 0 && p->bytes[0] >> 4 == 4 ? V4_HEAD : V6_HEAD;

	if (p->len < at + TCP_HEAD)
		return;
	uint8_t *sum = p->bytes + at + TCP_SUM;
	if (at == V4_HEAD) {
		checksum_put(p->bytes + V4_SUM, 0);
		checksum_put(p->bytes + V4_SUM,
			     (uint16_t)~checksum_fold(checksum_add(0, p->bytes, V4_HEAD)));
	}
	checksum_put(sum, 0);
	uint64_t total = checksum_pseudo(p->bytes, PROTOCOL_TCP, p->len - at);
	checksum_put(sum,
		     (uint16_t)~checksum_fold(checksum_add(total, p->bytes + at, p->len - at)));
}

/* But for what counts them, which need not have been in order. */
static void
check_same(const struct merge *m, uint8_t *one, const struct packet *p)
{
	if (m->v4) {
		memcpy(one + V4_ID, p->kept + V4_ID, 2);
		memcpy(one + V4_SUM, p->kept + V4_SUM, 2);
	}
	/* 0 and 0xffff are the same checksum. */
	memcpy(one + m->transport + TCP_SUM, p->kept + m->transport + TCP_SUM, 2);
	check(memcmp(one, p->kept, m->transport + TCP_HEAD) == 0);
}

static void
cut_again(struct merge *m, const struct packet *from)
{
	static uint8_t super[MERGE_MAX], one[SEGMENT_MAX];
	struct offload how;
	struct segments s;
	size_t len = 0;

	merge_finish(m, &how);
	for (size_t i = 0; i < m->count; i++) {
		check(len + m->parts[i].len <= sizeof super);
		span_put(super + len, m->parts[i]);
		len += m->parts[i].len;
	}
	check(len == m->len);
	if (m->count < 2 || !segments_begin(&s, span_of(super, len), &how))
		return;
	for (size_t i = 0; i < m->count; i++) {
		check(segments_next_len(&s) > 0);
		segments_next(&s, one);
		check_same(m, one, &from[i]);
	}
	check(segments_next_len(&s) == 0);
}

static size_t
read_packets(struct span data, struct packet *out)
{
	struct cursor c = cursor_of(data);
	struct span bytes;
	size_t n = 0;

	while (n < PACKETS && cursor_vec16(&c, &bytes)) {
		struct packet *p = &out[n++];

		p->len = bytes.len;
		p->bytes = malloc(p->len + 1);
		p->kept = malloc(p->len + 1);
		check(p->bytes != NULL && p->kept != NULL);
		span_put(p->bytes, bytes);
		set_sums(p);
		span_put(p->kept, span_of(p->bytes, p->len));
	}
	return n;
}

static void
explore_thin(const struct packet *packets, size_t count)
{
	struct thin t = {.packet = NULL};
	uint32_t number = 0;

	for (size_t i = 0; i < count; i++) {
		bool taken = t.packet != NULL && thin_add(&t, packets[i].kept, packets[i].len);

		if (!taken && !thin_begin(&t, packets[i].kept, packets[i].len))
			continue;
		uint32_t now = be32_at(t.packet + t.is.transport + TCP_ACKNOWLEDGED);
		check(t.packet == packets[i].kept && t.is.len == t.is.head);
		check(now - t.before <= THIN_MAX && (!taken || now != number));
		number = now;
	}
}

static void
explore_merge(struct span data)
{
	struct packet packets[PACKETS] = {{.len = 0}};
	size_t count = read_packets(data, packets), first = 0;
	struct merge m = {.count = 0};

	explore_thin(packets, count);
	for (size_t i = 0; i < count; i++) {
		if (m.count > 0 && merge_add(&m, packets[i].bytes, packets[i].len))
			continue;
		if (m.count > 0)
			cut_again(&m, packets + first);
		first = i;
		(void)!merge_begin(&m, packets[i].bytes, packets[i].len);
	}
	if (m.count > 0)
		cut_again(&m, packets + first);
	for (size_t i = 0; i < count; i++) {
		free(packets[i].bytes);
		free(packets[i].kept);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_tail(span_of(data, size), 1);

	if (size > 0 && data[0] % 2 == 0)
		explore_cut(rest);
	else if (size > 0)
		explore_merge(rest);
	return 0;
}
