/*
 * A request and the answer to it, whatever version of HTTP carries them.
 *
 * A protocol (h1, h2; later h3) makes an exchange from what it parsed, gives it
 * to its host, and sends on what a handler answers. A handler sees only this
 * file: it knows neither framing nor sockets.
 *
 * An answer is either exchange_respond(), all at once, or exchange_start() and
 * then the body in pieces: exchange_room() to write into, exchange_sent() to
 * count in, until all is sent. No room: `writable` is called when there is.
 *
 * A request's body is given to `body` in pieces, of which at most EXCHANGE_WINDOW
 * bytes are outstanding: the handler keeps them, and says exchange_taken() once it
 * has passed them on. Without that the peer is made to wait.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/attr.h"
#include "base/mem.h"
#include "base/span.h"
#include "http/field.h"

enum method {
	METHOD_GET,
	METHOD_HEAD,
	METHOD_POST,
	METHOD_PUT,
	METHOD_DELETE,
	METHOD_OPTIONS,
	METHOD_CONNECT,
	METHOD_TRACE,
	METHOD_PATCH,
	METHOD_OTHER,
};

#define LENGTH_NONE    (-1) /* no body */
#define LENGTH_UNKNOWN (-2) /* a body that ends where the protocol says so */

struct request {
	enum method method;
	struct span method_name;
	struct span target;    /* as it came: for logs, and for who passes it on */
	struct span authority; /* host[:port] in lower case; empty: HTTP/1.0 without Host */
	struct span host;      /* the same without the port */
	struct span path;  /* decoded, without dot segments; starts with '/'; "*" for OPTIONS * */
	struct span query; /* after the '?', as it came */
	unsigned version;  /* 10, 11, 20, 30 */
	struct field *fields;
	size_t field_count;
	int64_t length; /* of the body: 0 or more, or LENGTH_… */
	/* What the client would rather speak, in lower case: "websocket". From Upgrade (RFC 9110
	 * §7.8) or :protocol (RFC 8441; then `method` is CONNECT). Empty: nothing else. */
	struct span protocol;
	bool expects_continue;  /* the client waits for 100 before it sends the body */
	struct field *trailers; /* set before the body's last piece is given */
	size_t trailer_count;
};

/* Who asks, and over what; the connection's, so longer-lived than its exchanges. */
struct client {
	struct address peer, local;
	bool secure;
	bool admin;                           /* came in on the admin port */
	int64_t accepted_ms;                  /* when, by clock_ms() */
	const char *tls_version, *tls_cipher; /* NULL without TLS */
	struct span server_name;              /* what TLS asked for; may be empty */
};

struct exchange;

/* What the protocol does for a handler. */
struct exchange_ops {
	void (*start)(struct exchange *ex, unsigned status, const struct field *fields,
		      size_t count, int64_t length);
	uint8_t *(*room)(struct exchange *ex, size_t *len);
	void (*sent)(struct exchange *ex, size_t n, bool last);
	void (*abort)(struct exchange *ex);
	void (*interim)(struct exchange *ex, unsigned status, const struct field *fields,
			size_t count);
	void (*trailers)(struct exchange *ex, const struct field *fields, size_t count);
	void (*switched)(struct exchange *ex, const struct field *fields, size_t count);
	void (*taken)(struct exchange *ex, size_t n);
	void (*hold)(struct exchange *ex);
	void (*release)(struct exchange *ex);
};

/* Bytes of a request's body that a handler has been given and has not taken yet, at most. */
#define EXCHANGE_WINDOW (64 * 1024)

/* What a handler is told. All are optional. */
struct handler_ops {
	/* Of the request; the last piece may be empty. Without this the body is read for nobody. */
	void (*body)(struct exchange *ex, struct span bytes, bool last);
	void (*writable)(struct exchange *ex);
	void (*gone)(struct exchange *ex); /* it is over, well or not: let go of everything */
};

/* What is done to an answer's fields before they are sent, in the order of the rules. */
struct field_rule {
	enum field_how {
		FIELD_DEFAULT, /* added if the answer has none of that name */
		FIELD_SET,     /* instead of all of that name */
		FIELD_ADD,
		FIELD_REMOVE,
	} how;
	struct span name, value; /* the name in lower case */
};

struct exchange {
	const struct exchange_ops *ops;
	struct arena *memory; /* for the exchange's life */
	const struct client *client;
	const struct address *who; /* the client, or for whom it asks, where it is believed */
	void *of_host;             /* the host's own, from its `request` to its `over` */
	struct request request;

	const struct handler_ops *handler; /* set by who answers */
	void *handling;                    /* the handler's own */

	/* For every answer, whoever gives it; set by who chose the handler, long-lived. */
	const struct field_rule *rules;
	size_t rule_count;
	uint64_t body_max; /* of the request: more, known or as it comes, is a 413 */

	/* Answers with a page of the site's own where we would make one for an error; false: it
	 * has none. Asked once. Set by who chose the handler, `error_pages` with it. */
	bool (*error_page)(struct exchange *ex, unsigned status, const struct field *fields,
			   size_t count);
	const void *error_pages;

	unsigned status;       /* 0 until an answer was started */
	uint64_t body_sent;    /* bytes of the answer's body */
	bool answered;         /* the answer is complete */
	bool switched;         /* it is another protocol now */
	bool wants_close;      /* set by a handler: the connection ends after the answer */
	int64_t began_ms;      /* for the log */
	const char *served_by; /* for the log: the back end that answered; NULL: we did */
	struct span user;      /* for the log: who proved to be it; empty: nobody was asked */
};

/* The first field of that name (given in lower case); NULL when there is none. */
const struct span *request_field(const struct request *r, struct span name);

/*
 * The whole answer. `fields` must not hold content-length, date, server, connection
 * or transfer-encoding: the protocol adds what it needs. For HEAD the body is counted, not sent.
 */
void exchange_respond(struct exchange *ex, unsigned status, const struct field *fields,
		      size_t count, struct span body);

/*
 * Begins an answer with a body of `length` bytes, or LENGTH_UNKNOWN, or LENGTH_NONE (304, 204).
 * When no body is to be sent (nor for HEAD), ex->answered is true afterwards. An answer begun
 * outside of h1's calls to the handler ends with exchange_sent(ex, 0, true) even so.
 */
void exchange_start(struct exchange *ex, unsigned status, const struct field *fields, size_t count,
		    int64_t length);

/* Where the next bytes of the body may be written: *len of them, NULL for none now. */
MUST_CHECK uint8_t *exchange_room(struct exchange *ex, size_t *len);

/*
 * Counts `n` bytes written there as part of the body. `last` ends the answer, as do the last
 * bytes of a known length; then the exchange is gone on return, unless this was called from
 * one of the handler's own ops, or from the host's `request`.
 */
void exchange_sent(struct exchange *ex, size_t n, bool last);

/*
 * Between these it stays whatever is done to it, and no handler is called. Without, anything
 * sent from outside of the handler's own ops may find the connection lost. exchange_respond()
 * and its like, and exchange_abort(), do so themselves; on return it may be gone.
 */
void exchange_hold(struct exchange *ex);
void exchange_release(struct exchange *ex);

/* The answer was begun but cannot be completed: the peer must be able to tell. Ends it. */
void exchange_abort(struct exchange *ex);

/*
 * Ends an answer of unknown length with trailers (RFC 9110 §6.5), in place of the last
 * exchange_sent(). A protocol or client that has no place for them gets the end alone.
 */
void exchange_trailers(struct exchange *ex, const struct field *fields, size_t count);

/* An interim answer, 102 to 199 but 101, before the final one (RFC 9110 §15.2); 103 as RFC 8297. */
void exchange_interim(struct exchange *ex, unsigned status, const struct field *fields,
		      size_t count);

/*
 * The body is wanted: "100 Continue", if the client waits for it. Said by the protocol when
 * `request` returns with a handler that has `body`, unless that cleared expects_continue: such
 * a handler says it itself, by exchange_interim(ex, 100, NULL, 0), or answers at once.
 */

/*
 * Grants request.protocol: 101 (h1) or 200 (h2), with `fields`. From here on `body` is given the
 * peer's bytes as they are, with `last` at its end, and room and sent send ours; the exchange
 * ends with exchange_sent(.., last) and not before. Back-pressure is as for bodies.
 */
void exchange_switch(struct exchange *ex, const struct field *fields, size_t count);

/* So many bytes that `body` was given were passed on. */
void exchange_taken(struct exchange *ex, size_t n);

/* A short page for an error or a redirect: "404 Not Found". `location` may be empty. */
void exchange_respond_status(struct exchange *ex, unsigned status, struct span location);

/* The same with fields of the handler's own, such as Allow. */
void exchange_respond_page(struct exchange *ex, unsigned status, const struct field *fields,
			   size_t count);

/* An answer without a body: 204, 304. */
void exchange_respond_bare(struct exchange *ex, unsigned status, const struct field *fields,
			   size_t count);

/* That page; `why`, HTML of our own, may say more. */
struct span status_page(struct arena *memory, unsigned status, const char *why);

/* Whether an answer with a body of `length` is sent without: there is none, or it is to a HEAD. */
bool exchange_is_bare(const struct exchange *ex, int64_t length);

/* 204, 304: has no body, nor may it look as if it had an empty one (RFC 9110 §8.6). */
bool status_is_bodiless(unsigned status);

const char *status_reason(unsigned status); /* "Not Found"; "" for one we have no word for */

#endif
