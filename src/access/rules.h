/*
 * What a connection may reach: rules of its user, his group and everybody, as one flat list that
 * the VPN engine asks for once and walks from the top.
 */
#ifndef ACCESS_RULES_H
#define ACCESS_RULES_H

#include "access/access.h"
#include "store/rule.h"
#include "json/shape.h"

extern const struct shape shape_rule;

/* What they are called, by the enums of store/rule.h; NULL-ended. */
extern const char *const rule_scopes[], *const rule_actions[], *const rule_protocols[],
								   *const rule_ways[];

MUST_CHECK struct outcome rule_add(struct access *a, const struct actor *who, struct rule *r);
MUST_CHECK struct outcome rule_change(struct access *a, const struct actor *who,
				      const struct rule *before, struct rule *after);
MUST_CHECK struct outcome rule_remove(struct access *a, const struct actor *who,
				      const struct rule *r);

struct flat_rule {
	struct network to;
	int action, protocol, way;
	uint16_t port_from, port_to;
	int64_t rule; /* which it came from; 0: it is implied by the configuration */
};

/* What the VPN needs to know of one who signed in. */
struct grant {
	int64_t user, device;
	int tunnel; /* enum tunnel_mode */
	bool client_to_client;
	const char **dns;                       /* NULL: as the configuration says */
	int64_t connections_max, session_until; /* 0: none */
	struct flat_rule *rules;                /* the first that fits decides; none: denied */
	size_t count;
};

/* What a configuration gives everybody unless a policy or rule says otherwise: its `route` lines,
 * or all. */
struct implied {
	const struct implied_route {
		struct network to;
		int way; /* enum rule_way */
	} * routes;
	size_t count;
	bool everything; /* a full tunnel */
	bool client_to_client;
};

MUST_CHECK struct outcome grant_of(struct access *a, const struct user *u, int64_t device,
				   const struct implied *implied, struct grant *out);

/* Which of them decides about a packet; NULL: none, so it is denied. Pure. */
const struct flat_rule *grant_reaches(const struct grant *g, const struct address *to, int protocol,
				      uint16_t port);

#endif
