/*
 * What holds for every answer of a site or a route, put together once for each
 * configuration: on the way of a request nothing is left to compare or to format.
 */
#ifndef SERVE_POLICY_H
#define SERVE_POLICY_H

#include "config/config.h"
#include "http/exchange.h"

/* Of one route; or of a site, for what no route answers. */
struct policy_set {
	const struct policy *policy;
	const struct field_rule *rules;
	size_t rule_count;
	bool hsts; /* rules[0] is for TLS alone (RFC 6797 §7.2) */
	/* Who may come in: the route's own accounts, or the site's if it has none. */
	const struct account *accounts;
	size_t account_count;
	struct span challenge; /* WWW-Authenticate; empty: nobody is asked */
	/* The same for all routes that a limit is shared by, and after a reload that left it
	 * as it was. */
	uint64_t rate_id, connections_id;
};

struct policies;

/* `c` must outlive it. */
struct policies *policies_new(const struct config *c);
void policies_free(struct policies *p); /* NULL is fine */

/* `route` is one of `site`, or NULL; `site` is one of the configuration's. */
const struct policy_set *policy_of(const struct policies *p, const struct site *site,
				   const struct route *route);

/* Of the admin port, where the configuration has one. HSTS is the sites' to say. */
const struct policy_set *policy_of_admin(const struct policies *p);

/* Only what it says of answers' fields. */
void policy_apply_fields(const struct policy_set *set, struct exchange *ex);

/* Has all answers on `ex` follow it, errors too. */
void policy_apply(const struct policy_set *set, struct exchange *ex);

#endif
