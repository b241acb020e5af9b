/* Access rules: what may be reached through the VPN, by everybody, a group or a user. */
#ifndef STORE_RULE_H
#define STORE_RULE_H

#include "store/store.h"

enum rule_scope { RULE_GLOBAL, RULE_GROUP, RULE_USER };
enum rule_action { RULE_ALLOW, RULE_DENY };
enum rule_protocol { RULE_ANY, RULE_TCP, RULE_UDP, RULE_ICMP };
enum rule_way { RULE_NAT, RULE_ROUTE };

struct rule {
	int64_t id, version;
	int scope;
	int64_t of;          /* the group's or user's id; 0 for RULE_GLOBAL */
	const char *of_name; /* only read */
	int64_t position;    /* among those of the same scope: the lower is looked at first */
	int action;
	const char *destination; /* CIDR */
	int protocol;
	int64_t port_from, port_to; /* 0, 0: any; only with TCP and UDP */
	int way;                    /* of RULE_ALLOW */
	const char *comment;        /* may be NULL */
};
STORE_LIST(rule);

MUST_CHECK enum store_result store_rule_add(struct store *s, struct rule *r);
MUST_CHECK enum store_result store_rule(struct store *s, int64_t id, struct arena *memory,
					struct rule *out);
MUST_CHECK enum store_result store_rule_change(struct store *s, struct rule *r);
MUST_CHECK enum store_result store_rule_remove(struct store *s, int64_t id, int64_t version);
/* In the order in which they are looked at. `scope` -1: all; `of` 0: any. */
MUST_CHECK enum store_result store_rules(struct store *s, const struct page *page, int scope,
					 int64_t of, struct arena *memory, struct rule_list *out);
/* All that concern a user, with his group's and the global ones: user's first, then group's. */
MUST_CHECK enum store_result store_rules_for(struct store *s, int64_t user, int64_t group,
					     struct arena *memory, struct rule_list *out);

#endif
