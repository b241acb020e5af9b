#include "vpn/inner.h"

#include <endian.h>

/* IP protocol numbers. */
enum {
	HOP_BY_HOP = 0,
	TCP = 6,
	UDP = 17,
	ROUTING = 43,
	FRAGMENT = 44,
	AUTH = 51,
	DESTINATION = 60
};

#define EXTENSIONS_MAX 8
#define V4_HEAD        20
#define TCP_HEAD       20
#define TCP_CHECKSUM   16 /* where it stands in the header */
#define TCP_SYN        0x02
#define V6_LONGER      20 /* than an IPv4 header */

/* A packet taken apart. */
struct parts {
	struct inner inner;
	struct span body; /* what the protocol's number is of */
	bool later;       /* a fragment but the first: the body begins anywhere */
};

/* Kinds of options in IPv4 (RFC 791 §3.1) and TCP (RFC 9293 §3.2). */
enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_MSS = 2, LOOSE_ROUTE = 131, STRICT_ROUTE = 137 };

enum option { OPTION, OPTIONS_END, OPTIONS_BAD };

/* The next option's kind and what is in it; both protocols have the same form. */
static enum option
next_option(struct cursor *c, uint8_t *kind, struct span *value)
{
	uint8_t len;

	do
		if (!cursor_u8(c, kind) || *kind == OPTION_END)
			return OPTIONS_END;
	while (*kind == OPTION_NOP);
	if (!cursor_u8(c, &len) || len < 2 || !cursor_span(c, len - 2u, value))
		return OPTIONS_BAD;
	return OPTION;
}

/* A source route makes another address than the header's the one it goes to. */
static bool
v4_options_are_good(struct span options)
{
	struct cursor c = cursor_of(options);
	enum option found;
	struct span value;
	uint8_t kind;

	while ((found = next_option(&c, &kind, &value)) == OPTION)
		if (kind == LOOSE_ROUTE || kind == STRICT_ROUTE)
			return false;
	return found == OPTIONS_END;
}

/* RFC 791 §3.1. */
static bool
read_v4(struct span packet, struct parts *p)
{
	struct cursor c = cursor_of(packet);
	struct span from, to, options;
	uint16_t total, fragment;
	uint8_t first;

	if (!cursor_u8(&c, &first) || !cursor_skip(&c, 1) || !cursor_be16(&c, &total) ||
	    !cursor_skip(&c, 2) || !cursor_be16(&c, &fragment) || !cursor_skip(&c, 1) ||
	    !cursor_u8(&c, &p->inner.protocol) || !cursor_skip(&c, 2) ||
	    !cursor_span(&c, 4, &from) || !cursor_span(&c, 4, &to))
		return false;
	size_t head = (first & 0x0fu) * 4;
	if (head < V4_HEAD || total < head || total > packet.len ||
	    !cursor_span(&c, head - V4_HEAD, &options) || !v4_options_are_good(options))
		return false;
	p->inner.from = address_v4(from.p, 0);
	p->inner.to = address_v4(to.p, 0);
	p->later = (fragment & 0x1fff) != 0;
	p->body = span_tail(span_head(packet, total), head);
	return true;
}

/* RFC 8200 §4.3, §4.6: the length is in units of 8 bytes, and does not count the first 8. */
static bool
pass_options(struct cursor *c, struct parts *p)
{
	uint8_t len;

	return cursor_u8(c, &p->inner.protocol) && cursor_u8(c, &len) &&
	       cursor_skip(c, len * 8u + 6);
}

/* RFC 8200 §4.4: with segments left, it goes on from where the header says. */
static bool
pass_routing(struct cursor *c, struct parts *p)
{
	uint8_t len, left;

	return cursor_u8(c, &p->inner.protocol) && cursor_u8(c, &len) && cursor_skip(c, 1) &&
	       cursor_u8(c, &left) && left == 0 && cursor_skip(c, len * 8u + 4);
}

/* RFC 8200 §4.5. */
static bool
pass_fragment(struct cursor *c, struct parts *p)
{
	uint16_t offset;

	if (!cursor_u8(c, &p->inner.protocol) || !cursor_skip(c, 1) || !cursor_be16(c, &offset) ||
	    !cursor_skip(c, 4))
		return false;
	p->later = (offset & 0xfff8) != 0;
	return true;
}

/* RFC 4302 §2.2: the length is in units of 4 bytes, less 2. */
static bool
pass_auth(struct cursor *c, struct parts *p)
{
	uint8_t len;

	return cursor_u8(c, &p->inner.protocol) && cursor_u8(c, &len) &&
	       cursor_skip(c, len * 4u + 6);
}

static const struct extension {
	uint8_t number;
	bool (*pass)(struct cursor *c, struct parts *p);
} extensions[] = {
    {HOP_BY_HOP, pass_options}, {ROUTING, pass_routing},     {FRAGMENT, pass_fragment},
    {AUTH, pass_auth},          {DESTINATION, pass_options},
};

static const struct extension *
extension_of(uint8_t number)
{
	for (size_t i = 0; i < COUNT(extensions); i++)
		if (extensions[i].number == number)
			return &extensions[i];
	return NULL;
}

/* Up to the header of what is carried; in a later fragment there is none. */
static bool
walk_extensions(struct cursor *c, struct parts *p)
{
	const struct extension *e;

	for (unsigned n = 0; !p->later && (e = extension_of(p->inner.protocol)) != NULL; n++)
		if (n == EXTENSIONS_MAX || !e->pass(c, p))
			return false;
	return true;
}

/* RFC 8200 §3. Addresses that stand for IPv4's have no place on a wire, and would pass for them. */
static bool
read_v6(struct span packet, struct parts *p)
{
	struct cursor c = cursor_of(packet);
	struct span from, to, rest;
	uint16_t len;

	if (!cursor_skip(&c, 4) || !cursor_be16(&c, &len) || !cursor_u8(&c, &p->inner.protocol) ||
	    !cursor_skip(&c, 1) || !cursor_span(&c, 16, &from) || !cursor_span(&c, 16, &to) ||
	    !cursor_span(&c, len, &rest))
		return false;
	p->inner.from = address_v6(from.p, 0);
	p->inner.to = address_v6(to.p, 0);
	if (p->inner.from.family != 6 || p->inner.to.family != 6)
		return false;
	c = cursor_of(rest);
	if (!walk_extensions(&c, p))
		return false;
	p->body = span_of(c.p, cursor_left(&c));
	return true;
}

/* TCP and UDP begin alike. Who cuts a packet before its ports wants them unseen. */
static bool
read_ports(struct parts *p)
{
	struct cursor c = cursor_of(p->body);

	if (p->later || (p->inner.protocol != TCP && p->inner.protocol != UDP))
		return true;
	return cursor_be16(&c, &p->inner.from.port) && cursor_be16(&c, &p->inner.to.port);
}

static bool
take_apart(struct span packet, struct parts *p)
{
	struct cursor c = cursor_of(packet);
	uint8_t first;

	*p = (struct parts){.later = false};
	if (!cursor_u8(&c, &first))
		return false;
	switch (first >> 4) {
	case 4:
		return read_v4(packet, p) && read_ports(p);
	case 6:
		return read_v6(packet, p) && read_ports(p);
	default:
		return false;
	}
}

bool
inner_read(struct span packet, struct inner *out)
{
	struct parts p;

	if (!take_apart(packet, &p))
		return false;
	*out = p.inner;
	return true;
}

bool
inner_is_local(const struct inner *packet)
{
	return address_is_on_a_cable(&packet->from) || address_is_on_a_cable(&packet->to);
}

static void
put_be16(uint8_t *to, uint16_t n)
{
	uint16_t big = htobe16(n);

	span_put(to, span_of(&big, sizeof big));
}

/* RFC 1624 §3, equation 3: of what was summed, a word has changed. */
static uint16_t
checksum_after(uint16_t checksum, uint16_t before, uint16_t after)
{
	uint32_t sum = (uint32_t)(uint16_t)~checksum + (uint16_t)~before + after;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The MSS that stands `at` bytes into the header; at an odd place its halves are of two words. */
static void
set_mss(uint8_t *tcp, uint16_t checksum, size_t at, uint16_t before, uint16_t after)
{
	put_be16(tcp + at, after);
	if (at % 2 != 0) {
		before = __builtin_bswap16(before);
		after = __builtin_bswap16(after);
	}
	put_be16(tcp + TCP_CHECKSUM, checksum_after(checksum, before, after));
}

/* The options of a SYN, RFC 9293 §3.1; false for any other segment. */
static bool
syn_options(struct span body, uint16_t *checksum, struct span *options)
{
	struct cursor c = cursor_of(body);
	uint8_t offset, flags;

	if (!cursor_skip(&c, 12) || !cursor_u8(&c, &offset) || !cursor_u8(&c, &flags) ||
	    !cursor_skip(&c, 2) || !cursor_be16(&c, checksum) || !cursor_skip(&c, 2))
		return false;
	size_t head = (offset >> 4) * 4u;
	return (flags & TCP_SYN) != 0 && head >= TCP_HEAD &&
	       cursor_span(&c, head - TCP_HEAD, options);
}

void
inner_clamp(uint8_t *packet, size_t len, unsigned mss)
{
	uint16_t checksum, said;
	struct span options, value;
	struct parts p;
	uint8_t kind;

	if (!take_apart(span_of(packet, len), &p) || p.later || p.inner.protocol != TCP ||
	    !syn_options(p.body, &checksum, &options))
		return;
	unsigned longer = p.inner.from.family == 6 ? V6_LONGER : 0;
	if (mss <= longer)
		return;
	struct cursor c = cursor_of(options);
	while (next_option(&c, &kind, &value) == OPTION) {
		struct cursor v = cursor_of(value);

		if (kind != OPTION_MSS || value.len != 2 || !cursor_be16(&v, &said))
			continue;
		if (said > mss - longer)
			set_mss(packet + (p.body.p - packet), checksum,
				(size_t)(value.p - p.body.p), said, (uint16_t)(mss - longer));
		return; /* there is but one */
	}
}

static bool
row_fits(const struct reach *r, const struct inner *packet)
{
	bool any_port = r->port_from == 0 && r->port_to == UINT16_MAX;
	uint16_t port = packet->to.port;

	if (!network_has(&r->to, &packet->to) ||
	    (r->protocol != 0 && r->protocol != packet->protocol))
		return false;
	return any_port || (port != 0 && port >= r->port_from && port <= r->port_to);
}

bool
reach_allows(const struct reach *rows, size_t count, const struct inner *packet)
{
	for (size_t i = 0; i < count; i++)
		if (row_fits(&rows[i], packet))
			return rows[i].allow;
	return false;
}
