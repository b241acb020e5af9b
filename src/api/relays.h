/*
 * What edge relays, as it tells control, in parts: it writes by these shapes and the API reads by
 * them.
 */
#ifndef API_RELAYS_H
#define API_RELAYS_H

#include "api/api.h"
#include "json/shape.h"

#define RELAYS_PART 1000 /* at once: a worker with ten thousand must not stop for them */

struct live_relay {
	int64_t id;       /* of two the later has the higher one; never that of another */
	const char *rule; /* that decided: "ssh", "sni imap.example.org" */
	const char *from; /* the client's address and port */
	const char *at;   /* ours, that it came to */
	const char *to;   /* the server, as the configuration names it; NULL: none is reached yet */
	int64_t since;    /* ms since 1970 */
	int64_t bytes_in, bytes_out; /* from the client, and to it */
};
struct live_relay_list {
	struct live_relay *at;
	size_t count;
	bool more; /* there are others, with still higher ids */
};
extern const struct shape shape_live_relay, shape_live_relay_list;

/* Those that follow `after` (0: from the first), in the order of their ids, in the request's
 * memory. May wait. */
MUST_CHECK struct outcome relays_after(struct api *api, int64_t after, struct live_relay_list *out);

#endif
