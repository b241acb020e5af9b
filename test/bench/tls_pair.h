/* A client (plain OpenSSL) and a connection of ours in one thread, joined by memory. */
#ifndef BENCH_TLS_PAIR_H
#define BENCH_TLS_PAIR_H

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

#include "tls/certificate.h"
#include "tls/conn.h"

struct pair {
	SSL *client;
	BIO *to_server, *to_client;
	struct tls_conn *server;
	size_t sends;
};

struct bench {
	struct tls_library *lib;
	struct tls_context *ctx;
	SSL_CTX *client;
};

static inline void
must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static inline ssize_t
pair_recv(void *owner, void *to, size_t len)
{
	struct pair *p = owner;
	int n = BIO_read(p->to_server, to, (int)len);

	return n > 0 ? n : TLS_IO_AGAIN;
}

static inline ssize_t
pair_send(void *owner, const void *from, size_t len)
{
	struct pair *p = owner;

	p->sends++;
	return BIO_write(p->to_client, from, (int)len);
}

static const struct tls_io pair_io = {pair_recv, pair_send};

static inline void
bench_open(struct bench *b)
{
	static const char *const names[] = {"example.org"};
	struct buf chain = buf_with_cap(1 << 16), key = buf_with_cap(1 << 16);
	struct tls_ticket_keys keys = {0};

	must((b->lib = tls_library_new()) != NULL, "no library");
	must(!failed(tls_ticket_keys_rotate(&keys)), "no ticket key");
	tls_library_set_tickets(b->lib, &keys);
	must(!failed(certificate_self_signed(names, 1, 30, &chain, &key)), "no certificate");
	struct tls_pair pair = {buf_span(&chain), buf_span(&key)};
	must(!failed(tls_context_new(b->lib, names[0], &pair, 1, &b->ctx)), "no context");
	buf_free(&chain);
	buf_wipe(&key);
	b->client = SSL_CTX_new(TLS_client_method());
	must(b->client != NULL, "no client");
}

static inline void
bench_close(struct bench *b)
{
	SSL_CTX_free(b->client);
	tls_context_free(b->ctx);
	tls_library_free(b->lib);
}

static inline void
pair_open(struct pair *p, struct bench *b, int version)
{
	p->client = SSL_new(b->client);
	p->to_server = BIO_new(BIO_s_mem());
	p->to_client = BIO_new(BIO_s_mem());
	SSL_set_bio(p->client, p->to_client, p->to_server);
	SSL_set_min_proto_version(p->client, version);
	SSL_set_max_proto_version(p->client, version);
	SSL_set_tlsext_host_name(p->client, "example.org");
	SSL_set_connect_state(p->client);
}

static inline void
pair_close(struct pair *p)
{
	tls_conn_free(p->server);
	SSL_free(p->client);
}

#endif
