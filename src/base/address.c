#include "base/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define IPV4_BYTES 4
#define IPV6_BYTES 16

/* RFC 4291 §2.5.5.2. */
static const uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

struct address
address_v4(const uint8_t ip[4], uint16_t port)
{
	struct address a = {.family = 4, .port = port};

	memcpy(a.ip, ip, IPV4_BYTES);
	return a;
}

struct address
address_v6(const uint8_t ip[16], uint16_t port)
{
	struct address a = {.family = 6, .port = port};

	if (memcmp(ip, mapped, sizeof mapped) == 0)
		return address_v4(ip + sizeof mapped, port);
	memcpy(a.ip, ip, IPV6_BYTES);
	return a;
}

static size_t
ip_len(const struct address *a)
{
	return a->family == 4 ? IPV4_BYTES : a->family == 6 ? IPV6_BYTES : 0;
}

bool
address_parse_ip(struct span text, struct address *out)
{
	char string[INET6_ADDRSTRLEN];
	uint8_t ip[IPV6_BYTES];

	if (text.len == 0 || text.len >= sizeof string || span_find(text, '\0') < text.len)
		return false;
	memcpy(string, text.p, text.len);
	string[text.len] = '\0';
	if (inet_pton(AF_INET, string, ip) == 1)
		*out = address_v4(ip, 0);
	else if (inet_pton(AF_INET6, string, ip) == 1)
		*out = address_v6(ip, 0);
	else
		return false;
	return true;
}

/* Cuts "host:port" or "[host]:port" in two. An IPv6 address without brackets has no port. */
static bool
split_port(struct span text, struct span *host, struct span *port)
{
	bool bracketed = text.len > 0 && text.p[0] == '[';
	struct span rest = bracketed ? span_tail(text, 1) : text;
	size_t end = span_find(rest, bracketed ? ']' : ':');

	*host = span_head(rest, end);
	*port = span_tail(rest, end);
	if (bracketed)
		*port = span_tail(*port, 1);
	if (port->len == 0 || port->p[0] != ':')
		return false;
	*port = span_tail(*port, 1);
	return bracketed == (span_find(*host, ':') < host->len);
}

bool
address_parse(struct span text, struct address *out)
{
	struct span host, port;
	struct address a;
	uint64_t number;

	if (!split_port(text, &host, &port) || !address_parse_ip(host, &a) ||
	    !text_to_u64(port, UINT16_MAX, &number))
		return false;
	a.port = (uint16_t)number;
	*out = a;
	return true;
}

/* Byte `i` of the mask that has `bits` ones. */
static uint8_t
mask_byte(unsigned bits, size_t i)
{
	if (bits >= 8 * (i + 1))
		return 0xFF;
	return bits <= 8 * i ? 0 : (uint8_t)(0xFF << (8 - (bits - 8 * i)));
}

static bool
has_bits_past(const struct address *a, unsigned bits)
{
	for (size_t i = 0; i < ip_len(a); i++)
		if ((a->ip[i] & ~mask_byte(bits, i)) != 0)
			return true;
	return false;
}

bool
network_parse(struct span text, struct network *out)
{
	size_t slash = span_find(text, '/');
	struct span host = span_head(text, slash);
	unsigned unwrapped = 0;
	struct address base;
	uint64_t bits;

	if (!address_parse_ip(host, &base))
		return false;
	/* ::ffff:10.0.0.0/104 is 10.0.0.0/8. */
	if (base.family == 4 && span_find(host, ':') < host.len)
		unwrapped = 8 * sizeof mapped;
	unsigned most = unwrapped + 8 * (unsigned)ip_len(&base);
	if (slash == text.len)
		bits = most;
	else if (!text_to_u64(span_tail(text, slash + 1), most, &bits) || bits < unwrapped)
		return false;
	bits -= unwrapped;
	if (has_bits_past(&base, (unsigned)bits))
		return false;
	*out = (struct network){.base = base, .bits = (uint8_t)bits};
	return true;
}

struct network
address_network(const struct address *a, unsigned bits)
{
	struct network net = {.base = {.family = a->family}, .bits = (uint8_t)bits};

	for (size_t i = 0; i < ip_len(a); i++)
		net.base.ip[i] = a->ip[i] & mask_byte(bits, i);
	return net;
}

bool
address_equal(const struct address *a, const struct address *b)
{
	return a->port == b->port && address_same_ip(a, b);
}

bool
address_same_ip(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, ip_len(a)) == 0;
}

bool
address_is_on_a_cable(const struct address *a)
{
	if (a->family == 4)
		return a->ip[0] >= 224 || (a->ip[0] == 169 && a->ip[1] == 254);
	return a->ip[0] == 0xff || (a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80);
}

bool
network_equal(const struct network *a, const struct network *b)
{
	return a->bits == b->bits && address_equal(&a->base, &b->base);
}

bool
network_has(const struct network *net, const struct address *a)
{
	if (a->family == 0 || a->family != net->base.family)
		return false;
	for (size_t i = 0; i < ip_len(a); i++)
		if (((a->ip[i] ^ net->base.ip[i]) & mask_byte(net->bits, i)) != 0)
			return false;
	return true;
}

bool
network_any_has(const struct network *list, size_t count, const struct address *a)
{
	for (size_t i = 0; i < count; i++)
		if (network_has(&list[i], a))
			return true;
	return false;
}

const char *
address_ip_text(const struct address *a, char text[ADDRESS_TEXT_MAX])
{
	int family = a->family == 4 ? AF_INET : AF_INET6;

	if (a->family == 0 || inet_ntop(family, a->ip, text, ADDRESS_TEXT_MAX) == NULL)
		snprintf(text, ADDRESS_TEXT_MAX, "-");
	return text;
}

const char *
address_text(const struct address *a, char text[ADDRESS_TEXT_MAX])
{
	char ip[ADDRESS_TEXT_MAX];

	address_ip_text(a, ip);
	if (a->family == 0)
		snprintf(text, ADDRESS_TEXT_MAX, "-");
	else
		snprintf(text, ADDRESS_TEXT_MAX, a->family == 6 ? "[%s]:%u" : "%s:%u", ip,
			 (unsigned)a->port);
	return text;
}

const char *
network_text(const struct network *net, char text[NETWORK_TEXT_MAX])
{
	char ip[ADDRESS_TEXT_MAX];

	snprintf(text, NETWORK_TEXT_MAX, "%s/%u", address_ip_text(&net->base, ip),
		 (unsigned)net->bits);
	return text;
}
