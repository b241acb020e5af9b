#include "serve/forwarded.h"

#include "base/text.h"
#include "http/field.h"

#define ENTRY_MAX (sizeof "for=\"[]\";host=\"\";proto=https" + ADDRESS_TEXT_MAX)

static const struct span for_name = SPAN_INIT("x-forwarded-for"),
			 proto_name = SPAN_INIT("x-forwarded-proto"),
			 host_name = SPAN_INIT("x-forwarded-host"),
			 real_name = SPAN_INIT("x-real-ip"), entry_name = SPAN_INIT("forwarded");

/* What we say ourselves. */
static const struct span *const ours[FORWARDED_FIELDS] = {&for_name, &proto_name, &host_name,
							  &real_name, &entry_name};

/* What other proxies say in front of applications, which then believe anybody. */
static const struct span believed[] = {
    SPAN_INIT("cf-connecting-ip"),
    SPAN_INIT("client-ip"),
    SPAN_INIT("fastly-client-ip"),
    SPAN_INIT("true-client-ip"),
    SPAN_INIT("x-client-ip"),
    SPAN_INIT("x-cluster-client-ip"),
    SPAN_INIT("x-original-forwarded-for"),
    SPAN_INIT("x-original-uri"), /* these three: in place of the path that we routed by */
    SPAN_INIT("x-original-url"),
    SPAN_INIT("x-rewrite-url"),
};

bool
forwarded_is_trusted(const struct config *c, const struct client *client)
{
	return network_any_has(c->trust_forwarded, c->trust_forwarded_count, &client->peer);
}

bool
forwarded_drops(struct span name, bool trusted)
{
	for (size_t i = 0; i < COUNT(ours); i++)
		if (span_equal(name, *ours[i]))
			return true;
	if (trusted)
		return false;
	for (size_t i = 0; i < COUNT(believed); i++)
		if (span_equal(name, believed[i]))
			return true;
	/* -User, -Groups, -Prefix …: a proxy that authenticates people says who they are so. */
	return span_starts_with(name, SPAN_OF("x-forwarded-"));
}

/* All values of that name as one list, with room for `more` bytes behind. *end is where. */
static uint8_t *
join(const struct exchange *ex, struct span name, size_t more, uint8_t **end)
{
	const struct request *r = &ex->request;
	size_t size = more;

	for (size_t i = 0; i < r->field_count; i++)
		if (span_equal(r->fields[i].name, name))
			size += r->fields[i].value.len + 2;
	uint8_t *start = *end = arena_get(ex->memory, size);
	for (size_t i = 0; size > more && i < r->field_count; i++)
		if (span_equal(r->fields[i].name, name) && r->fields[i].value.len > 0)
			*end = span_put(span_put(*end, r->fields[i].value), SPAN_OF(", "));
	return start;
}

/* Who asks, as the fields say it; `ip` is empty where there is no address. */
struct asker {
	const struct exchange *ex;
	struct span ip;
	bool trusted;
};

static struct span
address_span(const struct exchange *ex, const struct address *a)
{
	char *text = arena_get(ex->memory, ADDRESS_TEXT_MAX);

	return a->family != 0 ? span_str(address_ip_text(a, text)) : SPAN_NONE;
}

static struct span
list_for(const struct asker *a)
{
	uint8_t *end;

	if (!a->trusted)
		return a->ip;
	uint8_t *start = join(a->ex, for_name, a->ip.len, &end);
	end = span_put(end, a->ip);
	return span_of(start, (size_t)(end - start));
}

/* RFC 7239 §4: what is no token is quoted, so IPv6 and whatever has a port. */
static uint8_t *
put_entry(uint8_t *to, const struct asker *a)
{
	struct span authority = a->ex->request.authority;
	bool v6 = a->ex->client->peer.family == 6, quote = !text_is_token(authority);

	to = span_put(to, v6 ? SPAN_OF("for=\"[") : SPAN_OF("for="));
	to = span_put(to, a->ip.len > 0 ? a->ip : SPAN_OF("unknown"));
	if (v6)
		to = span_put(to, SPAN_OF("]\""));
	if (authority.len > 0) {
		to = span_put(to, quote ? SPAN_OF(";host=\"") : SPAN_OF(";host="));
		to = span_put(span_put(to, authority), quote ? SPAN_OF("\"") : SPAN_NONE);
	}
	return span_put(to,
			a->ex->client->secure ? SPAN_OF(";proto=https") : SPAN_OF(";proto=http"));
}

static struct span
list_forwarded(const struct asker *a)
{
	uint8_t *end;
	uint8_t *start = join(a->ex, a->trusted ? entry_name : SPAN_NONE,
			      ENTRY_MAX + a->ex->request.authority.len, &end);

	end = put_entry(end, a);
	return span_of(start, (size_t)(end - start));
}

/* The last value of that name, where it is believed: the nearest proxy wrote it. */
static struct span
said(const struct asker *a, struct span name)
{
	const struct request *r = &a->ex->request;

	for (size_t i = a->trusted ? r->field_count : 0; i > 0; i--)
		if (span_equal(r->fields[i - 1].name, name))
			return r->fields[i - 1].value;
	return SPAN_NONE;
}

/* The last element of a list, which is taken from it. */
static bool
take_last(struct span *list, struct span *element)
{
	while (list->len > 0) {
		size_t at = list->len;

		while (at > 0 && list->p[at - 1] != ',')
			at--;
		*element = field_trim(span_tail(*list, at));
		*list = span_head(*list, at > 0 ? at - 1 : 0);
		if (element->len > 0)
			return true;
	}
	return false;
}

/* Of "fe80::1%eth0" the zone is of meaning on the proxy's machine alone (RFC 4007 §11). */
static bool
parse_element(struct span element, struct address *out)
{
	size_t zone = span_find(element, ':') < element.len ? span_find(element, '%') : element.len;

	return address_parse_ip(span_head(element, zone), out) || address_parse(element, out);
}

/*
 * From the nearest proxy on, each tells who came to it; the first that is not ours is as far
 * as they can be believed. What stands before it, anybody may have written. Whom one of ours
 * cannot name is nobody: not the proxy itself, which may be let in where strangers are not.
 */
static struct address
trace(const struct config *c, const struct exchange *ex)
{
	const struct request *r = &ex->request;
	struct address at = ex->client->peer, next, nowhere = {.family = 4}; /* 0.0.0.0 */
	struct span element;

	for (size_t i = r->field_count; i > 0; i--) {
		struct span list = r->fields[i - 1].value;

		if (!span_equal(r->fields[i - 1].name, for_name))
			continue;
		while (network_any_has(c->trust_forwarded, c->trust_forwarded_count, &at) &&
		       take_last(&list, &element)) {
			if (!parse_element(element, &next))
				return nowhere;
			next.port = 0;
			at = next;
		}
	}
	return at;
}

void
forwarded_tell(const struct config *c, struct exchange *ex)
{
	if (!forwarded_is_trusted(c, ex->client) || request_field(&ex->request, for_name) == NULL)
		return;
	struct address *who = ARENA_NEW(ex->memory, struct address);
	*who = trace(c, ex);
	ex->who = who;
}

static struct span
first_of(struct span a, struct span b)
{
	return a.len > 0 ? a : b;
}

/* A proxy that keeps a list up may still let X-Real-IP through as it came. */
static struct span
real_ip(const struct asker *a, bool has_list)
{
	struct span told = has_list ? SPAN_NONE : said(a, real_name);

	return first_of(told, address_span(a->ex, a->ex->who));
}

/*
 * A trusted peer that says X-Forwarded-For but not Forwarded, or the other way round, keeps
 * only that up: begun here, the other one would name the peer as the client.
 */
size_t
forwarded_fields(const struct config *c, const struct exchange *ex,
		 struct field out[FORWARDED_FIELDS])
{
	struct asker a = {ex, address_span(ex, &ex->client->peer),
			  forwarded_is_trusted(c, ex->client)};
	bool has_for = said(&a, for_name).len > 0, has_entry = said(&a, entry_name).len > 0;
	struct span scheme = ex->client->secure ? SPAN_OF("https") : SPAN_OF("http");
	struct span host = first_of(said(&a, host_name), ex->request.authority);
	size_t n = 0;

	if (a.ip.len > 0 && (has_for || !has_entry)) {
		out[n++] = (struct field){for_name, list_for(&a)};
		out[n++] = (struct field){real_name, real_ip(&a, has_for)};
	}
	out[n++] = (struct field){proto_name, first_of(said(&a, proto_name), scheme)};
	if (host.len > 0)
		out[n++] = (struct field){host_name, host};
	if (has_entry || !has_for)
		out[n++] = (struct field){entry_name, list_forwarded(&a)};
	return n;
}
