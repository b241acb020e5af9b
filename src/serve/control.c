#include "serve/control.h"

#include <inttypes.h>

#include "http/field.h"
#include "serve/admit.h"
#include "serve/policy.h"
#include "serve/proxy.h"
#include "serve/rewrite.h"
#include "serve/route.h"

#define RETRY_MS 5000 /* a control that crashed is back by then */

static const struct span own_fields = SPAN_INIT("x-sallyport-"),
			 own_cookie = SPAN_INIT("__Host-sallyport");

/* What the site says of its answers' fields is not said of the console's: its own policy of what
 * scripts may do, say, must not be replaced by a page's. */
void
control_serve(const struct serve *s, struct exchange *ex, const struct site *site,
	      const struct route *route)
{
	if (route != s->config->admin.route)
		policy_apply_fields(policy_of(s->policies, site, route), ex);
	proxy_serve(s, ex, site, route, rewrite_target(ex, route));
}

/* Whoever reads no body ends the connection when much of one is under way; that control has read
 * it all must not show. */
static bool
would_have_closed(const struct request *r)
{
	return r->version < 20 && r->length > EXCHANGE_WINDOW;
}

void
control_unknown(const struct serve *s, struct exchange *ex, const struct site *site,
		const struct route *route)
{
	exchange_hold(ex);
	ex->handler = NULL;
	ex->handling = NULL;
	ex->served_by = NULL;
	ex->wants_close |= would_have_closed(&ex->request);
	if (route == s->config->admin.route)
		exchange_respond_status(ex, 404, SPAN_NONE);
	else
		route_serve_content(s, ex, site);
	exchange_release(ex);
}

void
control_is_down(struct exchange *ex)
{
	admit_later(ex, 503, RETRY_MS);
}

bool
control_owns_field(struct span name)
{
	return span_starts_with(name, own_fields);
}

size_t
control_fields(const struct exchange *ex, struct field out[CONTROL_FIELDS])
{
	char *client = arena_get(ex->memory, ADDRESS_TEXT_MAX);
	const char *accepted = arena_printf(ex->memory, "%" PRId64, ex->client->accepted_ms);

	out[0] = (struct field){SPAN_OF("x-sallyport-client"),
				span_str(address_ip_text(ex->who, client))};
	out[1] = (struct field){SPAN_OF("x-sallyport-accepted"), span_str(accepted)};
	out[2] = (struct field){SPAN_OF("x-sallyport-door"),
				ex->client->admin ? SPAN_OF("admin") : SPAN_OF("site")};
	return CONTROL_FIELDS;
}

bool
control_says_unknown(const struct field *fields, size_t count)
{
	return field_find(fields, count, SPAN_OF("x-sallyport-unknown")) != NULL;
}

bool
control_says_last(const struct field *fields, size_t count)
{
	return field_find(fields, count, SPAN_OF("x-sallyport-last")) != NULL;
}

/* Also with more behind the name: whatever is called so is ours. */
static bool
is_ours(struct span pair)
{
	return span_equal_nocase(span_head(field_trim(pair), own_cookie.len), own_cookie);
}

static bool
has_ours(struct span value)
{
	while (value.len > 0) {
		size_t end = span_find(value, ';');

		if (is_ours(span_head(value, end)))
			return true;
		value = span_tail(value, end + 1);
	}
	return false;
}

/* RFC 6265 §4.2.1: pairs with "; " between them. */
struct span
control_strip_cookie(struct arena *memory, struct span value)
{
	uint8_t *start, *to;

	if (!has_ours(value))
		return value;
	start = to = arena_get(memory, 2 * value.len + 1);
	while (value.len > 0) {
		size_t end = span_find(value, ';');
		struct span pair = field_trim(span_head(value, end));

		value = span_tail(value, end + 1);
		if (pair.len == 0 || is_ours(pair))
			continue;
		if (to > start)
			to = span_put(to, SPAN_OF("; "));
		to = span_put(to, pair);
	}
	return span_of(start, (size_t)(to - start));
}
