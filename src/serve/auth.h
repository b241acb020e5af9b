/* Basic authentication (RFC 7617) in front of a handler. */
#ifndef SERVE_AUTH_H
#define SERVE_AUTH_H

#include "serve/policy.h"
#include "serve/serve.h"

/* What goes on once it is known who asks. */
struct auth_then {
	void (*serve)(const struct serve *s, struct exchange *ex, const struct site *site,
		      const struct route *route);
	const struct site *site;
	const struct route *route;
};

/*
 * True: who asks may. False: refused, or it is being found out, and then->serve() is called
 * when it is; until then nothing of the request's body is lost, and no more read than fits.
 */
MUST_CHECK bool auth_passes(const struct serve *s, struct exchange *ex,
			    const struct policy_set *set, const struct auth_then *then);

#endif
