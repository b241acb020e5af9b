#include "serve/policy.h"

#include "base/hash.h"
#include "base/mem.h"

struct site_policies {
	struct policy_set own, *routes;
};

struct policies {
	struct arena *memory;
	const struct config *config;
	struct site_policies *sites;
	struct policy_set admin;
};

/* Sent by default: no sniffing, no frames elsewhere, no paths to strangers. */
static const struct field_rule security[] = {
    {FIELD_DEFAULT, SPAN_INIT("x-content-type-options"), SPAN_INIT("nosniff")},
    {FIELD_DEFAULT, SPAN_INIT("x-frame-options"), SPAN_INIT("SAMEORIGIN")},
    {FIELD_DEFAULT, SPAN_INIT("referrer-policy"), SPAN_INIT("strict-origin-when-cross-origin")},
};

static const enum field_how hows[] = {
    [FIELD_SETTING_SET] = FIELD_SET,
    [FIELD_SETTING_ADD] = FIELD_ADD,
    [FIELD_SETTING_REMOVE] = FIELD_REMOVE,
    [FIELD_SETTING_DEFAULT] = FIELD_DEFAULT,
};

/* Rules as they are put together; room for all there can be. */
struct rule_list {
	struct field_rule *rules;
	size_t count;
};

static void
put_rule(struct rule_list *l, struct field_rule rule)
{
	l->rules[l->count++] = rule;
}

static const struct field_setting *
setting_of(const struct policy_lists *lists, struct span name)
{
	for (size_t i = 0; lists != NULL && i < lists->field_count; i++)
		if (span_equal(span_str(lists->fields[i].name), name))
			return &lists->fields[i];
	return NULL;
}

/* Where the administrator said something of a field, our own word on it is not wanted. */
static void
put_default(struct rule_list *l, struct field_rule rule, const struct policy_lists *site,
	    const struct policy_lists *route)
{
	if (setting_of(site, rule.name) == NULL && setting_of(route, rule.name) == NULL)
		put_rule(l, rule);
}

/* The route's word on a field stands in for the site's; only what is added comes together. */
static bool
is_overruled(const struct field_setting *site, const struct policy_lists *route)
{
	const struct field_setting *own = setting_of(route, span_str(site->name));

	if (own == NULL || own->how == FIELD_SETTING_ADD)
		return false;
	return own->how != FIELD_SETTING_DEFAULT || site->how == FIELD_SETTING_DEFAULT;
}

static void
put_settings(struct rule_list *l, const struct policy_lists *lists, const struct policy_lists *over)
{
	for (size_t i = 0; lists != NULL && i < lists->field_count; i++) {
		const struct field_setting *f = &lists->fields[i];

		if (is_overruled(f, over))
			continue;
		put_rule(l, (struct field_rule){hows[f->how], span_str(f->name),
						f->value != NULL ? span_str(f->value) : SPAN_NONE});
	}
}

static struct field_rule
hsts_rule(struct arena *memory, const struct site *site)
{
	const char *value =
	    arena_printf(memory, "max-age=%llu%s%s", (unsigned long long)(site->hsts / 1000),
			 site->hsts_subdomains ? "; includeSubDomains" : "",
			 site->hsts_preload ? "; preload" : "");

	return (struct field_rule){FIELD_DEFAULT, SPAN_OF("strict-transport-security"),
				   span_str(value)};
}

/* `around` is what the site says, unless the route is to be without it. */
static void
make_rules(struct arena *memory, const struct site *site, const struct policy_lists *around,
	   const struct policy_lists *route, struct policy_set *set)
{
	size_t most = 1 + COUNT(security) + (around != NULL ? around->field_count : 0) +
		      (route != NULL ? route->field_count : 0);
	struct rule_list l = {arena_get(memory, most * sizeof *l.rules), 0};

	if (site->hsts > 0)
		put_default(&l, hsts_rule(memory, site), around, route);
	set->hsts = l.count > 0;
	for (size_t i = 0; site->security_fields && i < COUNT(security); i++)
		put_default(&l, security[i], around, route);
	put_settings(&l, around, route);
	put_settings(&l, route, NULL);
	set->rules = l.rules;
	set->rule_count = l.count;
}

/* A quoted-string (RFC 9110 §5.6.4). */
static const char *
quote(struct arena *memory, const char *text)
{
	char *quoted = arena_get(memory, 2 * strlen(text) + 3), *to = quoted;

	*to++ = '"';
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			*to++ = '\\';
		*to++ = *text;
	}
	*to = '"';
	return quoted;
}

/* A site's accounts are not for a route that names its own: those may be fewer on purpose. */
static void
make_accounts(struct arena *memory, const struct site *site, const struct policy_lists *route,
	      struct policy_set *set)
{
	const struct policy_lists *lists =
	    route != NULL && route->account_count > 0 ? route : &site->lists;

	if (set->policy->realm == NULL)
		return;
	set->accounts = lists->accounts;
	set->account_count = lists->account_count;
	set->challenge = span_str(arena_printf(memory, "Basic realm=%s, charset=\"UTF-8\"",
					       quote(memory, set->policy->realm)));
}

/* Of a limit that `owner` shares with nobody else of its site. */
static uint64_t
limit_id(const struct site *site, const char *owner, uint64_t number)
{
	uint64_t h = hash_bytes(HASH_START, span_of(site->names[0], strlen(site->names[0]) + 1));

	return hash_number(hash_bytes(h, span_of(owner, strlen(owner) + 1)), number);
}

static bool
same_rate(const struct rate *a, const struct rate *b)
{
	return a->count == b->count && a->per_ms == b->per_ms && a->burst == b->burst;
}

/* A route with the site's own limit counts together with the site. */
static void
make_ids(const struct site *site, const struct route *route, struct policy_set *set)
{
	const struct policy *p = set->policy;
	const char *path = route != NULL ? route->path : "";
	const char *rate_of = same_rate(&p->rate, &site->policy.rate) ? "" : path;
	const char *connections_of = p->connections == site->policy.connections ? "" : path;
	uint64_t rate = hash_number(hash_number(p->rate.count, p->rate.per_ms), p->rate.burst);

	set->rate_id = limit_id(site, rate_of, rate);
	set->connections_id = limit_id(site, connections_of, p->connections);
}

static void
make_set(struct arena *memory, const struct site *site, const struct route *route,
	 struct policy_set *set)
{
	const struct policy_lists *lists = route != NULL ? &route->lists : NULL;
	bool control = route != NULL && route->handler == ROUTE_CONTROL;

	set->policy = route != NULL ? &route->policy : &site->policy;
	make_rules(memory, site, control ? NULL : &site->lists, lists, set);
	make_accounts(memory, site, lists, set);
	make_ids(site, route, set);
}

struct policies *
policies_new(const struct config *c)
{
	struct arena *memory = arena_new();
	struct policies *p = ARENA_NEW(memory, struct policies);

	*p = (struct policies){memory, c, arena_get(memory, c->site_count * sizeof *p->sites)};
	if (c->admin.route != NULL)
		p->admin = (struct policy_set){.policy = &c->admin.route->policy,
					       .rules = security,
					       .rule_count = COUNT(security)};
	for (size_t i = 0; i < c->site_count; i++) {
		const struct site *site = &c->sites[i];
		struct site_policies *to = &p->sites[i];

		to->routes = arena_get(memory, site->route_count * sizeof *to->routes);
		make_set(memory, site, NULL, &to->own);
		for (size_t k = 0; k < site->route_count; k++)
			make_set(memory, site, &site->routes[k], &to->routes[k]);
	}
	return p;
}

void
policies_free(struct policies *p)
{
	if (p != NULL)
		arena_free(p->memory);
}

const struct policy_set *
policy_of(const struct policies *p, const struct site *site, const struct route *route)
{
	const struct site_policies *of = &p->sites[site - p->config->sites];

	return route != NULL ? &of->routes[route - site->routes] : &of->own;
}

const struct policy_set *
policy_of_admin(const struct policies *p)
{
	return &p->admin;
}

void
policy_apply_fields(const struct policy_set *set, struct exchange *ex)
{
	size_t skipped = set->hsts && !ex->client->secure;

	ex->rules = set->rules + skipped;
	ex->rule_count = set->rule_count - skipped;
}

void
policy_apply(const struct policy_set *set, struct exchange *ex)
{
	policy_apply_fields(set, ex);
	ex->body_max = set->policy->body_bytes;
}
