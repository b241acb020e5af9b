#include "unit.h"

#include <string.h>

#include "vpn/inner.h"

#define PACKET 2048

enum {
	HOP_BY_HOP = 0,
	ICMP = 1,
	TCP = 6,
	UDP = 17,
	ROUTING = 43,
	FRAGMENT = 44,
	ESP = 50,
	AUTH = 51,
	ICMP6 = 58,
	NOTHING = 59,
	DESTINATION = 60
};

struct packet {
	uint8_t bytes[PACKET];
	size_t len;
};

static void
add(struct packet *p, const void *bytes, size_t len)
{
	assert_true(p->len + len <= sizeof p->bytes);
	span_put(p->bytes + p->len, span_of(bytes, len));
	p->len += len;
}

static void
add_be16(struct packet *p, unsigned n)
{
	uint8_t bytes[] = {(uint8_t)(n >> 8), (uint8_t)n};

	add(p, bytes, sizeof bytes);
}

static void
set_be16(struct packet *p, size_t at, unsigned n)
{
	p->bytes[at] = (uint8_t)(n >> 8);
	p->bytes[at + 1] = (uint8_t)n;
}

static unsigned
be16_at(const struct packet *p, size_t at)
{
	return (unsigned)p->bytes[at] << 8 | p->bytes[at + 1];
}

static struct address
ip(const char *text)
{
	struct address a;

	assert_true(address_parse_ip(span_str(text), &a));
	return a;
}

/* From 10.86.0.2 to 192.0.2.7, with `options`, padded already. */
static struct packet
v4(uint8_t protocol, unsigned fragment, struct span options, struct span body)
{
	struct packet p = {.len = 0};
	uint8_t ttl[] = {64, protocol};

	assert_int_equal(options.len % 4, 0);
	add_be16(&p, (0x45u + (unsigned)options.len / 4) << 8);
	add_be16(&p, 20 + (unsigned)(options.len + body.len));
	add_be16(&p, 0x1234);
	add_be16(&p, fragment);
	add(&p, ttl, sizeof ttl);
	add_be16(&p, 0);
	add(&p, ip("10.86.0.2").ip, 4);
	add(&p, ip("192.0.2.7").ip, 4);
	add(&p, options.p, options.len);
	add(&p, body.p, body.len);
	return p;
}

static struct packet
v6(uint8_t next, struct span extensions, struct span body)
{
	struct packet p = {.bytes = {0x60}, .len = 4};
	uint8_t hops[] = {next, 64};

	add_be16(&p, (unsigned)(extensions.len + body.len));
	add(&p, hops, sizeof hops);
	add(&p, ip("fd00::2").ip, 16);
	add(&p, ip("2001:db8::7").ip, 16);
	add(&p, extensions.p, extensions.len);
	add(&p, body.p, body.len);
	return p;
}

/* Exactly as large as the packet: reading past its end is found. */
static bool
reads(const struct packet *p, struct inner *out)
{
	uint8_t *exact = test_malloc(p->len + 1);

	memcpy(exact + 1, p->bytes, p->len); /* at an odd place, too */
	bool good = inner_read(span_of(exact + 1, p->len), out);
	test_free(exact);
	return good;
}

static bool
is_one(const struct packet *p)
{
	struct inner in;

	return reads(p, &in);
}

static const uint8_t udp[] = {0x14, 0xe9, 0x00, 0x35, 0, 12, 0, 0, 'd', 'a', 't', 'a'};
#define UDP_BODY span_of(udp, sizeof udp)

/* The ports of UDP_BODY, or none. */
static void
assert_read(const struct packet *p, uint8_t protocol, bool ports)
{
	struct inner in;
	bool six = p->bytes[0] >> 4 == 6;
	struct address from = ip(six ? "fd00::2" : "10.86.0.2"),
		       to = ip(six ? "2001:db8::7" : "192.0.2.7");

	from.port = ports ? 5353 : 0;
	to.port = ports ? 53 : 0;
	assert_true(reads(p, &in));
	assert_int_equal(in.protocol, protocol);
	assert_true(address_equal(&in.from, &from));
	assert_true(address_equal(&in.to, &to));
}

/* --- reading */

static void
addresses_ports_and_protocol_are_read(void **state)
{
	struct packet packets[] = {
	    v4(UDP, 0, SPAN_NONE, UDP_BODY),
	    v4(TCP, 0x4000, SPAN_NONE, UDP_BODY), /* "do not fragment" */
	    v6(UDP, SPAN_NONE, UDP_BODY),
	    v6(TCP, SPAN_NONE, UDP_BODY),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(packets); i++)
		assert_read(&packets[i], i % 2 == 0 ? UDP : TCP, true);
}

static void
other_protocols_have_no_ports(void **state)
{
	static const uint8_t protocols[] = {ICMP, 2, 47, ESP, ICMP6, 132, 255};

	(void)state;
	for (size_t i = 0; i < COUNT(protocols); i++) {
		struct packet four = v4(protocols[i], 0, SPAN_NONE, UDP_BODY);
		struct packet six = v6(protocols[i], SPAN_NONE, UDP_BODY);
		struct packet empty = v4(protocols[i], 0, SPAN_NONE, SPAN_NONE);

		assert_read(&four, protocols[i], false);
		assert_read(&six, protocols[i], false);
		assert_read(&empty, protocols[i], false);
	}
}

static void
options_of_ipv4_are_passed_over(void **state)
{
	static const uint8_t nops[] = {1, 1, 1, 0}, alert[] = {148, 4, 0, 0}, most[40] = {7, 39, 4},
			     after_end[] = {0, 131, 99, 1};

	(void)state;
	const struct span good[] = {span_of(nops, 4), span_of(alert, 4), span_of(most, 40),
				    span_of(after_end, 4)};
	for (size_t i = 0; i < COUNT(good); i++) {
		struct packet p = v4(UDP, 0, good[i], UDP_BODY);

		assert_read(&p, UDP, true);
	}
}

static void
broken_options_and_source_routes_are_refused(void **state)
{
	static const uint8_t loose[] = {131, 7, 4, 203, 0, 113, 9, 0},
			     strict[] = {1, 137, 7, 4, 203, 0, 113, 9}, long_one[] = {148, 5, 0, 0},
			     short_one[] = {148, 1, 0, 0}, zero[] = {148, 0, 0, 0},
			     alone[] = {1, 1, 1, 148};

	(void)state;
	const struct span bad[] = {span_of(loose, 8),     span_of(strict, 8), span_of(long_one, 4),
				   span_of(short_one, 4), span_of(zero, 4),   span_of(alone, 4)};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct packet p = v4(UDP, 0, bad[i], UDP_BODY);

		if (is_one(&p))
			fail_msg("options %zu", i);
	}
}

static void
only_a_first_fragment_has_ports(void **state)
{
	static const struct sample {
		unsigned field;
		bool ports;
	} samples[] = {
	    {0x0000, true},  {0x2000, true},  {0x4000, true},  {0x8000, true},
	    {0x0001, false}, {0x2001, false}, {0x1fff, false}, {0x3fff, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct packet p = v4(UDP, samples[i].field, SPAN_NONE, UDP_BODY);

		assert_read(&p, UDP, samples[i].ports);
	}
	/* A later one may be as small as it likes; a first one may not hide its ports. */
	for (size_t len = 0; len < 4; len++) {
		struct packet later = v4(TCP, 0x2001, SPAN_NONE, span_of(udp, len));
		struct packet first = v4(TCP, 0x2000, SPAN_NONE, span_of(udp, len));

		assert_read(&later, TCP, false);
		assert_false(is_one(&first));
	}
}

static void
cut_anywhere_it_is_no_packet(void **state)
{
	static const uint8_t extensions[] = {DESTINATION, 0, 1, 4, 0, 0, 0, 0,
					     UDP,         0, 1, 4, 0, 0, 0, 0};
	struct packet packets[] = {
	    v4(UDP, 0, SPAN_NONE, UDP_BODY),
	    v4(UDP, 0, SPAN_OF("\1\1\1\1"), UDP_BODY),
	    v6(UDP, SPAN_NONE, UDP_BODY),
	    v6(HOP_BY_HOP, span_of(extensions, sizeof extensions), UDP_BODY),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(packets); i++) {
		struct packet p = packets[i];

		assert_read(&p, UDP, true);
		while (p.len-- > 0)
			assert_false(is_one(&p));
	}
}

static void
what_stands_behind_the_end_is_not_of_it(void **state)
{
	struct packet four = v4(UDP, 0, SPAN_NONE, UDP_BODY), six = v6(UDP, SPAN_NONE, UDP_BODY);

	(void)state;
	add(&four, udp, sizeof udp);
	add(&six, udp, sizeof udp);
	assert_read(&four, UDP, true);
	assert_read(&six, UDP, true);
	/* Ports that only stand behind it are none. */
	set_be16(&four, 2, 20 + 3);
	set_be16(&six, 4, 3);
	assert_false(is_one(&four));
	assert_false(is_one(&six));
}

static void
lengths_and_versions_that_cannot_be_are_refused(void **state)
{
	struct packet four = v4(UDP, 0, SPAN_NONE, UDP_BODY);

	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		struct packet p = four;
		bool may = first == 0x45 || first == 0x46 || first == 0x47;

		p.bytes[0] = (uint8_t)first;
		if (is_one(&p) && !may)
			fail_msg("%02x", first);
	}
	for (unsigned total = 0; total < 24; total++) {
		set_be16(&four, 2, total);
		assert_false(is_one(&four));
	}
	set_be16(&four, 2, 33);
	assert_false(is_one(&four));
	set_be16(&four, 2, 0xffff);
	assert_false(is_one(&four));
}

/* --- IPv6's extensions */

static void
extensions_are_walked(void **state)
{
	static const uint8_t hop[] = {UDP, 0, 5, 2, 0, 0, 1, 0},
			     wide[] = {UDP, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
			     routed[] = {UDP, 2, 0, 0, 0, 0, 0, 0, 0x20, 1, 0x0d, 0xb8,
					 0,   0, 0, 0, 0, 0, 0, 0, 0,    0, 0,    9},
			     first[] = {UDP, 0, 0x00, 0x01, 0, 0, 0, 7},
			     auth[] = {UDP, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1,
				       9,   9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9};
	const struct sample {
		uint8_t next;
		struct span extension;
	} samples[] = {
	    {HOP_BY_HOP, span_of(hop, 8)},  {DESTINATION, span_of(wide, 16)},
	    {ROUTING, span_of(routed, 24)}, {FRAGMENT, span_of(first, 8)},
	    {AUTH, span_of(auth, 24)},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct packet p = v6(samples[i].next, samples[i].extension, UDP_BODY);

		assert_read(&p, UDP, true);
	}
}

static void
a_routing_header_that_leads_further_is_refused(void **state)
{
	uint8_t routed[24] = {UDP, 2, 0, 1};

	(void)state;
	for (unsigned type = 0; type < 256; type++)
		for (unsigned left = 0; left < 256; left += 51) {
			routed[2] = (uint8_t)type;
			routed[3] = (uint8_t)left;
			struct packet p = v6(ROUTING, span_of(routed, sizeof routed), UDP_BODY);
			assert_true(is_one(&p) == (left == 0));
		}
}

static void
more_than_8_extensions_are_refused(void **state)
{
	uint8_t chain[9 * 8] = {0};

	(void)state;
	for (size_t count = 1; count <= 9; count++) {
		for (size_t i = 0; i < count; i++)
			chain[i * 8] = i + 1 < count ? DESTINATION : UDP;
		struct packet p = v6(DESTINATION, span_of(chain, count * 8), UDP_BODY);
		assert_true(is_one(&p) == (count <= 8));
	}
}

static void
an_extension_that_is_longer_than_the_packet_is_refused(void **state)
{
	static const uint8_t nexts[] = {HOP_BY_HOP, ROUTING, AUTH, DESTINATION};
	uint8_t extension[8] = {UDP};

	(void)state;
	for (size_t i = 0; i < COUNT(nexts); i++)
		for (unsigned len = 3; len < 256; len++) {
			extension[1] = (uint8_t)len;
			struct packet p = v6(nexts[i], span_of(extension, 8), UDP_BODY);
			assert_false(is_one(&p));
		}
	/* Nor is there one where the packet ends. */
	for (size_t i = 0; i < COUNT(nexts); i++) {
		struct packet p = v6(nexts[i], SPAN_NONE, SPAN_NONE);
		assert_false(is_one(&p));
	}
}

static void
a_later_fragment_of_ipv6_has_no_ports(void **state)
{
	static const struct sample {
		uint8_t next;
		uint16_t offset;
	} samples[] = {
	    {UDP, 0x0008}, {TCP, 0x0009}, {UDP, 0xfff8}, {DESTINATION, 0x0010}, {FRAGMENT, 0x0010}};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		uint8_t fragment[8] = {samples[i].next, 0, (uint8_t)(samples[i].offset >> 8),
				       (uint8_t)samples[i].offset};
		struct packet p = v6(FRAGMENT, span_of(fragment, 8), UDP_BODY);
		struct packet empty = v6(FRAGMENT, span_of(fragment, 8), SPAN_NONE);

		assert_read(&p, samples[i].next, false);
		assert_read(&empty, samples[i].next, false);
	}
	/* The first one has the whole chain (RFC 7112), or is none. */
	uint8_t first[8] = {DESTINATION, 0, 0, 1};
	struct packet p = v6(FRAGMENT, span_of(first, 8), SPAN_NONE);
	assert_false(is_one(&p));
}

static void
no_next_header_is_a_protocol_too(void **state)
{
	struct packet p = v6(NOTHING, SPAN_NONE, SPAN_NONE);

	(void)state;
	assert_read(&p, NOTHING, false);
}

/* Else they would pass for another client's IPv4 address. */
static void
ipv4s_addresses_in_ipv6_are_refused(void **state)
{
	uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, 10, 86, 0, 3};

	(void)state;
	for (size_t at = 8; at <= 24; at += 16) {
		struct packet p = v6(UDP, SPAN_NONE, UDP_BODY);

		span_put(p.bytes + at, span_of(mapped, sizeof mapped));
		assert_false(is_one(&p));
	}
}

/* --- clamping */

/* Of TCP, over the pseudo-header as well: 0 where the checksum in it is right (RFC 9293 §3.1). */
static uint16_t
summed(const struct packet *p, size_t tcp)
{
	bool six = p->bytes[0] >> 4 == 6;
	size_t addresses = six ? 8 : 12, addresses_len = six ? 32 : 8;
	uint32_t sum = TCP + (uint32_t)(p->len - tcp);

	for (size_t i = 0; i < addresses_len; i += 2)
		sum += be16_at(p, addresses + i);
	for (size_t i = tcp; i < p->len; i++)
		sum += (uint32_t)p->bytes[i] << ((i - tcp) % 2 == 0 ? 8 : 0);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

#define CHECKSUM 16

static void
set_checksum(struct packet *p, size_t tcp)
{
	set_be16(p, tcp + CHECKSUM, 0);
	set_be16(p, tcp + CHECKSUM, summed(p, tcp));
	assert_int_equal(summed(p, tcp), 0);
}

#define SYN     0x02
#define SYN_ACK 0x12

/* A segment whose options have the MSS behind `before` NOPs; `seed` makes them differ. */
static struct packet
segment(bool six, uint8_t flags, size_t before, unsigned mss, unsigned seed)
{
	uint8_t body[64] = {0xc0, 0x01, 0x01, 0xbb};
	size_t options = (before + 4 + 3) / 4 * 4;

	assert_true(options <= 40);
	for (size_t i = 4; i < 12; i++)
		body[i] = (uint8_t)(seed >> (i % 4 * 8));
	body[12] = (uint8_t)((20 + options) / 4 << 4);
	body[13] = flags;
	memset(body + 20, 1, options);
	body[20 + before] = 2;
	body[21 + before] = 4;
	body[22 + before] = (uint8_t)(mss >> 8);
	body[23 + before] = (uint8_t)mss;
	struct span all = span_of(body, 20 + options + seed % 4); /* odd lengths, too */
	struct packet p = six ? v6(TCP, SPAN_NONE, all) : v4(TCP, 0x4000, SPAN_NONE, all);
	set_checksum(&p, six ? 40 : 20);
	return p;
}

static void
clamp(struct packet *p, unsigned mss)
{
	uint8_t *exact = test_malloc(p->len);

	memcpy(exact, p->bytes, p->len);
	inner_clamp(exact, p->len, mss);
	memcpy(p->bytes, exact, p->len);
	test_free(exact);
}

static void
assert_untouched(struct packet p, unsigned mss)
{
	struct packet before = p;

	clamp(&p, mss);
	assert_memory_equal(p.bytes, before.bytes, sizeof p.bytes);
}

static void
a_syn_says_no_more_than_fits_and_its_checksum_is_right(void **state)
{
	(void)state;
	for (unsigned six = 0; six < 2; six++)
		for (size_t before = 0; before < 36; before++)
			for (unsigned seed = 0; seed < 50; seed++) {
				size_t tcp = six ? 40 : 20, at = tcp + 20 + before + 2;
				unsigned fits = six ? 1340 : 1360;
				struct packet p = segment(six, seed % 2 ? SYN : SYN_ACK, before,
							  1361 + seed * 1200, seed * 2654435761u);

				clamp(&p, 1360);
				assert_int_equal(be16_at(&p, at), fits);
				assert_int_equal(summed(&p, tcp), 0);
				struct packet whole = p;
				set_checksum(&whole, tcp);
				assert_memory_equal(p.bytes, whole.bytes, p.len);
				assert_untouched(p, 1360);
			}
}

/* RFC 1624 §4: with equation 2 of RFC 1141 this very change gave 0xFFFF. */
static void
the_checksum_of_the_rfcs_example_becomes_0(void **state)
{
	struct packet p = segment(false, SYN, 0, 0x5555, 0);

	(void)state;
	set_be16(&p, 20 + CHECKSUM, 0xdd2f);
	clamp(&p, 0x3285);
	assert_int_equal(be16_at(&p, 20 + 22), 0x3285);
	assert_int_equal(be16_at(&p, 20 + CHECKSUM), 0);
}

static void
a_wrong_checksum_stays_wrong(void **state)
{
	struct packet p = segment(false, SYN, 0, 1460, 7);

	(void)state;
	p.bytes[20 + CHECKSUM] ^= 0x10;
	clamp(&p, 1300);
	assert_int_equal(be16_at(&p, 20 + 22), 1300);
	assert_int_not_equal(summed(&p, 20), 0);
}

static void
what_fits_stays_as_it_is(void **state)
{
	(void)state;
	assert_untouched(segment(false, SYN, 0, 1360, 1), 1360);
	assert_untouched(segment(false, SYN, 0, 536, 1), 1360);
	assert_untouched(segment(false, SYN, 0, 0, 1), 1360);
	assert_untouched(segment(true, SYN, 0, 1340, 1), 1360);
	assert_untouched(segment(false, SYN, 0, 65535, 1), 65535);
	assert_untouched(segment(false, SYN, 0, 1460, 1), 0);
	assert_untouched(segment(true, SYN, 0, 1460, 1), 20);
}

static void
other_segments_stay_as_they_are(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < 256; flags++)
		if ((flags & SYN) == 0)
			assert_untouched(segment(false, (uint8_t)flags, 0, 1460, flags), 1360);
	struct packet p = segment(false, SYN, 0, 1460, 1);
	p.bytes[9] = UDP;
	assert_untouched(p, 1360);
	p = segment(false, SYN, 0, 1460, 1);
	p.bytes[7] = 1; /* a later fragment */
	assert_untouched(p, 1360);
	p = segment(true, SYN, 0, 1460, 1);
	p.bytes[6] = ICMP6;
	assert_untouched(p, 1360);
}

static void
behind_options_and_extensions_it_is_found_too(void **state)
{
	static const uint8_t extension[] = {TCP, 0, 1, 4, 0, 0, 0, 0};
	struct packet six = segment(true, SYN, 3, 1460, 5), four = segment(false, SYN, 3, 1460, 5);
	struct packet a =
	    v6(DESTINATION, span_of(extension, 8), span_of(six.bytes + 40, six.len - 40));
	struct packet b = v4(TCP, 0, SPAN_OF("\1\1\1\0"), span_of(four.bytes + 20, four.len - 20));

	(void)state;
	clamp(&a, 1360);
	assert_int_equal(be16_at(&a, 48 + 20 + 3 + 2), 1340);
	/* Its sum has no extension in it: as long as that of the plain packet. */
	clamp(&six, 1360);
	assert_memory_equal(a.bytes + 48, six.bytes + 40, six.len - 40);
	clamp(&b, 1360);
	clamp(&four, 1360);
	assert_memory_equal(b.bytes + 24, four.bytes + 20, four.len - 20);
}

static void
broken_options_of_tcp_are_left_alone(void **state)
{
	static const struct sample {
		uint8_t options[4];
		uint8_t offset;
	} samples[] = {
	    {{2, 3, 0xff, 0}, 6},     {{2, 5, 0xff, 0xff}, 6}, {{2, 0, 0xff, 0xff}, 6},
	    {{2, 1, 0xff, 0xff}, 6},  {{0, 2, 4, 0xff}, 6},    {{1, 1, 1, 2}, 6},
	    {{1, 1, 2, 4}, 6},        {{3, 9, 0xff, 0xff}, 6}, {{2, 4, 0xff, 0xff}, 5},
	    {{2, 4, 0xff, 0xff}, 4},  {{2, 4, 0xff, 0xff}, 0}, {{2, 4, 0xff, 0xff}, 7},
	    {{2, 4, 0xff, 0xff}, 15},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		uint8_t body[24] = {1, 2, 3, 4, [12] = (uint8_t)(samples[i].offset << 4), SYN};

		span_put(body + 20, span_of(samples[i].options, 4));
		assert_untouched(v4(TCP, 0, SPAN_NONE, span_of(body, sizeof body)), 1360);
		assert_untouched(v6(TCP, SPAN_NONE, span_of(body, sizeof body)), 1360);
	}
}

static void
cut_anywhere_it_is_left_alone(void **state)
{
	(void)state;
	for (unsigned six = 0; six < 2; six++) {
		struct packet p = segment(six, SYN, 2, 1460, 4);

		p.len = (six ? 40 : 20) + 28;
		while (p.len-- > 0) {
			assert_untouched(p, 1360);
			set_be16(&p, six ? 4 : 2, (unsigned)(six ? p.len - 40 : p.len));
			assert_untouched(p, 1360); /* whole, but TCP's own header is cut */
		}
	}
	inner_clamp(NULL, 0, 1360);
}

/* --- what may be reached */

static struct network
net(const char *text)
{
	struct network n;

	assert_true(network_parse(span_str(text), &n));
	return n;
}

static bool
reaches(const struct reach *rows, size_t count, const char *to, uint8_t protocol, uint16_t port)
{
	struct inner in = {.from = ip("10.86.0.2"), .to = ip(to), .protocol = protocol};

	in.from.port = 443; /* of no matter */
	in.to.port = port;
	return reach_allows(rows, count, &in);
}

static void
the_first_row_that_fits_decides(void **state)
{
	const struct reach rows[] = {
	    {net("192.168.1.13/32"), false, 0, 0, 65535},
	    {net("192.168.1.0/24"), true, TCP, 22, 22},
	    {net("192.168.1.0/24"), false, TCP, 1, 1023},
	    {net("192.168.0.0/16"), true, 0, 0, 65535},
	    {net("fd00::/8"), true, UDP, 53, 53},
	};

	(void)state;
	assert_false(reaches(rows, COUNT(rows), "192.168.1.13", TCP, 22));
	assert_false(reaches(rows, COUNT(rows), "192.168.1.13", ICMP, 0));
	assert_true(reaches(rows, COUNT(rows), "192.168.1.14", TCP, 22));
	assert_false(reaches(rows, COUNT(rows), "192.168.1.14", TCP, 23));
	assert_true(reaches(rows, COUNT(rows), "192.168.1.14", UDP, 23));
	assert_true(reaches(rows, COUNT(rows), "192.168.1.14", TCP, 1024));
	assert_true(reaches(rows, COUNT(rows), "192.168.200.1", ICMP, 0));
	assert_true(reaches(rows, COUNT(rows), "fd00::53", UDP, 53));
	assert_false(reaches(rows, COUNT(rows), "fd00::53", UDP, 54));
	assert_false(reaches(rows, COUNT(rows), "fd00::53", TCP, 53));
}

static void
what_no_row_fits_is_denied(void **state)
{
	const struct reach everywhere[] = {{net("0.0.0.0/0"), true, 0, 0, 65535}};

	(void)state;
	assert_false(reaches(NULL, 0, "192.0.2.1", TCP, 443));
	assert_true(reaches(everywhere, 1, "192.0.2.1", TCP, 443));
	assert_false(reaches(everywhere, 1, "2001:db8::1", TCP, 443));
	assert_false(reaches(everywhere, 0, "192.0.2.1", TCP, 443));
}

static void
a_range_of_ports_has_no_packets_without(void **state)
{
	const struct reach rows[] = {{net("0.0.0.0/0"), true, 0, 0, 1023},
				     {net("::/0"), true, UDP, 0, 65535}};

	(void)state;
	assert_true(reaches(rows, COUNT(rows), "192.0.2.1", TCP, 1));
	assert_true(reaches(rows, COUNT(rows), "192.0.2.1", TCP, 1023));
	assert_false(reaches(rows, COUNT(rows), "192.0.2.1", TCP, 1024));
	assert_false(reaches(rows, COUNT(rows), "192.0.2.1", ICMP, 0));
	assert_false(reaches(rows, COUNT(rows), "192.0.2.1", TCP, 0)); /* a later fragment */
	assert_true(reaches(rows, COUNT(rows), "2001:db8::1", UDP, 0));
}

static void
what_is_for_a_cable_alone_is_told(void **state)
{
	static const struct {
		const char *from, *to;
		bool local;
	} cases[] = {
	    {"10.86.0.2", "203.0.113.10", false},
	    {"10.86.0.2", "223.255.255.255", false},
	    {"10.86.0.2", "224.0.0.251", true},
	    {"10.86.0.2", "255.255.255.255", true},
	    {"10.86.0.2", "169.254.169.254", true},
	    {"169.254.1.1", "203.0.113.10", true},
	    {"10.86.0.2", "169.253.255.255", false},
	    {"fd00::2", "2001:db8::1", false},
	    {"fe80::1", "ff02::2", true},
	    {"fd00::2", "febf::1", true},
	    {"fd00::2", "fec0::1", false},
	    {"fd00::2", "ff05::2", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct inner in = {.from = ip(cases[i].from), .to = ip(cases[i].to)};

		if (inner_is_local(&in) != cases[i].local)
			fail_msg("%s to %s", cases[i].from, cases[i].to);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_ports_and_protocol_are_read),
	    cmocka_unit_test(other_protocols_have_no_ports),
	    cmocka_unit_test(options_of_ipv4_are_passed_over),
	    cmocka_unit_test(broken_options_and_source_routes_are_refused),
	    cmocka_unit_test(only_a_first_fragment_has_ports),
	    cmocka_unit_test(cut_anywhere_it_is_no_packet),
	    cmocka_unit_test(what_stands_behind_the_end_is_not_of_it),
	    cmocka_unit_test(lengths_and_versions_that_cannot_be_are_refused),
	    cmocka_unit_test(extensions_are_walked),
	    cmocka_unit_test(a_routing_header_that_leads_further_is_refused),
	    cmocka_unit_test(more_than_8_extensions_are_refused),
	    cmocka_unit_test(an_extension_that_is_longer_than_the_packet_is_refused),
	    cmocka_unit_test(a_later_fragment_of_ipv6_has_no_ports),
	    cmocka_unit_test(no_next_header_is_a_protocol_too),
	    cmocka_unit_test(ipv4s_addresses_in_ipv6_are_refused),
	    cmocka_unit_test(what_is_for_a_cable_alone_is_told),
	    cmocka_unit_test(a_syn_says_no_more_than_fits_and_its_checksum_is_right),
	    cmocka_unit_test(the_checksum_of_the_rfcs_example_becomes_0),
	    cmocka_unit_test(a_wrong_checksum_stays_wrong),
	    cmocka_unit_test(what_fits_stays_as_it_is),
	    cmocka_unit_test(other_segments_stay_as_they_are),
	    cmocka_unit_test(behind_options_and_extensions_it_is_found_too),
	    cmocka_unit_test(broken_options_of_tcp_are_left_alone),
	    cmocka_unit_test(cut_anywhere_it_is_left_alone),
	    cmocka_unit_test(the_first_row_that_fits_decides),
	    cmocka_unit_test(what_no_row_fits_is_denied),
	    cmocka_unit_test(a_range_of_ports_has_no_packets_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
