#include "share/direct.h"

/* The door of each protocol that is told from its first bytes. TLS has rules of its own. */
static const struct entrance {
	enum protocol protocol;
	size_t door;
} entrances[] = {
    {PROTOCOL_OPENVPN, offsetof(struct share, openvpn)},
    {PROTOCOL_SSH, offsetof(struct share, ssh)},
    {PROTOCOL_HTTP2, offsetof(struct share, http2)},
    {PROTOCOL_HTTP1, offsetof(struct share, http)},
};

static const struct door *
entrance_door(const struct entrance *e, const struct config *c)
{
	return (const struct door *)(const void *)((const char *)&c->share + e->door);
}

/* The VPN's own is no door here: it is asked about a first packet before anything else is, and
 * what it does not take is looked at as if there were none. */
static bool
leads_on(const struct door *door)
{
	return door->kind != DOOR_NONE && door->kind != DOOR_TUNNEL;
}

/* HTTP is told even where it has no door: a TLS port owes it an answer of its own. */
static bool
is_http(enum protocol protocol)
{
	return protocol == PROTOCOL_HTTP1 || protocol == PROTOCOL_HTTP2;
}

unsigned
direct_among(const struct config *c)
{
	unsigned among = PROTOCOL_BIT(PROTOCOL_TLS);

	for (size_t i = 0; i < COUNT(entrances); i++)
		if (leads_on(entrance_door(&entrances[i], c)) || is_http(entrances[i].protocol))
			among |= PROTOCOL_BIT(entrances[i].protocol);
	return among;
}

static struct direction
relay(const struct backends *to)
{
	return (struct direction){.kind = DIRECTION_RELAY, .rule = to->name, .to = to};
}

static struct direction
terminate(const struct site *site)
{
	return (struct direction){.kind = DIRECTION_TERMINATE, .rule = "tls", .site = site};
}

/* Through a door; where there is none, bytes that are not TLS get the web server's answer. */
static struct direction
through(const struct door *door, const char *rule)
{
	switch (door->kind) {
	case DOOR_RELAY:
		return (struct direction){.kind = DIRECTION_RELAY, .rule = rule, .to = door->to};
	case DOOR_INETD:
		return (struct direction){
		    .kind = DIRECTION_INETD, .rule = rule, .command = door->command};
	case DOOR_TUNNEL:
	case DOOR_NONE:
		break;
	}
	return (struct direction){.kind = DIRECTION_REFUSE, .rule = rule};
}

static bool
is_wildcard(const char *pattern)
{
	return pattern[0] == '*';
}

static bool
has_exactly(const struct site *site, struct span name)
{
	for (size_t i = 0; i < site->name_count; i++)
		if (!is_wildcard(site->names[i]) && config_name_fits(site->names[i], name))
			return true;
	return false;
}

static const struct backends *
sni_rule(const struct share *share, struct span name, bool wildcard)
{
	for (size_t i = 0; i < share->sni_count; i++)
		for (size_t j = 0; j < share->sni[i].count; j++) {
			const char *pattern = share->sni[i].values[j];

			if (is_wildcard(pattern) == wildcard && config_name_fits(pattern, name))
				return share->sni[i].to;
		}
	return NULL;
}

static const struct backends *
alpn_rule(const struct share *share, const struct hello *hello)
{
	for (size_t i = 0; i < share->alpn_count; i++)
		for (size_t j = 0; j < share->alpn[i].count; j++)
			if (hello_asks_for(hello, span_str(share->alpn[i].values[j])))
				return share->alpn[i].to;
	return NULL;
}

/* By the name, what is exact before what is a wildcard: false where the name is nobody's. */
static bool
direct_by_name(const struct config *c, struct span name, struct direction *out)
{
	const struct site *site = config_site(c, name);
	const struct backends *to;

	if (site != NULL && has_exactly(site, name))
		*out = terminate(site);
	else if ((to = sni_rule(&c->share, name, false)) != NULL)
		*out = relay(to);
	else if ((to = sni_rule(&c->share, name, true)) != NULL)
		*out = relay(to);
	else if (site != NULL)
		*out = terminate(site);
	else
		return false;
	return true;
}

static struct direction
direct_tls(const struct config *c, const struct hello *hello)
{
	const struct backends *to;
	struct direction found;

	if (hello == NULL)
		return terminate(NULL);
	if (hello->name[0] != '\0' && direct_by_name(c, span_str(hello->name), &found))
		return found;
	if ((to = alpn_rule(&c->share, hello)) != NULL)
		return relay(to);
	if (c->share.tls.kind != DOOR_NONE)
		return through(&c->share.tls, "tls");
	return terminate(NULL);
}

struct direction
direct(const struct config *c, enum protocol protocol, const struct hello *hello)
{
	if (protocol == PROTOCOL_TLS)
		return direct_tls(c, hello);
	for (size_t i = 0; i < COUNT(entrances); i++) {
		const struct door *door = entrance_door(&entrances[i], c);

		if (entrances[i].protocol == protocol && (leads_on(door) || is_http(protocol)))
			return through(door, protocol_name(protocol));
	}
	return through(&c->share.other, "other");
}

struct direction
direct_silent(const struct config *c)
{
	return through(&c->share.silent, "silent");
}
