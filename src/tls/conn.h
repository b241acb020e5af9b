/*
 * One TLS connection, with a client of ours or (tls/client.h) with a server. Does no I/O of its
 * own: it asks its owner to receive and send, and says what it waits for.
 */
#ifndef TLS_CONN_H
#define TLS_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/span.h"
#include "tls/context.h"

struct tls_conn;

/* Bytes moved, 0 at the peer's end (recv only), or one of these. */
#define TLS_IO_AGAIN (-1)
#define TLS_IO_DEAD  (-2)
struct tls_io {
	ssize_t (*recv)(void *owner, void *to, size_t len);
	ssize_t (*send)(void *owner, const void *from, size_t len);
};

enum tls_result {
	TLS_DONE,
	TLS_WANT_RECV, /* call again when recv may give more */
	TLS_WANT_SEND, /* call again, with the same bytes, when send may take more */
	TLS_CLOSED,    /* the peer said close_notify, or FIN between records */
	TLS_FAILED,    /* tls_why() says why; the connection is of no more use */
};

/* What recv and send said, for connections in clear: as tls_read() and tls_write() say it. */
static inline enum tls_result
tls_received(ssize_t n, size_t *got)
{
	*got = n > 0 ? (size_t)n : 0;
	return n > 0               ? TLS_DONE
	       : n == 0            ? TLS_CLOSED
	       : n == TLS_IO_AGAIN ? TLS_WANT_RECV
				   : TLS_FAILED;
}

static inline enum tls_result
tls_sent(ssize_t n, size_t *taken)
{
	*taken = n > 0 ? (size_t)n : 0;
	return n > 0 ? TLS_DONE : n == TLS_IO_AGAIN ? TLS_WANT_SEND : TLS_FAILED;
}

/* `io` and `owner` must outlive it. NULL when memory is short. */
struct tls_conn *tls_conn_new(struct tls_context *ctx, const struct tls_io *io, void *owner);
void tls_conn_free(struct tls_conn *c); /* NULL is fine */

enum tls_result tls_handshake(struct tls_conn *c);
enum tls_result tls_read(struct tls_conn *c, void *to, size_t len, size_t *got);
enum tls_result tls_write(struct tls_conn *c, struct span bytes, size_t *taken);

/* The same for the last bytes there are: once all are taken, close_notify goes with them. */
enum tls_result tls_write_last(struct tls_conn *c, struct span bytes, size_t *taken);

/* Whether bytes already received wait to be read: recv need not be called for them. */
bool tls_has_more(const struct tls_conn *c);

/*
 * Sends one session ticket with the next bytes written (RFC 8446 §4.6.1). None are sent
 * by themselves: a client that leaves after one answer has no use for them, and they
 * cost 9 % of a handshake each. For TLS 1.2 the handshake has sent it already.
 */
void tls_send_ticket(struct tls_conn *c);

/* Says close_notify, if it was not said yet; the peer's own is not waited for. */
enum tls_result tls_close(struct tls_conn *c);

const char *tls_version(const struct tls_conn *c); /* "TLSv1.3" */
bool tls_is_13(const struct tls_conn *c);
const char *tls_cipher(const struct tls_conn *c);
bool tls_resumed(const struct tls_conn *c);
struct span tls_alpn(const struct tls_conn *c); /* empty: none agreed on */
const char *tls_why(const struct tls_conn *c);  /* for the log; valid until the next call */

#endif
