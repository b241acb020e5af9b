/*
 * A client (plain OpenSSL) and a connection of ours, joined by memory. What the
 * server may receive and send at a time can be made as little as a byte.
 */
#ifndef TEST_TLS_PEER_H
#define TEST_TLS_PEER_H

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "unit.h"

#include "tls/certificate.h"
#include "tls/conn.h"

struct pem {
	struct buf chain, key;
};

struct peer {
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *to_server, *to_client;
	struct tls_conn *conn;
	size_t recv_max, send_max; /* a call's; 0: no limit */
	bool hesitant;             /* every second recv and send says AGAIN */
	bool full;                 /* send says AGAIN */
	bool ended, dead;          /* what recv says at the end of the bytes */
	unsigned recvs, sends;
	enum tls_result last; /* of the server's handshake */
};

static inline ssize_t
peer_recv(void *owner, void *to, size_t len)
{
	struct peer *p = owner;

	if (p->hesitant && p->recvs++ % 2 == 0)
		return TLS_IO_AGAIN;
	if (p->recv_max > 0 && len > p->recv_max)
		len = p->recv_max;
	int n = BIO_read(p->to_server, to, (int)len);
	if (n > 0)
		return n;
	return p->dead ? TLS_IO_DEAD : p->ended ? 0 : TLS_IO_AGAIN;
}

static inline ssize_t
peer_send(void *owner, const void *from, size_t len)
{
	struct peer *p = owner;

	p->sends++;
	if (p->dead)
		return TLS_IO_DEAD;
	if (p->full || (p->hesitant && p->sends % 2 == 0))
		return TLS_IO_AGAIN;
	if (p->send_max > 0 && len > p->send_max)
		len = p->send_max;
	return BIO_write(p->to_client, from, (int)len);
}

static const struct tls_io peer_io = {peer_recv, peer_send};

static inline struct pem
pem_ecdsa(const char *name)
{
	struct pem pem = {buf_with_cap(1 << 16), buf_with_cap(1 << 16)};
	const char *names[] = {name};

	assert_ok(certificate_self_signed(names, 1, 30, &pem.chain, &pem.key));
	return pem;
}

static inline struct tls_pair
pem_pair(const struct pem *pem)
{
	return (struct tls_pair){buf_span(&pem->chain), buf_span(&pem->key)};
}

static inline void
pem_free(struct pem *pem)
{
	buf_free(&pem->chain);
	buf_wipe(&pem->key);
}

/* A client yet to speak, and the server that waits for it. */
static inline void
peer_open(struct peer *p, struct tls_context *ctx)
{
	p->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_security_level(p->ctx, 0);
	p->ssl = SSL_new(p->ctx);
	p->to_server = BIO_new(BIO_s_mem());
	p->to_client = BIO_new(BIO_s_mem());
	BIO_set_mem_eof_return(p->to_server, -1);
	BIO_set_mem_eof_return(p->to_client, -1);
	SSL_set_bio(p->ssl, p->to_client, p->to_server);
	SSL_set_connect_state(p->ssl);
	p->conn = tls_conn_new(ctx, &peer_io, p);
	assert_non_null(p->conn);
}

static inline void
peer_close(struct peer *p)
{
	tls_conn_free(p->conn);
	SSL_free(p->ssl);
	SSL_CTX_free(p->ctx);
	ERR_clear_error();
	*p = (struct peer){0};
}

/* Both sides in turn, until both are done or nobody moves; whether they are. */
static inline bool
peer_shake(struct peer *p)
{
	int done = 0;

	for (int turn = 0; turn < 40000; turn++) {
		ERR_clear_error();
		done = SSL_do_handshake(p->ssl);
		if (done != 1 && SSL_get_error(p->ssl, done) != SSL_ERROR_WANT_READ)
			return false;
		p->last = tls_handshake(p->conn);
		if (p->last == TLS_FAILED)
			return false;
		if (p->last == TLS_DONE && done == 1)
			return true;
	}
	return false;
}

static inline enum tls_result
peer_write(struct peer *p, struct span bytes)
{
	enum tls_result result;
	size_t taken;

	while (bytes.len > 0) {
		result = tls_write(p->conn, bytes, &taken);
		if (result == TLS_WANT_SEND)
			continue;
		if (result != TLS_DONE)
			return result;
		bytes = span_tail(bytes, taken);
	}
	return TLS_DONE;
}

/* Until the client has `want` bytes. */
static inline size_t
peer_client_reads(struct peer *p, uint8_t *to, size_t want)
{
	size_t got = 0, n;

	while (got < want && SSL_read_ex(p->ssl, to + got, want - got, &n) == 1)
		got += n;
	return got;
}

#endif
