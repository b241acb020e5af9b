/*
 * HTTP/1.1, server side (RFC 9112): bytes in, exchanges out, bytes out.
 *
 * Does no I/O. The owner gives it what it received, keeps what was not used yet
 * and gives it again with more behind it, and sends what h1_output() holds.
 * Requests are answered one at a time, in order: while one is, nothing after
 * it is used (pipelining costs no memory but the owner's).
 */
#ifndef HTTP_H1_H
#define HTTP_H1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "http/exchange.h"

struct h1;

struct h1_settings {
	size_t header_bytes, header_fields;
	uint64_t body_bytes;
	const char *server_name; /* the Server: field; NULL: none */
};

struct h1_host {
	/* The head of a request is there: answer, or set ex->handler and answer later. */
	void (*request)(struct exchange *ex, void *owner);
	/* An exchange is over and about to be forgotten: log it. Also for requests refused as
	 * malformed, which `request` never sees (their method and target as far as known). */
	void (*over)(struct exchange *ex, void *owner);
	/* There is output (from a handler that answered outside of h1_receive). */
	void (*output)(void *owner);
	/* The date for the Date: field, as RFC 9110 §5.6.7 writes it; 29 bytes. */
	struct span (*date)(void *owner);
	int64_t (*now_ms)(void *owner);
};

/* All arguments must outlive it. */
struct h1 *h1_new(const struct h1_host *host, void *owner, const struct h1_settings *settings,
		  const struct client *client);
void h1_free(struct h1 *h); /* an exchange under way is told `gone`; NULL is fine */

/* Later settings, from the next request on. */
void h1_use(struct h1 *h, const struct h1_settings *settings);

/* Before a thread ends: frees what its connections left for each other. */
void h1_thread_end(void);

enum h1_state {
	H1_IDLE,      /* between requests: nothing received of the next */
	H1_HEAD,      /* a request line or header is not complete yet */
	H1_BODY,      /* a request's body is not complete yet */
	H1_ANSWERING, /* waits for the handler, or for room in the output */
	H1_CLOSING,   /* send the output, then close; nothing more is read */
};
enum h1_state h1_state(const struct h1 *h);

/*
 * Takes what it can from the start of `in` and returns how many bytes that was.
 * `in` must begin with the bytes left over from the last call; the owner must be able to
 * hold header_bytes of them. Nothing is taken in H1_ANSWERING: when that is over (after
 * h1_sent() or `output`), what was left over is to be given again, without waiting for more.
 */
size_t h1_receive(struct h1 *h, struct span in);

/* The peer said FIN. Answers under way are still sent (RFC 9112 §9.6), then it is H1_CLOSING. */
void h1_receive_end(struct h1 *h);

/* A deadline passed: 408 where the client was slow to ask, silence where it asked nothing. */
void h1_timed_out(struct h1 *h);

/* No more requests after the one under way: "Connection: close". For a drain. */
void h1_drain(struct h1 *h);

/* What is to be sent; buf_taken() what was, then call h1_sent(). May be called in `output`. */
struct buf *h1_output(struct h1 *h);
void h1_sent(struct h1 *h); /* there is room again: handlers go on */

/* Whether the last answer closes the connection (so that no ticket is worth sending). */
bool h1_will_close(const struct h1 *h);

/* The answer to bytes that are no TLS on a TLS port: complete, ready to send, then close. */
MUST_CHECK bool h1_plain_to_tls(struct buf *out, struct span date, const char *server_name);

/* The answer to bytes that are nothing we know on a port that speaks HTTP: a plain 400. */
MUST_CHECK bool h1_bad_request(struct buf *out, struct span date, const char *server_name);

#endif
