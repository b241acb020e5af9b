#include "share/hello.h"

#include "base/text.h"

/* RFC 8446 §4, §4.2, §5.1; the lengths are of the headers before each body. */
#define RECORD_HANDSHAKE 22
#define RECORD_HEADER    5
#define RECORD_BODY_MAX  16384
#define MESSAGE_HELLO    1
#define MESSAGE_HEADER   4
#define RANDOM_LEN       32
#define SESSION_ID_MAX   32
#define TLS13            0x0304

enum { EXTENSION_SERVER_NAME = 0, EXTENSION_ALPN = 16, EXTENSION_SUPPORTED_VERSIONS = 43 };

/* The handshake message, out of its records. */
struct message {
	uint8_t bytes[HELLO_MAX];
	size_t len;
};

/* The message's full length, 0 while its header is not in yet; false: no hello, or too large. */
static bool
message_goal(const struct message *m, size_t *goal)
{
	struct cursor c = cursor_of(span_of(m->bytes, m->len));
	uint32_t len;
	uint8_t type;

	*goal = 0;
	if (!cursor_u8(&c, &type))
		return true;
	if (type != MESSAGE_HELLO)
		return false;
	if (!cursor_be24(&c, &len))
		return true;
	*goal = MESSAGE_HEADER + (size_t)len;
	return *goal <= HELLO_MAX;
}

/* Adds a record's part that has arrived. A record that holds more than the hello is refused. */
static enum verdict
take_record(struct cursor *c, struct message *m)
{
	uint8_t type, major, minor;
	struct span part;
	uint16_t len;
	size_t goal;

	if (!cursor_u8(c, &type) || !cursor_u8(c, &major) || !cursor_u8(c, &minor) ||
	    !cursor_be16(c, &len))
		return VERDICT_MORE;
	if (type != RECORD_HANDSHAKE || major != 3 || len == 0 || len > RECORD_BODY_MAX)
		return VERDICT_NO;
	size_t arrived = len < cursor_left(c) ? len : cursor_left(c);
	if (arrived > sizeof m->bytes - m->len || !cursor_span(c, arrived, &part))
		return VERDICT_NO;
	memcpy(m->bytes + m->len, part.p, part.len);
	m->len += part.len;
	if (!message_goal(m, &goal) || (goal > 0 && m->len + (len - arrived) > goal))
		return VERDICT_NO;
	return goal > 0 && m->len == goal ? VERDICT_YES : VERDICT_MORE;
}

static enum verdict
gather(struct span seen, struct message *m)
{
	struct cursor c = cursor_of(seen);

	while (cursor_left(&c) >= RECORD_HEADER) {
		enum verdict v = take_record(&c, m);

		if (v != VERDICT_MORE)
			return v;
	}
	return VERDICT_MORE;
}

static bool
is_name_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* Bytes that are in no host's name make the name nobody's, not the hello malformed. */
static void
take_name(struct span name, struct hello *out)
{
	if (name.p[name.len - 1] == '.')
		name.len--;
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = text_lower(name.p[i]);

		if (!is_name_char(c)) {
			memset(out->name, 0, sizeof out->name);
			return;
		}
		out->name[i] = (char)c;
	}
}

/* RFC 6066 §3: a list, in which host_name is the only type there is, and may stand once. */
static bool
read_server_name(struct cursor c, struct hello *out)
{
	struct span list, name;
	uint8_t type;

	if (!cursor_vec16(&c, &list) || cursor_left(&c) > 0)
		return false;
	c = cursor_of(list);
	if (!cursor_u8(&c, &type) || type != 0 || !cursor_vec16(&c, &name) || cursor_left(&c) > 0)
		return false;
	if (name.len == 0 || name.len > HELLO_NAME_MAX)
		return false;
	take_name(name, out);
	return true;
}

/* RFC 7301 §3.1. */
static bool
read_alpn(struct cursor c, struct hello *out)
{
	struct span list, protocol;
	bool all_fit = true;

	if (!cursor_vec16(&c, &list) || list.len == 0 || cursor_left(&c) > 0)
		return false;
	c = cursor_of(list);
	while (cursor_left(&c) > 0) {
		if (!cursor_vec8(&c, &protocol) || protocol.len == 0)
			return false;
		all_fit = all_fit && protocol.len < sizeof out->alpn - out->alpn_len;
		if (!all_fit)
			continue;
		out->alpn[out->alpn_len] = (uint8_t)protocol.len;
		memcpy(out->alpn + out->alpn_len + 1, protocol.p, protocol.len);
		out->alpn_len += 1 + protocol.len;
	}
	return true;
}

/* RFC 8446 §4.2.1. */
static bool
read_supported_versions(struct cursor c, struct hello *out)
{
	struct span list;
	uint16_t version;

	if (!cursor_vec8(&c, &list) || list.len == 0 || list.len % 2 != 0 || cursor_left(&c) > 0)
		return false;
	c = cursor_of(list);
	while (cursor_be16(&c, &version))
		if (version == TLS13)
			out->tls13 = true;
	return true;
}

static const struct extension {
	uint16_t type;
	bool (*read)(struct cursor c, struct hello *out);
} extensions[] = {
    {EXTENSION_SERVER_NAME, read_server_name},
    {EXTENSION_ALPN, read_alpn},
    {EXTENSION_SUPPORTED_VERSIONS, read_supported_versions},
};

static bool
read_extension(uint16_t type, struct span data, struct hello *out)
{
	for (size_t i = 0; i < COUNT(extensions); i++)
		if (extensions[i].type == type)
			return extensions[i].read(cursor_of(data), out);
	return true;
}

/* RFC 8446 §4.2: none may be there twice, known or not. */
static bool
read_extensions(struct cursor c, struct hello *out)
{
	uint8_t met[(UINT16_MAX + 1) / 8] = {0};
	struct span data;
	uint16_t type;

	while (cursor_left(&c) > 0) {
		if (!cursor_be16(&c, &type) || !cursor_vec16(&c, &data))
			return false;
		if ((met[type / 8] & 1u << type % 8) != 0 || !read_extension(type, data, out))
			return false;
		met[type / 8] |= (uint8_t)(1u << type % 8);
	}
	return true;
}

/* RFC 8446 §4.1.2. TLS 1.2 may end without extensions (RFC 5246 §7.4.1.2). */
static bool
read_hello(struct cursor c, struct hello *out)
{
	struct span session, suites, compressions, list;
	uint16_t version;

	if (!cursor_be16(&c, &version) || !cursor_skip(&c, RANDOM_LEN) ||
	    !cursor_vec8(&c, &session) || !cursor_vec16(&c, &suites) ||
	    !cursor_vec8(&c, &compressions))
		return false;
	if (version >> 8 != 3 || session.len > SESSION_ID_MAX || suites.len == 0 ||
	    suites.len % 2 != 0 || compressions.len == 0)
		return false;
	if (cursor_left(&c) == 0)
		return true;
	return cursor_vec16(&c, &list) && cursor_left(&c) == 0 &&
	       read_extensions(cursor_of(list), out);
}

/*
 * Linear in what was seen. A caller who asks again for each byte pays its square, of
 * CLASSIFY_MAX at most: a hello in crumbs of records is refused when it goes past that.
 */
enum verdict
hello_parse(struct span seen, struct hello *out)
{
	struct message m;
	enum verdict v;

	*out = (struct hello){0};
	m.len = 0;
	if ((v = gather(span_head(seen, CLASSIFY_MAX), &m)) == VERDICT_MORE)
		return seen.len < CLASSIFY_MAX ? VERDICT_MORE : VERDICT_NO;
	if (v == VERDICT_NO)
		return VERDICT_NO;
	if (read_hello(cursor_of(span_tail(span_of(m.bytes, m.len), MESSAGE_HEADER)), out))
		return VERDICT_YES;
	*out = (struct hello){0};
	return VERDICT_NO;
}

bool
hello_asks_for(const struct hello *hello, struct span protocol)
{
	struct cursor c = cursor_of(span_of(hello->alpn, hello->alpn_len));
	struct span asked;

	while (cursor_vec8(&c, &asked))
		if (span_equal(asked, protocol))
			return true;
	return false;
}
