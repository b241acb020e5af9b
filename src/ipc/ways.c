#include "ipc/ways.h"

#define TCP 6
#define UDP 17

static bool
put_row(const struct way *w, struct buf *out)
{
	return buf_byte(out, w->to.base.family) && buf_byte(out, w->to.bits) &&
	       buf_append(out, span_of(w->to.base.ip, sizeof w->to.base.ip)) &&
	       buf_byte(out, w->protocol) && buf_be16(out, w->port_from) &&
	       buf_be16(out, w->port_to) && buf_byte(out, w->route);
}

bool
ways_encode(const struct way *list, size_t count, struct buf *out)
{
	bool fits = count <= WAYS_MAX;

	for (size_t i = 0; i < count && fits; i++)
		fits = put_row(&list[i], out);
	return fits;
}

/* A prefix with bits behind it might be taken for more than it is. */
static bool
is_network(const struct network *n)
{
	const struct address *base = &n->base;

	if ((base->family != 4 && base->family != 6) || n->bits > (base->family == 4 ? 32 : 128))
		return false;
	const struct network sound = address_network(base, n->bits);
	return span_equal(span_of(sound.base.ip, sizeof sound.base.ip),
			  span_of(base->ip, sizeof base->ip));
}

static bool
is_sound(const struct way *w)
{
	bool has_ports = w->protocol == TCP || w->protocol == UDP;

	if (!is_network(&w->to))
		return false;
	if (w->port_to == 0)
		return w->port_from == 0;
	return has_ports && w->port_from > 0 && w->port_from <= w->port_to;
}

static bool
get_row(struct cursor *c, struct way *w)
{
	struct span ip;
	uint8_t route;

	*w = (struct way){.route = false};
	if (!cursor_u8(c, &w->to.base.family) || !cursor_u8(c, &w->to.bits) ||
	    !cursor_span(c, sizeof w->to.base.ip, &ip) || !cursor_u8(c, &w->protocol) ||
	    !cursor_be16(c, &w->port_from) || !cursor_be16(c, &w->port_to) ||
	    !cursor_u8(c, &route) || route > 1)
		return false;
	span_put(w->to.base.ip, ip);
	w->route = route == 1;
	return is_sound(w);
}

bool
ways_decode(struct span bytes, struct way *list, size_t *count)
{
	struct cursor c = cursor_of(bytes);
	size_t n = 0;

	*count = 0;
	while (cursor_left(&c) > 0)
		if (n == WAYS_MAX || !get_row(&c, &list[n++]))
			return false;
	*count = n;
	return true;
}
