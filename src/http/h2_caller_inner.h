/*
 * The inside of h2_caller, for the files that are it: h2_caller.c, h2_caller_send.c,
 * h2_caller_frames.c. Frames and HPACK are nghttp2's; ours is what makes calls of its streams.
 *
 * nghttp2's functions that send or receive are called from h2_caller.c only, never from within
 * each other; what streams ended by is told afterwards, by settle() there.
 */
#ifndef HTTP_H2_CALLER_INNER_H
#define HTTP_H2_CALLER_INNER_H

#include <nghttp2/nghttp2.h>

#include "base/list.h"
#include "base/mem.h"
#include "http/call_inner.h"

#define H2_CALLS_MAX          100 /* at once, however many the server allows */
#define H2_CALLER_OUTPUT_MAX  (256 * 1024)
#define H2_CALLER_OUTPUT_FULL (64 * 1024)   /* nothing is framed above this */
#define H2_CALLER_WINDOW      (1024 * 1024) /* of the connection; calls have EXCHANGE_WINDOW */
#define H2_CALLER_HELD_MAX    (64 * 1024)   /* of a request's body, not framed yet */
#define H2_CALLER_PIECE_MAX   (16 * 1024)
#define H2_FRAME_HEAD         9            /* bytes before each frame's own (RFC 9113 §4.1) */
#define H2_CALLER_NOISE_MAX   2000         /* frames that move no call, between two that do .. */
#define H2_CALLER_NOISE_BYTES (512 * 1024) /* .. and bytes, also of frames nobody knows */
#define H2_CALLER_ACKS_MAX    200          /* answers to PING and SETTINGS that wait to be sent */
#define H2_CALLER_SETTINGS    32           /* in one frame */

struct h2_call {
	struct call call;
	struct list link;
	struct h2_caller *caller;
	int32_t id;        /* -1: waits for the server's SETTINGS, to know what it can do */
	struct buf held;   /* of the request's body, not framed yet */
	uint64_t left;     /* of it, where its length is known */
	size_t granted;    /* of the last call_room() */
	size_t given;      /* of the answer's body, not taken yet */
	struct arena *own; /* the request while it waits, and trailers; NULL: none yet */
	struct call_request request;
	const struct field *trailers; /* of the request */
	size_t trailer_count;

	/* The head, or the trailers, that come now. */
	struct arena *memory; /* NULL: none */
	struct field *fields;
	size_t field_count, field_bytes;
	int64_t length; /* of Content-Length */
	unsigned status;

	const char *wrong; /* it fails so, as soon as its owner may be told */
	uint32_t code;     /* what the stream was closed with */
	uint8_t interims;
	bool live;      /* its owner is to be told things */
	bool head;      /* its method is HEAD */
	bool counted;   /* the length of the request's body is known */
	bool asked;     /* its request was given in whole */
	bool deferred;  /* nghttp2 waits for more of it */
	bool spoken;    /* its head was framed */
	bool answered;  /* the final head is there */
	bool ended;     /* nothing more comes from the server */
	bool switching; /* extended CONNECT (RFC 8441) */
	bool switched;
	bool reset;  /* by the server */
	bool closed; /* nghttp2 knows it no more */
};

struct h2_caller {
	struct caller caller;
	const struct caller_host *host;
	void *owner;
	const struct caller_limits *limits;
	nghttp2_session *ng;
	struct buf out;
	struct list calls;
	size_t open; /* streams that are not closed */
	size_t live;
	unsigned noise;
	size_t noise_bytes;
	unsigned depth; /* of our functions that may tell owners: the memory must stay */
	bool greeted;   /* the server's SETTINGS came */
	bool going;     /* GOAWAY came: no more calls */
	bool dead, freed;
};

static inline struct h2_caller *
h2_caller_of(const struct caller *caller)
{
	return container_of(caller, struct h2_caller, caller);
}

static inline struct h2_call *
h2_call_of(const struct call *call)
{
	return container_of(call, struct h2_call, call);
}

/* Something moved a call. */
static inline void
h2_caller_quiet(struct h2_caller *h)
{
	h->noise = 0;
	h->noise_bytes = 0;
}

/* h2_caller.c */
void h2_caller_drop_head(struct h2_call *c);
struct arena *h2_caller_own(struct h2_call *c);
void h2_caller_fail_call(struct h2_call *c, enum call_failure how, const char *why);
void h2_caller_over(struct h2_call *c);
void h2_caller_tell(struct h2_caller *h); /* the host, of output, if nobody else will */

/* h2_caller_send.c */
bool h2_caller_submit(struct h2_call *c, const struct call_request *r);
void h2_caller_keep_request(struct h2_call *c, const struct call_request *r);
void h2_caller_submit_waiting(struct h2_caller *h);
uint8_t *h2_caller_room(struct call *call, size_t *len);
void h2_caller_sent(struct call *call, size_t n, bool last);
void h2_caller_trailers(struct call *call, const struct field *fields, size_t count);
int h2_caller_send_data(nghttp2_session *ng, nghttp2_frame *frame, const uint8_t *head,
			size_t length, nghttp2_data_source *source, void *owner);

/* h2_caller_frames.c: what nghttp2 tells of frames that came and went. NULL: no memory. */
MUST_CHECK nghttp2_session_callbacks *h2_caller_callbacks(void);

#endif
