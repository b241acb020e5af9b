/* The policy that users and groups have, in columns of the same names. */
#ifndef STORE_POLICY_H
#define STORE_POLICY_H

#include "store/people.h"
#include "store/sql.h"

#define POLICY_COLUMNS(t)                                                                          \
	t ".totp_required, " t ".devices_max, " t ".connections_max, " t ".session_minutes, " t    \
	  ".tunnel, " t ".client_to_client, " t ".dns"

/* In the order of the columns; `dns` is policy_dns() of it. */
#define POLICY_VALUES(p, dns)                                                                      \
	INT((p)->totp_required), INT((p)->devices_max), INT((p)->connections_max),                 \
	    INT((p)->session_minutes), INT((p)->tunnel), INT((p)->client_to_client), TEXT(dns)

void policy_read(struct row *r, struct user_policy *out);

/* The addresses, a line each; NULL when unset. To be freed. */
char *policy_dns(const struct user_policy *p);

#endif
