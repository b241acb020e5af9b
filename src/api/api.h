/*
 * The REST API: a request in, an answer out. No sockets here; who calls it has a thread for it
 * that may block, on the database or on a password.
 *
 * All that can be asked stands in tables of operations (api/operation.h), by which requests are
 * routed, permitted and checked, and the OpenAPI document is made.
 */
#ifndef API_API_H
#define API_API_H

#include "access/access.h"
#include "config/config.h"
#include "http/exchange.h"
#include "ipc/message.h"

/* Which socket it came by. */
enum api_door {
	API_EDGE,    /* edge.sock: somebody from the network, who has to show who he is */
	API_MACHINE, /* admin.sock: an administrator of this machine */
};

struct api_request {
	enum api_door door;
	enum method method;
	struct span target; /* as it came, for messages */
	struct span path;   /* decoded */
	struct span query;
	struct span host; /* authority that the client asked for; may be empty */
	const struct field *fields;
	size_t field_count;
	struct span body;
	struct address client; /* family 0: this machine */
	const char *caller;    /* API_MACHINE: the system user, "root" */
	int64_t accepted_ms;   /* when the client's connection was accepted, by clock_ms() */
};

/* The first of its fields of that name, given in lower case; SPAN_NONE: there is none. */
struct span api_field(const struct api_request *r, const char *name);

#define API_FIELDS_MAX 16
#define API_BODY_SMALL (64 << 10)
#define API_BODY_LARGE (2 << 20)

struct api_answer {
	unsigned status;
	struct field fields[API_FIELDS_MAX]; /* content-type with them */
	size_t field_count;
	struct span body;
	bool events; /* no body: the events from now on (status 200), for who may see level `level`
		      */
	enum access_level level;
	bool unknown; /* a page that does not exist, or shall look so: edge says it in its own words
		       */
};

struct api_numbers {
	int64_t started; /* ms since 1970 */
	uint64_t requests, refused_busy;
	uint64_t queued, queued_slow;        /* now */
	uint64_t listeners_of_events;        /* now */
	uint64_t vpn_admitted, vpn_refused;  /* sign-ins */
	uint64_t vpn_in, vpn_out;            /* bytes, of tunnels that ended */
	uint64_t counters[MESSAGE_COUNTERS]; /* edge's, as of `counted` */
	uint64_t tunnels[TUNNEL_COUNTERS];   /* the VPN engine's, as of the last sample */
	int64_t counted;
};

/* What the API asks of the process it is in. All may be called from any thread, and block. */
struct api_host {
	/* Asks warden; the answer is added to `answer`. OUTCOME_DOWN when it does not answer. */
	struct outcome (*ask)(void *owner, enum call_kind what, struct span argument,
			      struct span body, struct buf *answer);
	/* Asks the VPN engine; the same. */
	struct outcome (*ask_engine)(void *owner, enum control_call what, struct span argument,
				     struct buf *answer);
	/* Asks edge; the same. */
	struct outcome (*ask_edge)(void *owner, enum edge_call what, struct span argument,
				   struct buf *answer);
	/* Tells all who listen for events. */
	void (*happened)(void *owner, enum access_event event, int64_t id);
	/* The last hour, or what came `since`: adds JSON (api/history.h). False when `out` is
	 * full. */
	bool (*history)(void *owner, int64_t since, struct buf *out);
	/* What control itself counts, and edge. */
	void (*numbers)(void *owner, struct api_numbers *out);
};

struct web;

/* What one thread answers with. */
struct api {
	struct access access;
	const struct web *web;       /* the console and the portal; NULL: there are none */
	const struct config *config; /* as of this request; never NULL */
	const struct api_host *host;
	void *owner;
};

/*
 * How large a body of it is taken: it is kept before it is known who sends it, so that only those
 * get much room who administer from where they are.
 */
size_t api_body_max(const struct config *config, const struct api_request *r);

/* Whether his address alone lets him ask this. Whom it does not may still have a link, or the
 * session that one gave him. */
bool api_admits(const struct config *config, const struct api_request *r);

/* Whether it may take long by its nature (a password), so that it waits in a queue of its own. */
bool api_is_slow(const struct api_request *r);

/* Answers. What the answer points to lives in api->access.memory. Never fails. */
void api_answer(struct api *api, const struct api_request *r, struct api_answer *out);

/* An answer for what no thread answers: no room (OUTCOME_BUSY), too large a body. Who sent a page's
 * form gets a page, and whom api_admits() does not an unknown one. */
void api_refuse_request(struct arena *memory, const struct config *config,
			const struct api_request *r, struct outcome o, struct api_answer *out);

#endif
