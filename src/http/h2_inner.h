/*
 * The inside of struct h2, for the files that are h2: h2.c, h2_frames.c, h2_request.c,
 * h2_answer.c, h2_output.c.
 *
 * What a peer can make us hold, at most: nghttp2's session, with tables for HPACK and one
 * frame (about 30 KiB); the output (H2_OUTPUT_MAX); H2_STREAMS_MAX requests of header_bytes
 * each, with what their handlers keep; answers that wait for its window (H2_HELD_MAX); bodies
 * that handlers have not taken (H2_WINDOW).
 */
#ifndef HTTP_H2_INNER_H
#define HTTP_H2_INNER_H

#include <nghttp2/nghttp2.h>

#include "base/list.h"
#include "http/h2.h"

#define H2_STREAMS_MAX    128
#define H2_WINDOW         (1024 * 1024) /* of the connection; a stream's is EXCHANGE_WINDOW */
#define H2_DRAIN_MAX      (64 * 1024)   /* bytes of a body nobody wants, then its window closes */
#define H2_HELD_PIECE     (16 * 1024)   /* of an answer, not framed yet: of each stream */
#define H2_HELD_MAX       (256 * 1024) /* and of all; above it handlers are asked when it is time */
#define H2_FRAME_HEAD     9
#define H2_FRAME_MAX      (16384 + H2_FRAME_HEAD + 7) /* as nghttp2 makes them, rounded up */
#define H2_OUTPUT_FULL    (64 * 1024)                 /* nothing more is framed above this */
#define H2_PULLS_MAX      4 /* then what handlers gave is sent: it may have cost them much */
#define H2_OUTPUT_MAX     (H2_OUTPUT_FULL + H2_FRAME_MAX)
#define H2_TABLE_MAX      4096         /* bytes of HPACK's table for answers */
#define H2_ANSWER_HEAD    (128 * 1024) /* as nghttp2 estimates it: a proxied one has 64 KiB */
#define H2_HEAD_TIMES     4     /* times header_bytes: no 431 but the end of the connection */
#define H2_CANCELS_MAX    200   /* requests begun and not ended, more than those that were */
#define H2_NOISE_MAX      2000  /* frames that move no request, more than those that do .. */
#define H2_NOISE_SPAN_MS  10000 /* .. in such a time */
#define H2_PROGRESS_BYTES 1024  /* of answers: less is no progress, however often */

struct h2;

/* A stream, which is an exchange. Lives in the exchange's memory. */
struct h2_stream {
	struct exchange ex;
	struct h2 *h;
	struct list link;
	struct span scheme, path; /* as they came; method, authority, protocol are the request's */
	struct buf held;          /* of the answer's body, not framed yet */
	struct buf early;         /* what came for request.protocol before it was granted */
	nghttp2_nv *trailers;     /* of the answer */
	size_t trailer_count;
	int64_t left;           /* of the answer's body, where its length is known */
	uint64_t received;      /* of the request's body */
	size_t head_bytes;      /* of fields and trailers so far */
	size_t granted;         /* bytes of the last exchange_room() */
	size_t given;           /* bytes that the handler has and has not taken */
	size_t dropped;         /* bytes of the body that nobody wanted */
	uint32_t moved, marked; /* counts its progress; as it was at the last deadline */
	int32_t id;
	uint8_t inside; /* of its handler's functions, called by us: it must stay */
	bool too_large; /* its fields */
	bool trailing;  /* the fields that come are trailers */
	bool asked;     /* the request is complete but for its body */
	bool ended;     /* the peer's END_STREAM came */
	bool bodied;    /* there is a body, or another protocol's bytes, whose end is to be told */
	bool continues; /* waits for "100 Continue" */
	bool deferred;  /* nghttp2 will not ask for more of the answer until told */
	bool direct;    /* what is framed now lies in the output already */
	bool broken;    /* RST_STREAM is on its way */
	bool over;      /* told and logged; only nghttp2 still knows it */
	bool discards;  /* its answer is sent whole, and its request has not ended yet */
};

/* Of one connection. */
struct h2_memory {
	nghttp2_mem calls;
	uint8_t *pages;        /* its own: the buffer for frames, and the map of streams .. */
	bool framing, mapping; /* .. while nghttp2 has it */
};

struct h2 {
	struct http_session session;
	struct h2_memory memory;
	const struct http_host *host;
	void *owner;
	const struct http_settings *settings;
	const struct client *client;
	nghttp2_session *ng;
	struct list streams;
	struct h2_stream *head; /* whose fields are coming */
	struct buf out;
	size_t held;               /* by all streams */
	struct h2_stream *pulling; /* whose handler writes straight into the output .. */
	uint8_t *pull_to;          /* .. here .. */
	size_t pull_room, pulled;  /* .. so much at most, and so far */
	unsigned pulls;            /* that gave something, since the output was last sent */
	int64_t noise_since_ms;
	uint32_t noise, cancels;
	uint32_t filled, peak; /* the most that the output held, and the time before */
	uint32_t answer_bytes; /* since the last that counted as progress */
	uint16_t calls; /* of nghttp2 or of a handler, under way: output is somebody's else */
	bool greeted;   /* the peer's SETTINGS came */
	bool ended;     /* the peer said FIN */
	bool draining;
	bool closed;
};

/* h2.c */
void h2_settle(struct h2_stream *s); /* lets go of an exchange that was answered */
void h2_enter(struct h2_stream *s);  /* around what may call its handler .. */
void h2_leave(struct h2_stream *s);  /* .. after which it is settled */
void h2_forget(struct h2_stream *s); /* nghttp2 knows it no more */
void h2_tell(struct h2 *h); /* sends what is due and tells the owner, if nobody else will */
void h2_calm(struct h2 *h); /* ends a connection that floods */

/* h2_frames.c: what nghttp2 tells of frames that came and went. */
MUST_CHECK nghttp2_session_callbacks *h2_callbacks(void);
void h2_give_early(struct h2_stream *s);
void h2_discard(struct h2_stream *s, size_t n); /* bytes of its body, for nobody */

/* h2_request.c */
bool h2_add_field(struct h2_stream *s, struct span name, struct span value);
MUST_CHECK unsigned h2_read_request(struct h2_stream *s);

/* h2_answer.c: what exchanges ask of us. */
extern const struct exchange_ops h2_exchange_ops;
void h2_break(struct h2_stream *s, uint32_t code); /* by RST_STREAM */
ssize_t h2_read_answer(nghttp2_session *ng, int32_t id, uint8_t *to, size_t length, uint32_t *flags,
		       nghttp2_data_source *source, void *owner);
int h2_send_answer(nghttp2_session *ng, nghttp2_frame *frame, const uint8_t *head, size_t length,
		   nghttp2_data_source *source, void *owner);

/* h2_memory.c */
MUST_CHECK bool h2_memory_begin(struct h2_memory *m);
void h2_memory_end(struct h2_memory *m);  /* after the session's end */
void h2_memory_rest(struct h2_memory *m); /* while no frame is being made */
void h2_memory_thread_end(void);

/* h2_output.c */
uint8_t *h2_output_room(struct h2 *h, size_t n);
void h2_output_give_back(struct h2 *h);
void h2_flush(struct h2 *h); /* has nghttp2 frame what there is room for */

#endif
