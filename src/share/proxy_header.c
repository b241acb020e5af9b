#include "share/proxy_header.h"

#include "base/text.h"

/* https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt, the sections named below. */
#define V1_SIGN   SPAN_OF("PROXY ")
#define V1_MAX    107 /* §2.1: the longest line, CRLF included */
#define V2_SIGN   SPAN_OF("\r\n\r\n\0\r\nQUIT\n")
#define V2_HEADER 16
#define V2_LOCAL  0x20
#define V2_PROXY  0x21
#define V2_TCP4   0x11
#define V2_TCP6   0x21

static bool
is_printable(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7E)
			return false;
	return true;
}

/* Cuts off what stands before the next single space. */
static struct span
next_word(struct span *line)
{
	size_t space = span_find(*line, ' ');
	struct span word = span_head(*line, space);

	*line = span_tail(*line, space + 1);
	return word;
}

static bool
read_port(struct span text, uint16_t *out)
{
	uint64_t port;

	if ((text.len > 1 && text.p[0] == '0') || !text_to_u64(text, UINT16_MAX, &port))
		return false;
	*out = (uint16_t)port;
	return true;
}

static bool
read_v1_address(struct span ip, struct span port, bool v6, struct address *out)
{
	bool written_as_v6 = span_find(ip, ':') < ip.len;

	return written_as_v6 == v6 && address_parse_ip(ip, out) && read_port(port, &out->port);
}

/* §2.1. After UNKNOWN anything may stand up to the line's end. */
static bool
read_v1_line(struct span line, struct proxied *out)
{
	struct span family = next_word(&line);
	bool v6 = span_equal(family, SPAN_OF("TCP6"));

	if (span_equal(family, SPAN_OF("UNKNOWN")))
		return true;
	if (!v6 && !span_equal(family, SPAN_OF("TCP4")))
		return false;
	struct span client = next_word(&line), server = next_word(&line);
	struct span client_port = next_word(&line);
	return read_v1_address(client, client_port, v6, &out->client) &&
	       read_v1_address(server, line, v6, &out->server);
}

static enum verdict
parse_v1(struct span seen, struct proxied *out)
{
	struct span line = span_head(seen, V1_MAX);
	size_t end = span_find(line, '\n');

	if (!span_equal(span_head(seen, V1_SIGN.len), span_head(V1_SIGN, seen.len)))
		return VERDICT_NO;
	if (end == line.len)
		return seen.len < V1_MAX ? VERDICT_MORE : VERDICT_NO;
	out->len = end + 1;
	if (line.p[end - 1] != '\r')
		return VERDICT_NO;
	line = span_tail(span_head(line, end - 1), V1_SIGN.len);
	return is_printable(line) && read_v1_line(line, out) ? VERDICT_YES : VERDICT_NO;
}

/* §2.2: what follows the addresses is of no use to us, but must be well-formed. */
static bool
skip_tlvs(struct cursor *c)
{
	struct span value;
	uint8_t type;

	while (cursor_left(c) > 0)
		if (!cursor_u8(c, &type) || !cursor_vec16(c, &value))
			return false;
	return true;
}

static bool
read_v2_addresses(struct cursor *c, bool v6, struct proxied *out)
{
	size_t len = v6 ? sizeof out->client.ip : 4;
	struct span client, server;
	uint16_t client_port, server_port;

	if (!cursor_span(c, len, &client) || !cursor_span(c, len, &server) ||
	    !cursor_be16(c, &client_port) || !cursor_be16(c, &server_port) || !skip_tlvs(c))
		return false;
	out->client = v6 ? address_v6(client.p, client_port) : address_v4(client.p, client_port);
	out->server = v6 ? address_v6(server.p, server_port) : address_v4(server.p, server_port);
	return true;
}

/* §2.2. LOCAL is the relay's own connection; a family we do not know has no address for us. */
static enum verdict
parse_v2(struct span seen, struct proxied *out)
{
	struct cursor c = cursor_of(span_tail(seen, V2_SIGN.len));
	uint8_t command, family;
	struct span body;
	uint16_t len;

	if (!span_equal(span_head(seen, V2_SIGN.len), span_head(V2_SIGN, seen.len)))
		return VERDICT_NO;
	if (!cursor_u8(&c, &command))
		return VERDICT_MORE;
	if (command != V2_LOCAL && command != V2_PROXY)
		return VERDICT_NO;
	if (!cursor_u8(&c, &family) || !cursor_be16(&c, &len))
		return VERDICT_MORE;
	if (len > PROXY_HEADER_MAX - V2_HEADER)
		return VERDICT_NO;
	if (!cursor_span(&c, len, &body))
		return VERDICT_MORE;
	out->len = V2_HEADER + (size_t)len;
	if (command == V2_LOCAL || (family != V2_TCP4 && family != V2_TCP6))
		return VERDICT_YES;
	c = cursor_of(body);
	return read_v2_addresses(&c, family == V2_TCP6, out) ? VERDICT_YES : VERDICT_NO;
}

enum verdict
proxy_header_parse(struct span seen, struct proxied *out)
{
	struct proxied found = {0};
	enum verdict v;

	*out = found;
	if (seen.len == 0)
		return VERDICT_MORE;
	v = seen.p[0] == 'P' ? parse_v1(seen, &found) : parse_v2(seen, &found);
	if (v == VERDICT_YES)
		*out = found;
	return v;
}

static bool
same_known_family(const struct address *a, const struct address *b)
{
	return a->family != 0 && a->family == b->family;
}

bool
proxy_header_v1(struct buf *out, const struct address *client, const struct address *server)
{
	char from[ADDRESS_TEXT_MAX], to[ADDRESS_TEXT_MAX];

	if (!same_known_family(client, server))
		return buf_append(out, SPAN_OF("PROXY UNKNOWN\r\n"));
	return buf_printf(out, "PROXY TCP%u %s %s %u %u\r\n", (unsigned)client->family,
			  address_ip_text(client, from), address_ip_text(server, to),
			  (unsigned)client->port, (unsigned)server->port);
}

/* Room is asked for once, so that a header is added whole or not at all. */
bool
proxy_header_v2(struct buf *out, const struct address *client, const struct address *server)
{
	size_t ip_len = !same_known_family(client, server) ? 0 : client->family == 6 ? 16 : 4;
	uint16_t body = ip_len > 0 ? (uint16_t)(2 * ip_len + 4) : 0;

	if (buf_room(out, V2_HEADER + (size_t)body) == NULL)
		return false;
	if (!buf_append(out, V2_SIGN) || !buf_byte(out, body > 0 ? V2_PROXY : V2_LOCAL) ||
	    !buf_byte(out, ip_len == 16  ? V2_TCP6
			   : ip_len == 4 ? V2_TCP4
					 : 0) ||
	    !buf_be16(out, body))
		return false;
	if (body == 0)
		return true;
	return buf_append(out, span_of(client->ip, ip_len)) &&
	       buf_append(out, span_of(server->ip, ip_len)) && buf_be16(out, client->port) &&
	       buf_be16(out, server->port);
}
