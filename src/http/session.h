/*
 * One connection that speaks HTTP, server side: bytes in, exchanges out, bytes out.
 * Which version it speaks is known to who makes it (h1_new(), h2_new()) and to nobody else.
 *
 * Does no I/O. The owner gives it what it received, keeps what was not used yet
 * and gives it again with more behind it, and sends what session_output() holds.
 */
#ifndef HTTP_SESSION_H
#define HTTP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "http/exchange.h"

struct http_settings {
	size_t header_bytes, header_fields;
	uint64_t body_bytes;     /* of a request, where its exchange is not told otherwise */
	const char *server_name; /* the Server: field; NULL: none */
};

/* What a session asks of its owner. */
struct http_host {
	/* The head of a request is there: answer, or set ex->handler and answer later. */
	void (*request)(struct exchange *ex, void *owner);
	/* An exchange is over and about to be forgotten: log it. Also for requests refused as
	 * malformed, which `request` never sees (their method and target as far as known). */
	void (*over)(struct exchange *ex, void *owner);
	/* There is output (from a handler that answered outside of session_receive). */
	void (*output)(void *owner);
	/* The date for the Date: field, as RFC 9110 §5.6.7 writes it; 29 bytes. */
	struct span (*date)(void *owner);
	int64_t (*now_ms)(void *owner);
	/* A handler has granted request.protocol (ex->switched). May be NULL. */
	void (*switched)(struct exchange *ex, void *owner);
};

enum session_state {
	SESSION_IDLE,       /* between requests: nothing received of the next */
	SESSION_HEAD,       /* a request's head is not complete yet */
	SESSION_BODY,       /* waits for the peer: for a request's body, or (h2) for its window */
	SESSION_ANSWERING,  /* waits for a handler, or for room in the output */
	SESSION_DISCARDING, /* h2: a body still comes of a request that was answered already */
	SESSION_CLOSING,    /* send the output, then close; nothing more is read */
};

struct http_session {
	const struct session_ops *ops;
	uint32_t progress; /* counts what moves a request on: a flood of anything else does not */
};

/* One table for each version. */
struct session_ops {
	void (*free)(struct http_session *s);
	enum session_state (*state)(const struct http_session *s);
	bool (*wants_input)(const struct http_session *s);
	size_t (*receive)(struct http_session *s, struct span in);
	void (*receive_end)(struct http_session *s);
	void (*timed_out)(struct http_session *s);
	void (*drain)(struct http_session *s);
	void (*rest)(struct http_session *s); /* may be NULL */
	struct buf *(*output)(struct http_session *s);
	void (*sent)(struct http_session *s);
	bool (*will_close)(const struct http_session *s);
};

static inline enum session_state
session_state(const struct http_session *s)
{
	return s->ops->state(s);
}

/* Whether session_receive() would take anything now: else nothing need be read. */
static inline bool
session_wants_input(const struct http_session *s)
{
	return s->ops->wants_input(s);
}

/*
 * Takes what it can from the start of `in` and returns how many bytes that was.
 * `in` must begin with the bytes left over from the last call; the owner must be able to
 * hold header_bytes of them. When it wants input again (after session_sent() or `output`),
 * what was left over is to be given again, without waiting for more.
 */
static inline size_t
session_receive(struct http_session *s, struct span in)
{
	return s->ops->receive(s, in);
}

/* The peer said FIN. Answers under way are still sent (RFC 9112 §9.6), then it is CLOSING. */
static inline void
session_receive_end(struct http_session *s)
{
	s->ops->receive_end(s);
}

/* A deadline passed: the peer is told why, where it asked for something. */
static inline void
session_timed_out(struct http_session *s)
{
	s->ops->timed_out(s);
}

/* No more requests after those under way, and the peer is told so. */
static inline void
session_drain(struct http_session *s)
{
	s->ops->drain(s);
}

/* Whether session_rest() is worth calling. */
static inline bool
session_may_rest(const struct http_session *s)
{
	return s->ops->rest != NULL;
}

/* It has been idle for a while: it gives back what memory it can, at the cost of its next use. */
static inline void
session_rest(struct http_session *s)
{
	s->ops->rest(s);
}

/* What is to be sent; buf_taken() what was, then call session_sent(). May be called in `output`. */
static inline struct buf *
session_output(struct http_session *s)
{
	return s->ops->output(s);
}

/* There is room again: handlers go on. */
static inline void
session_sent(struct http_session *s)
{
	s->ops->sent(s);
}

/* Whether the last answer closes the connection (so that no ticket is worth sending). */
static inline bool
session_will_close(const struct http_session *s)
{
	return s->ops->will_close(s);
}

/* Exchanges under way are told `gone`; NULL is fine. */
static inline void
session_free(struct http_session *s)
{
	if (s != NULL)
		s->ops->free(s);
}

#endif
