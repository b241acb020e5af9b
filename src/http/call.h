/*
 * A request of ours to another server, and its answer: an exchange seen from the other side.
 *
 * A caller is what sends and receives on one connection (h1_caller, h2_caller): bytes in,
 * calls' events out, bytes out, no I/O. Nothing that came from elsewhere is sent on as it is:
 * heads are written anew from the fields given.
 *
 * The owner of a call is told something from within caller_receive(), caller_receive_end(),
 * caller_output_sent(), caller_fail() and caller_free() only, never from call_*() or
 * caller_begin(). Being told, it may do whatever it likes to this call and this caller.
 */
#ifndef HTTP_CALL_H
#define HTTP_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "http/exchange.h"

/* What is asked. All is copied. Fields of one connection (RFC 9110 §7.6.1), Host,
 * Content-Length and Transfer-Encoding must not be among `fields`: the caller adds its own. */
struct call_request {
	enum method method;
	struct span method_name, authority, target; /* target: "/path?query", or "*" */
	bool secure;                                /* :scheme */
	const struct field *fields;
	size_t field_count;
	int64_t length;       /* of the body that follows; LENGTH_NONE, LENGTH_UNKNOWN: as in h1 */
	struct span protocol; /* to be switched to; empty: none */
	bool expects_continue;
	bool wants_trailers; /* "TE: trailers" */
};

/* A copy, and of all that it points to. */
void call_request_copy(struct call_request *to, const struct call_request *from,
		       struct arena *memory);

struct call_answer {
	unsigned status;
	const struct field *fields; /* without those of one connection and of framing */
	size_t field_count;         /* valid during the call of `head` only */
	int64_t length;             /* LENGTH_… */
	bool switched; /* what follows, both ways, are bytes of request.protocol (101, or h2's 200)
			*/
};

enum call_failure {
	CALL_UNSENT,  /* the server has seen nothing of it, or says so: safe to try again */
	CALL_CUT,     /* the connection ended before the answer did */
	CALL_BAD,     /* what came was no answer (RFC 9112 §9.2, RFC 9113 §8.1.1), or too much */
	CALL_TIMEOUT, /* said by who watches the clock */
	CALL_REFUSED, /* no connection could be made */
	CALL_TLS,     /* nor trusted */
};

struct call;

/* What its owner is told. */
struct call_ops {
	void (*interim)(void *owner, unsigned status, const struct field *fields, size_t count);
	void (*head)(void *owner, const struct call_answer *answer);
	/* Of the answer, at most EXCHANGE_WINDOW bytes not yet counted by call_taken(). Trailers
	 * come with the last piece. That comes once, maybe empty, also where there is no body:
	 * right after `head`. */
	void (*body)(void *owner, struct span bytes, bool last, const struct field *trailers,
		     size_t trailer_count);
	void (*writable)(void *owner);
	/* It is over and forgotten; `why` in words, for a log. */
	void (*failed)(void *owner, enum call_failure how, const char *why);
	/* Answered in whole: forgotten. What was not sent yet of the request is wanted no more.
	 * Not called after `failed` or cancel. */
	void (*over)(void *owner);
};

/* Where the next bytes of the request's body may be written; NULL for none now. Once `switched`,
 * those of what is spoken now: then last ends our direction only. */
MUST_CHECK uint8_t *call_room(struct call *c, size_t *len);
void call_sent(struct call *c, size_t n, bool last);

/* The end of a body of unknown length, with trailers, in place of the last call_sent(). */
void call_trailers(struct call *c, const struct field *fields, size_t count);

void call_taken(struct call *c, size_t n);

/* Whether it is the server's turn: not while the rest of the request is ours to give, nor while
 * the owner has taken so little of the answer that no more of it fits. */
bool call_awaits(const struct call *c);

/* Forgets it at once; nothing more is told, not even that there may be output now. An HTTP/1.1
 * connection is of no more use then. */
void call_cancel(struct call *c);

struct caller_limits {
	size_t header_bytes, header_fields; /* of an answer */
};

struct caller;

/* What a caller asks of who has the connection. */
struct caller_host {
	/* From outside of caller_receive(): there is output, or it wants input again. Call
	 * caller_output_sent(), with or without output: what is held back is given then. */
	void (*output)(void *owner);
};

/* Arguments must outlive it. */
struct caller *h1_caller_new(const struct caller_host *host, void *owner,
			     const struct caller_limits *limits);
struct caller *h2_caller_new(const struct caller_host *host, void *owner,
			     const struct caller_limits *limits);
void caller_free(struct caller *c); /* its calls fail with CALL_CUT; NULL is fine */

/* Begins one; NULL when it takes no more now. `ops` and `owner` must outlive it. */
struct call *caller_begin(struct caller *c, const struct call_request *request,
			  const struct call_ops *ops, void *owner);

/* How many more it would take now: at most 1 for HTTP/1.1. 0 for ever once it is dead. */
size_t caller_vacancies(const struct caller *c);
bool caller_is_dead(const struct caller *c); /* close it as soon as its output is sent */

/*
 * The peer's answers. Takes all, and copies what it cannot use yet: nothing need be kept or
 * given again. Returns in.len. While it wants no input, give it none.
 */
size_t caller_receive(struct caller *c, struct span in);
bool caller_wants_input(const struct caller *c); /* idle ones do: what comes makes them dead */
void caller_receive_end(struct caller *c);

/* The connection is of no more use: calls under way fail so. */
void caller_fail(struct caller *c, enum call_failure how, const char *why);

struct buf *caller_output(struct caller *c);

/* Nothing will follow what is in the output, but the peer may still have to say something:
 * time for FIN, where there is such a thing. */
bool caller_output_ended(const struct caller *c);

void caller_output_sent(struct caller *c); /* there is room again */

#endif
