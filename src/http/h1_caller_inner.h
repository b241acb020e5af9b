/* The inside of h1_caller, for the files that are it: h1_caller.c, h1_caller_send.c,
 * h1_caller_receive.c. */
#ifndef HTTP_H1_CALLER_INNER_H
#define HTTP_H1_CALLER_INNER_H

#include "http/call_inner.h"
#include "http/h1_body.h"
#include "http/h1_parse.h"

#define H1_CALLER_KEPT_MAX     (1024 * 1024) /* of input that cannot be used yet */
#define H1_CALLER_PROTOCOL_MAX 32

enum h1_calling {
	CALLING_IDLE,
	CALLING_HEAD,   /* an answer's head is not complete yet */
	CALLING_BODY,   /* by length or chunked */
	CALLING_TO_END, /* a body that the connection's end ends (RFC 9112 §6.3) */
	CALLING_TUNNEL, /* switched: other bytes than HTTP's, both ways */
	CALLING_DEAD,
};

enum h1_asking { ASKING_LENGTH, ASKING_CHUNKED, ASKING_RAW };

struct h1_caller {
	struct caller caller;
	struct call call; /* the one there can be */
	const struct caller_host *host;
	void *owner;
	const struct caller_limits *limits;
	struct buf out;
	struct buf kept; /* received, not used yet */
	struct buf trailers;
	struct h1_scan scan;
	struct h1_body body;
	uint64_t left;              /* of the request's body, where its length is known */
	uint64_t queued;            /* bytes of this call that were ever put into `out` */
	size_t granted;             /* of the last room */
	size_t given;               /* of the answer's body, not taken yet */
	const char *doomed;         /* the call fails so, as soon as its owner may be told */
	struct span protocol_asked; /* in `protocol`; empty: none */
	uint8_t protocol[H1_CALLER_PROTOCOL_MAX];
	uint8_t stage;  /* enum h1_calling */
	uint8_t asking; /* enum h1_asking */
	uint8_t depth;  /* of our calls to owners, under way: the memory must stay */
	uint8_t interims;
	bool busy;       /* there is a call */
	bool head;       /* its method is HEAD */
	bool asked;      /* its request was given in whole */
	bool keep;       /* the connection may serve another after this answer */
	bool ended;      /* the peer said FIN */
	bool half_ended; /* a tunnel's other direction is over */
	bool freed;      /* as soon as `depth` is 0 */
};

static inline struct h1_caller *
h1_caller_of(const struct caller *caller)
{
	return container_of(caller, struct h1_caller, caller);
}

/* Around each call to an owner. h1_caller_leave() may free the caller. */
void h1_caller_enter(struct h1_caller *c);
void h1_caller_leave(struct h1_caller *c);

/* The end of the call, one way or the other; the owner may be told. */
void h1_caller_fail_call(struct h1_caller *c, enum call_failure how, const char *why);
void h1_caller_over(struct h1_caller *c);

/* Whether any byte of the call's request has left. */
bool h1_caller_has_spoken(const struct h1_caller *c);

/* h1_caller_send.c */
MUST_CHECK bool h1_caller_put_request(struct h1_caller *c, const struct call_request *r);
uint8_t *h1_caller_room(struct call *call, size_t *len);
void h1_caller_sent(struct call *call, size_t n, bool last);
void h1_caller_trailers(struct call *call, const struct field *fields, size_t count);

/* h1_caller_receive.c */
size_t h1_caller_receive(struct caller *caller, struct span in);
void h1_caller_receive_end(struct caller *caller);
void h1_caller_use_kept(struct h1_caller *c);

#endif
