#include "ipc/message.h"

#include <string.h>

enum field_bit {
	F_GENERATION = 1 << 0,
	F_INDEX = 1 << 1,
	F_MEMBER = 1 << 2,
	F_WORKER = 1 << 3,
	F_KIND = 1 << 4,
	F_VALUE = 1 << 5,
	F_ADDRESSES = 1 << 6,
	F_COUNTERS = 1 << 7,
	F_TEXT = 1 << 8,
	F_BYTES = 1 << 9,
};

/* Roles as bits: who may say it. */
#define BY(role) (1u << (role))

static const struct shape {
	unsigned senders;
	unsigned fields;
	size_t fds;
} shapes[] = {
    [MESSAGE_SNAPSHOT] = {BY(ROLE_WARDEN), F_GENERATION | F_WORKER | F_KIND | F_TEXT, 1},
    [MESSAGE_LISTENER] = {BY(ROLE_WARDEN), F_WORKER | F_KIND | F_ADDRESSES, 1},
    [MESSAGE_ROOT] = {BY(ROLE_WARDEN), F_INDEX, 1},
    [MESSAGE_ACME_ROOT] = {BY(ROLE_WARDEN), 0, 1},
    [MESSAGE_PAIR] = {BY(ROLE_WARDEN), F_INDEX | F_MEMBER, 2},
    [MESSAGE_ADDRESSES] = {BY(ROLE_WARDEN), F_INDEX | F_MEMBER | F_ADDRESSES, 0},
    [MESSAGE_SOCKET] = {BY(ROLE_WARDEN), F_INDEX | F_MEMBER | F_TEXT, 1},
    [MESSAGE_AUTHORITY] = {BY(ROLE_WARDEN), F_INDEX, 1},
    [MESSAGE_APPLY] = {BY(ROLE_WARDEN), F_GENERATION, 0},
    [MESSAGE_APPLIED] = {BY(ROLE_EDGE) | BY(ROLE_CONTROL) | BY(ROLE_TUNNEL), F_GENERATION, 0},
    [MESSAGE_REFUSED] = {BY(ROLE_EDGE) | BY(ROLE_CONTROL) | BY(ROLE_TUNNEL), F_GENERATION | F_TEXT,
			 0},
    [MESSAGE_LOG] = {BY(ROLE_WARDEN), 0, 1},
    [MESSAGE_DRAIN] = {BY(ROLE_WARDEN), F_VALUE, 0},
    [MESSAGE_INETD] = {BY(ROLE_EDGE), F_GENERATION | F_ADDRESSES, 1},
    [MESSAGE_ASK] = {BY(ROLE_WARDEN) | BY(ROLE_CONTROL), 0, 0},
    [MESSAGE_STATUS] = {BY(ROLE_EDGE) | BY(ROLE_WARDEN) | BY(ROLE_TUNNEL), F_KIND | F_COUNTERS, 0},
    [MESSAGE_SERVER] = {BY(ROLE_EDGE), F_INDEX | F_MEMBER | F_KIND | F_COUNTERS, 0},
    [MESSAGE_RESOLVE] = {BY(ROLE_WARDEN), F_INDEX | F_TEXT, 0},
    [MESSAGE_RESOLVED] = {BY(ROLE_RESOLVER), F_INDEX | F_ADDRESSES | F_TEXT, 0},
    [MESSAGE_STATE] = {BY(ROLE_WARDEN), 0, 1},
    [MESSAGE_CALL] = {BY(ROLE_CONTROL) | BY(ROLE_TUNNEL), F_KIND | F_VALUE | F_TEXT, 1},
    [MESSAGE_RESULT] = {BY(ROLE_WARDEN) | BY(ROLE_EDGE) | BY(ROLE_CONTROL) | BY(ROLE_TUNNEL),
			F_KIND | F_VALUE | F_TEXT, 1},
    [MESSAGE_SETUP] = {BY(ROLE_CONTROL), F_TEXT, 0},
    [MESSAGE_PEER] = {BY(ROLE_WARDEN), F_KIND, 1},
    [MESSAGE_TUN] = {BY(ROLE_WARDEN), F_WORKER | F_KIND, 1},
    [MESSAGE_FIRST] = {BY(ROLE_EDGE), F_VALUE | F_ADDRESSES | F_BYTES, 0},
    [MESSAGE_VERDICT] = {BY(ROLE_TUNNEL), F_VALUE | F_KIND, 0},
    [MESSAGE_HANDED] = {BY(ROLE_EDGE), F_VALUE | F_ADDRESSES, 1},
    [MESSAGE_CHANGED] = {BY(ROLE_CONTROL), 0, 0},
    [MESSAGE_WAYS] = {BY(ROLE_TUNNEL), F_VALUE | F_ADDRESSES, 1},
    [MESSAGE_ROUTED] = {BY(ROLE_WARDEN), F_VALUE, 0},
};

static const struct shape *
shape_of(uint32_t type)
{
	return type < COUNT(shapes) && shapes[type].senders != 0 ? &shapes[type] : NULL;
}

const char *
role_name(enum role role)
{
	static const char *const names[] = {[ROLE_WARDEN] = "warden",
					    [ROLE_EDGE] = "edge",
					    [ROLE_RESOLVER] = "resolver",
					    [ROLE_CONTROL] = "control",
					    [ROLE_TUNNEL] = "tunnel"};

	return names[role];
}

size_t
message_fds(enum message_type type)
{
	const struct shape *shape = shape_of(type);

	return shape != NULL ? shape->fds : 0;
}

static bool
put_be64(struct buf *out, uint64_t value)
{
	return buf_be32(out, (uint32_t)(value >> 32)) && buf_be32(out, (uint32_t)value);
}

static bool
put_addresses(struct buf *out, const struct message *m)
{
	if (m->address_count > MESSAGE_ADDRESSES_MAX || !buf_be16(out, (uint16_t)m->address_count))
		return false;
	for (size_t i = 0; i < m->address_count; i++) {
		const struct address *a = &m->addresses[i];

		if (!buf_byte(out, a->family) || !buf_append(out, span_of(a->ip, sizeof a->ip)) ||
		    !buf_be16(out, a->port))
			return false;
	}
	return true;
}

static bool
put_counters(struct buf *out, const struct message *m)
{
	for (size_t i = 0; i < MESSAGE_COUNTERS; i++)
		if (!put_be64(out, m->counters[i]))
			return false;
	return true;
}

static bool
put_text(struct buf *out, const struct message *m)
{
	size_t len = strnlen(m->text, sizeof m->text);

	return buf_be16(out, (uint16_t)len) && buf_append(out, span_of(m->text, len));
}

static bool
put_bytes(struct buf *out, const struct message *m)
{
	return m->byte_count <= sizeof m->bytes && buf_be16(out, (uint16_t)m->byte_count) &&
	       buf_append(out, span_of(m->bytes, m->byte_count));
}

bool
message_encode(const struct message *m, struct buf *out)
{
	const struct shape *shape = shape_of(m->type);
	unsigned f = shape != NULL ? shape->fields : 0;

	return shape != NULL && buf_be32(out, m->type) &&
	       (!(f & F_GENERATION) || put_be64(out, m->generation)) &&
	       (!(f & F_INDEX) || buf_be32(out, m->index)) &&
	       (!(f & F_MEMBER) || buf_be32(out, m->member)) &&
	       (!(f & F_WORKER) || buf_be32(out, m->worker)) &&
	       (!(f & F_KIND) || buf_be32(out, m->kind)) &&
	       (!(f & F_VALUE) || put_be64(out, m->value)) &&
	       (!(f & F_ADDRESSES) || put_addresses(out, m)) &&
	       (!(f & F_COUNTERS) || put_counters(out, m)) && (!(f & F_TEXT) || put_text(out, m)) &&
	       (!(f & F_BYTES) || put_bytes(out, m));
}

static bool
get_be64(struct cursor *c, uint64_t *value)
{
	uint32_t high, low;

	if (!cursor_be32(c, &high) || !cursor_be32(c, &low))
		return false;
	*value = (uint64_t)high << 32 | low;
	return true;
}

static bool
get_address(struct cursor *c, struct address *a)
{
	struct span ip;

	if (!cursor_u8(c, &a->family) || !cursor_span(c, sizeof a->ip, &ip) ||
	    !cursor_be16(c, &a->port))
		return false;
	memcpy(a->ip, ip.p, sizeof a->ip);
	return a->family == 0 || a->family == 4 || a->family == 6;
}

static bool
get_addresses(struct cursor *c, struct message *m)
{
	uint16_t count;

	if (!cursor_be16(c, &count) || count > MESSAGE_ADDRESSES_MAX)
		return false;
	for (m->address_count = 0; m->address_count < count; m->address_count++)
		if (!get_address(c, &m->addresses[m->address_count]))
			return false;
	return true;
}

static bool
get_counters(struct cursor *c, struct message *m)
{
	for (size_t i = 0; i < MESSAGE_COUNTERS; i++)
		if (!get_be64(c, &m->counters[i]))
			return false;
	return true;
}

static bool
get_text(struct cursor *c, struct message *m)
{
	struct span text;

	if (!cursor_vec16(c, &text) || text.len >= sizeof m->text ||
	    span_find(text, '\0') != text.len)
		return false;
	if (text.len > 0)
		memcpy(m->text, text.p, text.len);
	return true;
}

static bool
get_bytes(struct cursor *c, struct message *m)
{
	struct span bytes;

	if (!cursor_vec16(c, &bytes) || bytes.len > sizeof m->bytes)
		return false;
	span_put(m->bytes, bytes);
	m->byte_count = bytes.len;
	return true;
}

bool
message_decode(struct span bytes, enum role sender, size_t fd_count, struct message *out)
{
	struct cursor c = cursor_of(bytes);
	uint32_t type;

	*out = (struct message){.type = 0};
	if (!cursor_be32(&c, &type))
		return false;
	const struct shape *shape = shape_of(type);
	if (shape == NULL || !(shape->senders & BY(sender)) || shape->fds != fd_count)
		return false;
	out->type = (enum message_type)type;
	unsigned f = shape->fields;
	return (!(f & F_GENERATION) || get_be64(&c, &out->generation)) &&
	       (!(f & F_INDEX) || cursor_be32(&c, &out->index)) &&
	       (!(f & F_MEMBER) || cursor_be32(&c, &out->member)) &&
	       (!(f & F_WORKER) || cursor_be32(&c, &out->worker)) &&
	       (!(f & F_KIND) || cursor_be32(&c, &out->kind)) &&
	       (!(f & F_VALUE) || get_be64(&c, &out->value)) &&
	       (!(f & F_ADDRESSES) || get_addresses(&c, out)) &&
	       (!(f & F_COUNTERS) || get_counters(&c, out)) &&
	       (!(f & F_TEXT) || get_text(&c, out)) && (!(f & F_BYTES) || get_bytes(&c, out)) &&
	       cursor_left(&c) == 0;
}
