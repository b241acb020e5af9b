#include "vpn/wire.h"

#include "tls/wrap_key.h"

#define BIT(opcode) (1u << (opcode))
#define DELIVERED                                                                                  \
	(BIT(OP_SOFT_RESET_V1) | BIT(OP_CONTROL_V1) | BIT(OP_RESET_CLIENT_V2) |                    \
	 BIT(OP_RESET_SERVER_V2) | BIT(OP_RESET_CLIENT_V3) | BIT(OP_CONTROL_WKC_V1))

static bool
is_among(unsigned opcode, uint32_t set)
{
	return opcode < 32 && (set >> opcode & 1) != 0;
}

bool
wire_is_control(unsigned opcode)
{
	return is_among(opcode, DELIVERED | BIT(OP_ACK_V1));
}

bool
wire_has_id(unsigned opcode)
{
	return is_among(opcode, DELIVERED);
}

static bool
read_acks(struct cursor *c, struct control *out)
{
	struct span acked;
	uint8_t count;

	if (!cursor_u8(c, &count) || count > ACKS_MAX)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!cursor_be32(c, &out->acks[i]))
			return false;
	if (count > 0) {
		if (!cursor_span(c, SESSION_ID, &acked))
			return false;
		span_put(out->acked, acked);
	}
	out->ack_count = count;
	return true;
}

bool
control_read(unsigned opcode, struct span body, struct control *out)
{
	struct cursor c = cursor_of(body);

	*out = (struct control){.ack_count = 0};
	if (!wire_is_control(opcode) || !read_acks(&c, out))
		return false;
	if (!wire_has_id(opcode))
		return cursor_left(&c) == 0;
	return cursor_be32(&c, &out->id) && cursor_span(&c, cursor_left(&c), &out->payload);
}

static size_t
size_of(unsigned opcode, const struct control *c)
{
	return 1 + (c->ack_count > 0 ? c->ack_count * 4 + SESSION_ID : 0) +
	       (wire_has_id(opcode) ? 4 : 0) + c->payload.len;
}

static bool
put_acks(const struct control *c, struct buf *out)
{
	bool good = buf_byte(out, (uint8_t)c->ack_count);

	for (size_t i = 0; i < c->ack_count && good; i++)
		good = buf_be32(out, c->acks[i]);
	return good && (c->ack_count == 0 || buf_append(out, span_of(c->acked, SESSION_ID)));
}

/* Once there is room for all of it, no part can fail. */
bool
control_write(unsigned opcode, const struct control *c, struct buf *out)
{
	bool has_id = wire_has_id(opcode);

	return wire_is_control(opcode) && c->ack_count <= ACKS_MAX &&
	       (has_id || c->payload.len == 0) && buf_room(out, size_of(opcode, c)) != NULL &&
	       put_acks(c, out) && (!has_id || buf_be32(out, c->id)) && buf_append(out, c->payload);
}

bool
wire_split(struct span packet, struct span *wrapped, struct span *key)
{
	struct cursor end = cursor_of(span_tail(packet, packet.len > 2 ? packet.len - 2 : 0));
	uint16_t len;

	if (!cursor_be16(&end, &len) || len < WRAPPED_MIN || len > WRAPPED_MAX || len >= packet.len)
		return false;
	*wrapped = span_head(packet, packet.len - len);
	*key = span_tail(packet, packet.len - len);
	return true;
}
