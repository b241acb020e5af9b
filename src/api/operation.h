/* One row for everything that can be asked of the API. */
#ifndef API_OPERATION_H
#define API_OPERATION_H

#include "api/api.h"
#include "json/shape.h"

/* What is special about an operation. */
enum {
	OP_SLOW = 1, /* a password is hashed */
	/* Answers a page: {"items":[...],"next":...}. Takes limit, after and search; and, where
	 * `query` has a "sort" with the columns as its choices, sort and descending. */
	OP_LIST = 2,
	OP_CHANGES = 4,  /* wants If-Match where the thing has a version */
	OP_CREATES = 8,  /* 201; an Idempotency-Key gives the same answer again for a day */
	OP_PROVED = 16,  /* wants the password within the last ten minutes, from a web session */
	OP_PORTAL = 32,  /* for people, not administrators: `portal` admits, not `allow` */
	OP_MACHINE = 64, /* on this machine's own socket alone */
	OP_OPEN = 128,   /* who holds the set-up link in its path is let in from anywhere */
	OP_ROOT = 256,   /* its path is no path below /api/v1, but all of it: "/metrics" */
	OP_LARGE = 512,  /* its body may be as large as a configuration */
	/* The client's connection ends with the answer: what confirms a change must come by one
	 * that was made after it, and no page can make its browser open another. */
	OP_LAST = 1024,
};

/* Refusals that an operation's other columns do not imply: for the document. */
enum {
	ALSO_UNKNOWN = 1, /* 404: what its query or the state of things would need is not there */
	ALSO_TAKEN = 2,   /* 409: it is taken, in use, or not to be done twice */
	ALSO_CHANGED = 4, /* 412, though it takes no If-Match */
};

struct api_call;
struct query;

/* A part of the path or query. */
struct parameter {
	const char *name; /* as in "/users/{user}", or of the query */
	const char *type; /* JSON Schema's: "string", "integer", "boolean" */
	const char *doc;
	const char *const *choices; /* NULL-ended; NULL: any */
};

struct operation {
	enum method method;
	const char *path; /* below /api/v1: "/users/{user}" */
	const char *id;   /* "listUsers" */
	const char *doc;
	enum access_level level;
	unsigned flags, also;
	const struct shape *body;        /* NULL: none is taken */
	enum shape_use use;              /* of the body */
	const struct shape *answer;      /* NULL: none (204), or of `media` */
	const char *media;               /* of the answer, where it is no JSON of a shape */
	bool (*schema)(struct buf *out); /* adds the answer's, where it is JSON of no shape */
	const struct parameter *query;
	size_t query_count;
	struct outcome (*run)(struct api_call *c);
};

/* A list of operations that belong together: one file each. */
struct operation_group {
	const char *tag; /* "Users" */
	const struct operation *at;
	size_t count;
};
/* In the order of the document; NULL-ended. */
extern const struct operation_group *const operation_groups[];

extern const struct operation_group operations_users, operations_groups, operations_policy,
    operations_devices, operations_sessions, operations_me, operations_tokens, operations_bans,
    operations_lockouts, operations_refusals, operations_rules, operations_audit, operations_links,
    operations_alerts, operations_import, operations_my_devices, operations_reach,
    operations_tunnels, operations_connections, operations_software, operations_console;
extern const struct operation_group operations_status, operations_metrics, operations_config,
    operations_certificates, operations_events, operations_findings, operations_openapi;

#define API_PARAMETERS_MAX 3

/* One request on its way through an operation's `run`. */
struct api_call {
	struct api *api;
	struct access *access; /* &api->access */
	const struct api_request *request;
	const struct operation *op;
	struct actor actor;
	struct session session;                     /* of ACTOR_USER */
	struct span token;                          /* the secret of that session's cookie */
	struct span parameters[API_PARAMETERS_MAX]; /* of the path, decoded, in its order */
	const struct query *query;                  /* for call_query() */
	struct api_answer *answer;
};

/* --- for `run` */

/* The n-th part of the path as text. */
const char *call_parameter(const struct api_call *c, size_t n);
/* Of the query, decoded; NULL: it is not there. Unknown ones were refused before. */
const char *call_query(const struct api_call *c, const char *name);
MUST_CHECK struct outcome call_page(const struct api_call *c, struct page *out);

/* Reads the body onto `into` as the operation's `body` says. */
MUST_CHECK struct outcome call_body(struct api_call *c, void *into, uint64_t *given);

/* If-Match against the version that the thing has: OUTCOME_CHANGED when it is another one; a
 * request without is OUTCOME_INVALID (428), but from the command line ("*" is implied). */
MUST_CHECK struct outcome call_match(const struct api_call *c, int64_t version);

/* What OP_PROVED asks for, where an act is dangerous only sometimes: to make somebody an
 * administrator. */
MUST_CHECK struct outcome call_proved(const struct api_call *c);

/* Answers with the thing (its ETag by `version`; 0: none), as op->answer says. 200, or 201 with
 * `location` (below /api/v1) set. */
MUST_CHECK struct outcome call_answer(struct api_call *c, const void *from, int64_t version,
				      const char *location);
MUST_CHECK struct outcome call_answer_list(struct api_call *c, const void *at, size_t count,
					   size_t size, const char *next);
MUST_CHECK struct outcome call_answer_none(struct api_call *c); /* 204 */
MUST_CHECK struct outcome call_answer_bytes(struct api_call *c, const char *media,
					    struct span bytes, const char *file_name);
/* JSON that is there already. */
MUST_CHECK struct outcome call_answer_json(struct api_call *c, struct span json);
void call_field(struct api_call *c, const char *name, const char *value); /* copied */
void call_cookie(struct api_call *c, const char *token, int64_t seconds); /* NULL: taken back */

/* A buffer for an answer, wiped when the request's memory is reset. */
#define CALL_ANSWER_MAX (32 * 1024 * 1024)
struct buf *call_buf(struct api_call *c);
/* What cannot be, but when memory is short or a table is wrong: said to nobody but the log. */
MUST_CHECK struct outcome call_broken(const struct api_call *c, const char *what);
/* Asks warden; what it says lives in the request's memory. */
MUST_CHECK struct outcome call_ask(struct api_call *c, enum call_kind what, const char *argument,
				   struct span body, struct span *answer);
/* The value of a field of the request (name in lower case); empty: it is not there. */
struct span call_header(const struct api_call *c, const char *name);

#endif
