#include "api/door.h"

#include <string.h>

#include "access/alerts.h"
#include "access/guard.h"
#include "access/signin.h"
#include "api/problem.h"
#include "api/tunnels.h"
#include "tls/hmac.h"

/* One pair of a Cookie field (RFC 6265 §5.4). */
static bool
cookie_next(struct span *list, struct span *name, struct span *value)
{
	if (list->len == 0)
		return false;
	size_t end = span_find(*list, ';');
	struct span pair = field_trim(span_head(*list, end));
	size_t equals = span_find(pair, '=');
	*name = span_head(pair, equals);
	*value = span_tail(pair, equals + 1);
	*list = span_tail(*list, end + 1);
	return true;
}

/* HTTP/2 may have a field for each cookie (RFC 9113 §8.2.3). Of two of our name one was planted,
 * by another host of the domain or over plain HTTP: then neither is taken. */
static struct span
session_token(const struct api_request *r)
{
	struct span token = SPAN_NONE;
	size_t found = 0;

	for (size_t i = 0; i < r->field_count; i++) {
		struct span list = r->fields[i].value, name, value;

		if (!span_equal(r->fields[i].name, SPAN_OF("cookie")))
			continue;
		while (cookie_next(&list, &name, &value)) {
			if (!span_equal(name, SPAN_OF(SESSION_COOKIE)))
				continue;
			token = value;
			found++;
		}
	}
	return found == 1 ? token : SPAN_NONE;
}

static struct outcome
by_token(struct api *api, const struct api_request *r, struct span authorization,
	 struct visitor *out)
{
	struct span scheme = SPAN_OF("bearer ");

	if (!span_equal_nocase(span_head(authorization, scheme.len), scheme))
		return outcome_new(OUTCOME_STRANGER,
				   "say \"Authorization: Bearer\" and a token of this server");
	return token_actor(&api->access, field_trim(span_tail(authorization, scheme.len)),
			   &r->client, &out->actor);
}

static struct outcome
look(struct api *api, const struct api_request *r, struct visitor *out)
{
	struct span authorization = api_field(r, "authorization"), cookie = session_token(r);

	if (authorization.len > 0)
		return by_token(api, r, authorization, out);
	if (cookie.len == 0)
		return OUTCOME_OK;
	struct outcome o =
	    session_actor(&api->access, cookie, &r->client, &out->actor, &out->session);
	if (!refused(o))
		out->token = cookie;
	return o;
}

void
door_look(struct api *api, const struct api_request *r, struct visitor *out)
{
	*out = (struct visitor){.actor = {.kind = ACTOR_STRANGER, .from = r->client}};
	if (r->door == API_MACHINE) {
		out->actor = (struct actor){.kind = ACTOR_MACHINE,
					    .level = LEVEL_ADMIN,
					    .name = r->caller,
					    .proved = api->access.now,
					    .from = {.family = 0}};
		return;
	}
	out->why = look(api, r, out);
	if (refused(out->why)) {
		out->actor = (struct actor){.kind = ACTOR_STRANGER, .from = r->client};
		out->session = (struct session){.id = 0};
	}
}

/* Whether `vpn` stands in it, and the address is one inside. */
static bool
is_inside(const struct config *config, const struct allow_list *list, const struct address *from)
{
	struct address at = from->family == 6 ? address_v6(from->ip, 0) : *from;

	return list->vpn &&
	       (network_has(&config->vpn.network, &at) || network_has(&config->vpn.network6, &at));
}

static bool
is_listed(const struct config *config, const struct allow_list *list, const struct address *from)
{
	return allow_list_has(list, from) || is_inside(config, list, from);
}

/*
 * What a client asks of this server's public address does not pass its tunnel, and comes from where
 * the tunnel itself does. From there its user is let in, and nobody else; who has not signed in yet
 * may do so.
 */
static bool
is_beside_tunnel(struct api *api, const struct api_request *r, const struct visitor *v,
		 enum door_list list)
{
	const struct admin *lists = &api->config->admin;
	bool counts = lists->allow.vpn || (list == DOOR_PORTAL && lists->portal.vpn);

	if (!counts || (v->actor.kind != ACTOR_STRANGER && v->actor.user == 0))
		return false;
	return tunnels_come_from(api, &r->client, v->actor.user);
}

bool
door_admits_address(const struct config *config, const struct api_request *r, enum door_list list)
{
	const struct admin *lists = &config->admin;

	return r->door == API_MACHINE || list == DOOR_OPEN ||
	       is_listed(config, &lists->allow, &r->client) ||
	       (list == DOOR_PORTAL && is_listed(config, &lists->portal, &r->client));
}

bool
door_admits(struct api *api, const struct api_request *r, const struct visitor *v,
	    enum door_list list)
{
	return door_admits_address(api->config, r, list) ||
	       v->session.free_until > api->access.now || is_beside_tunnel(api, r, v, list);
}

void
door_note_refused(struct api *api, const struct api_request *r)
{
	struct arena *memory = api->access.memory;
	char address[ADDRESS_TEXT_MAX];

	address_ip_text(&r->client, address);
	struct refusal note = {
	    .where = "console",
	    .address = address,
	    .reason = "The console was asked for from an address that is not in `admin { allow }`.",
	    .remedy = arena_printf(
		memory, "add %s to allow in the admin block of the configuration", address),
	};
	refusal_note(&api->access, &note);
	alert_raise(&api->access, ALERT_CONSOLE_REFUSED, address,
		    "The console was asked for from outside of `admin { allow }`.");
}

struct outcome
door_keeps(struct api *api, const struct api_request *r, const struct visitor *v)
{
	/* Of whoever has shown who he is, session_actor() or token_actor() has asked it. */
	if (v->actor.kind != ACTOR_STRANGER)
		return OUTCOME_OK;
	return guard_keeps(&api->access, NULL, &r->client);
}

static struct outcome
forged(const char *why)
{
	return outcome_typed(OUTCOME_FORBIDDEN, "forged", "%s", why);
}

/* Fetch Metadata (W3C): browsers say where a request comes from, and pages cannot say otherwise. */
static bool
is_same_origin(const struct api_request *r)
{
	struct span site = api_field(r, "sec-fetch-site");

	return site.len == 0 || span_equal(site, SPAN_OF("same-origin"));
}

struct outcome
door_meant(const struct api_request *r, const struct visitor *v)
{
	struct span given = api_field(r, "x-csrf-token");
	char wanted[SECRET_TEXT];

	if (r->door == API_MACHINE || v->actor.kind == ACTOR_TOKEN)
		return OUTCOME_OK;
	if (!is_same_origin(r))
		return forged("this request comes from another site's page");
	if (v->actor.kind != ACTOR_USER)
		return OUTCOME_OK;
	if (!session_csrf(v->token, wanted))
		return outcome_new(OUTCOME_DOWN, "this cannot be answered now");
	bool right = given.len == strlen(wanted) && hmac_equal(given.p, wanted, given.len);
	explicit_bzero(wanted, sizeof wanted);
	return right ? OUTCOME_OK
		     : forged("the field X-CSRF-Token must be what GET /session says as csrf");
}

/* "https://" and the host that was asked for. */
static bool
is_own_origin(const struct api_request *r, struct span origin)
{
	struct span https = SPAN_OF("https://");

	return r->host.len > 0 && span_starts_with(origin, https) &&
	       span_equal_nocase(span_tail(origin, https.len), r->host);
}

bool
door_is_own_form(const struct api_request *r)
{
	struct span site = api_field(r, "sec-fetch-site"), origin = api_field(r, "origin");

	if (r->door == API_MACHINE)
		return true;
	if (site.len > 0)
		return span_equal(site, SPAN_OF("same-origin"));
	return is_own_origin(r, origin);
}
