#include "share/classify.h"

/* A plaintext record's fragment; TLS 1.2 peers of old went a little over it. */
#define RECORD_MAX (16384 + 256)

#define METHOD_MAX 32

/*
 * Lengths of OpenVPN's first packet over TCP, without the two bytes that say so: from
 * no wrapping to the longest tls-auth HMAC, and tls-crypt-v2 with the shortest and the
 * longest wrapped key (290 and 1024 bytes).
 */
#define RESET_V2     0x38 /* P_CONTROL_HARD_RESET_CLIENT_V2 << 3, key 0 */
#define RESET_V2_MIN 14
#define RESET_V2_MAX 255
#define RESET_V3     0x50 /* P_CONTROL_HARD_RESET_CLIENT_V3 << 3, key 0 */
#define RESET_V3_MIN 344
#define RESET_V3_MAX 1078

static enum verdict
begins_with(struct span seen, struct span sign)
{
	if (!span_equal(span_head(seen, sign.len), span_head(sign, seen.len)))
		return VERDICT_NO;
	return seen.len >= sign.len ? VERDICT_YES : VERDICT_MORE;
}

/* Either version; the two share no first byte. */
static enum verdict
speaks_proxy(struct span seen)
{
	enum verdict v1 = begins_with(seen, SPAN_OF("PROXY "));

	if (v1 != VERDICT_NO)
		return v1;
	return begins_with(seen, SPAN_OF("\r\n\r\n\0\r\nQUIT\n"));
}

/* RFC 8446 §5.1: handshake (22), legacy version, length; then §4: client_hello (1). */
static enum verdict
speaks_tls(struct span seen)
{
	struct cursor c = cursor_of(seen);
	uint8_t type, major, minor, message;
	uint16_t len;

	if (!cursor_u8(&c, &type))
		return VERDICT_MORE;
	if (type != 22)
		return VERDICT_NO;
	if (!cursor_u8(&c, &major))
		return VERDICT_MORE;
	if (major != 3)
		return VERDICT_NO;
	if (!cursor_u8(&c, &minor))
		return VERDICT_MORE;
	if (minor > 4)
		return VERDICT_NO;
	if (!cursor_be16(&c, &len))
		return VERDICT_MORE;
	if (len == 0 || len > RECORD_MAX)
		return VERDICT_NO;
	if (!cursor_u8(&c, &message))
		return VERDICT_MORE;
	return message == 1 ? VERDICT_YES : VERDICT_NO;
}

static bool
fits_v2(unsigned len)
{
	return len >= RESET_V2_MIN && len <= RESET_V2_MAX;
}

static bool
fits_v3(unsigned len)
{
	return len >= RESET_V3_MIN && len <= RESET_V3_MAX;
}

/*
 * Two bytes could be anything, and a client may send no more at first: deciding on them
 * sends tls-crypt-v2 to the web server. Three collide with nothing that is in use; only
 * SOCKS 4 to a port 0x50xx looks the same (04 01 50).
 */
static enum verdict
speaks_openvpn(struct span seen)
{
	struct cursor c = cursor_of(seen);
	uint8_t opcode;
	uint16_t len;

	if (!cursor_be16(&c, &len))
		return seen.len == 0 || seen.p[0] <= RESET_V3_MAX >> 8 ? VERDICT_MORE : VERDICT_NO;
	if (!fits_v2(len) && !fits_v3(len))
		return VERDICT_NO;
	if (!cursor_u8(&c, &opcode))
		return VERDICT_MORE;
	if (opcode == RESET_V2)
		return fits_v2(len) ? VERDICT_YES : VERDICT_NO;
	if (opcode == RESET_V3)
		return fits_v3(len) ? VERDICT_YES : VERDICT_NO;
	return VERDICT_NO;
}

/* RFC 4253 §4.2. A client may not send other lines before it, as a server may. */
static enum verdict
speaks_ssh(struct span seen)
{
	return begins_with(seen, SPAN_OF("SSH-"));
}

/* RFC 9113 §3.4. */
static enum verdict
speaks_http2(struct span seen)
{
	return begins_with(seen, SPAN_OF("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
}

/* M-SEARCH and SSTP_DUPLEX_POST are methods too; RFC 9110 §9.1 allows more, nobody sends it. */
static bool
is_method_char(uint8_t c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (!first && (c == '-' || c == '_'));
}

/* RFC 9112 §3: a method and a space. Told from HTTP/2 and SSH by their rules, above. */
static enum verdict
speaks_http1(struct span seen)
{
	size_t n = 0;

	while (n < seen.len && n < METHOD_MAX && is_method_char(seen.p[n], n == 0))
		n++;
	if (n == seen.len)
		return VERDICT_MORE;
	return n > 0 && seen.p[n] == ' ' ? VERDICT_YES : VERDICT_NO;
}

/* In order: a rule may rely on those above it having said no. */
static const struct rule {
	enum protocol protocol;
	enum verdict (*speaks)(struct span seen);
} rules[] = {
    {PROTOCOL_PROXY, speaks_proxy},     {PROTOCOL_TLS, speaks_tls},
    {PROTOCOL_OPENVPN, speaks_openvpn}, {PROTOCOL_SSH, speaks_ssh},
    {PROTOCOL_HTTP2, speaks_http2},     {PROTOCOL_HTTP1, speaks_http1},
};

/*
 * While a rule is undecided those below it are not heard: "PRI " is a method, but also
 * how HTTP/2 begins. As no rule ever takes back a yes or a no, neither does classify().
 */
enum verdict
classify(struct span seen, unsigned among, bool last, enum protocol *protocol)
{
	for (size_t i = 0; i < COUNT(rules); i++) {
		if ((among & PROTOCOL_BIT(rules[i].protocol)) == 0)
			continue;
		switch (rules[i].speaks(seen)) {
		case VERDICT_YES:
			*protocol = rules[i].protocol;
			return VERDICT_YES;
		case VERDICT_MORE:
			if (!last)
				return VERDICT_MORE;
			break;
		case VERDICT_NO:
			break;
		}
	}
	return VERDICT_NO;
}

const char *
protocol_name(enum protocol protocol)
{
	static const char *const names[] = {
	    [PROTOCOL_NONE] = "none",   [PROTOCOL_TLS] = "tls",     [PROTOCOL_OPENVPN] = "openvpn",
	    [PROTOCOL_SSH] = "ssh",     [PROTOCOL_HTTP2] = "http2", [PROTOCOL_HTTP1] = "http",
	    [PROTOCOL_PROXY] = "proxy",
	};

	return names[protocol];
}
