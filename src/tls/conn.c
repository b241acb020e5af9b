#include "tls/conn.h"

#include <assert.h>
#include <openssl/err.h>
#include <stdlib.h>

#include "tls/library.h"

/*
 * What a peer may send without giving us a byte of data: a whole ClientHello fits, and no
 * honest peer comes near it afterwards. It ends floods of KeyUpdates and empty records.
 */
#define WITHOUT_DATA_MAX (64 * 1024)

struct tls_conn {
	SSL *ssl;
	struct tls_context *ctx;
	const struct tls_io *io;
	void *owner;
	const char *why;     /* why it failed, or NULL: `error` says it */
	char *explained;     /* what `why` is, where it was put together */
	unsigned long error; /* OpenSSL's */
	uint8_t *unsent;     /* what a call made but could not send */
	size_t unsent_len;
	size_t sealed;       /* bytes of the caller's that unsent holds: he gives them again */
	size_t without_data; /* received since the peer's last byte of data */
	bool ended;          /* recv has seen the peer's end */
	bool starved;        /* recv had nothing when last asked: no whole record waits */
	bool ticket_due;
	bool dead, failed;
};

/* Sends from `bytes` until all went or no more is taken; returns how much went. */
static size_t
send_all(struct tls_conn *c, struct span bytes)
{
	size_t sent = 0;

	while (sent < bytes.len) {
		ssize_t n = c->io->send(c->owner, bytes.p + sent, bytes.len - sent);

		if (n <= 0) {
			c->dead = n != TLS_IO_AGAIN;
			break;
		}
		sent += (size_t)n;
	}
	return sent;
}

/* Keeps `rest`, which comes after what is kept already. */
static void
keep(struct tls_conn *c, struct span rest)
{
	uint8_t *grown = realloc(c->unsent, c->unsent_len + rest.len);

	if (grown == NULL) {
		c->why = "out of memory";
		c->dead = true;
		return;
	}
	memcpy(grown + c->unsent_len, rest.p, rest.len);
	c->unsent = grown;
	c->unsent_len += rest.len;
}

static void
send_unsent(struct tls_conn *c)
{
	size_t sent = send_all(c, span_of(c->unsent, c->unsent_len));

	c->unsent_len -= sent;
	if (c->unsent_len > 0) {
		memmove(c->unsent, c->unsent + sent, c->unsent_len);
		return;
	}
	free(c->unsent);
	c->unsent = NULL;
}

/* Everything made so far goes out in one piece, or stays for a later call. */
static void
flush(struct tls_conn *c)
{
	struct tls_library *lib = c->ctx->lib;
	struct span gathered = span_of(lib->gather, lib->gathered);

	lib->gathered = 0;
	if (c->unsent_len > 0 && !c->dead)
		send_unsent(c);
	if (gathered.len == 0 || c->dead)
		return;
	size_t sent = c->unsent_len == 0 ? send_all(c, gathered) : 0;
	if (sent < gathered.len && !c->dead)
		keep(c, span_tail(gathered, sent));
}

static int
on_bio_write(BIO *bio, const char *from, int len)
{
	struct tls_conn *c = BIO_get_data(bio);
	struct tls_library *lib = c->ctx->lib;
	size_t n = len > 0 ? (size_t)len : 0;

	BIO_clear_retry_flags(bio);
	if (lib->gathered + n > GATHER_MAX)
		flush(c);
	if (c->dead)
		return -1;
	if (c->unsent_len + lib->gathered + n > GATHER_MAX) {
		BIO_set_retry_write(bio);
		return -1;
	}
	memcpy(lib->gather + lib->gathered, from, n);
	lib->gathered += n;
	return len;
}

static int
on_bio_read(BIO *bio, char *to, int len)
{
	struct tls_conn *c = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (c->without_data > WITHOUT_DATA_MAX) {
		c->why = "peer sends records without data";
		return -1;
	}
	/* The peer cannot answer what is still here. */
	flush(c);
	if (c->dead)
		return -1;
	ssize_t n = c->io->recv(c->owner, to, len > 0 ? (size_t)len : 0);
	c->ended |= n == 0;
	c->starved = n == TLS_IO_AGAIN;
	c->dead |= n < 0 && n != TLS_IO_AGAIN;
	if (c->starved)
		BIO_set_retry_read(bio);
	if (n > 0)
		c->without_data += (size_t)n;
	return n > 0 ? (int)n : -(n < 0);
}

/*
 * The end of the bytes is not told to OpenSSL (BIO_CTRL_EOF): it would make it an error,
 * and the connection useless, where a peer may have closed its own half only.
 */
static long
on_bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)bio, (void)number, (void)pointer;
	return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *
conn_bio_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "connection");

	if (method == NULL)
		return NULL;
	BIO_meth_set_write(method, on_bio_write);
	BIO_meth_set_read(method, on_bio_read);
	BIO_meth_set_ctrl(method, on_bio_ctrl);
	return method;
}

static bool
attach(struct tls_conn *c)
{
	BIO *bio = BIO_new(c->ctx->lib->bio);

	if (bio == NULL)
		return false;
	BIO_set_data(bio, c);
	SSL_set_bio(c->ssl, bio, bio);
	if (c->ctx->client != NULL) {
		SSL_set_connect_state(c->ssl);
		return client_begin(c->ctx->client, c->ssl);
	}
	SSL_set_accept_state(c->ssl);
	/* Without a key OpenSSL would send a ticket of no bytes, which TLS 1.3 has not. */
	if (c->ctx->lib->tickets.count == 0)
		SSL_set_options(c->ssl, SSL_OP_NO_TICKET);
	return true;
}

struct tls_conn *
tls_conn_new(struct tls_context *ctx, const struct tls_io *io, void *owner)
{
	struct tls_conn *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	ERR_clear_error();
	*c = (struct tls_conn){.ctx = ctx, .io = io, .owner = owner};
	ctx->shares++;
	if ((c->ssl = SSL_new(ctx->ssl)) != NULL && attach(c))
		return c;
	ERR_clear_error();
	tls_conn_free(c);
	return NULL;
}

void
tls_conn_free(struct tls_conn *c)
{
	if (c == NULL)
		return;
	/* Else OpenSSL would call the session of a connection that just ended unfit to resume. */
	if (c->ssl != NULL && c->ctx->client != NULL && !c->failed)
		SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(c->ssl);
	tls_context_free(c->ctx);
	free(c->unsent);
	free(c->explained);
	free(c);
}

void
conn_explain(SSL *ssl, struct span words)
{
	struct tls_conn *c = BIO_get_data(SSL_get_rbio(ssl));

	free(c->explained);
	if ((c->explained = malloc(words.len + 1)) == NULL)
		return;
	memcpy(c->explained, words.p, words.len);
	c->explained[words.len] = '\0';
	c->why = c->explained;
}

static enum tls_result
fail(struct tls_conn *c, const char *why)
{
	if (c->why == NULL)
		c->why = why;
	c->failed = true;
	return TLS_FAILED;
}

static enum tls_result
fail_by_queue(struct tls_conn *c)
{
	c->error = library_complaint();
	return fail(c, c->error == 0 ? "connection lost" : NULL);
}

static bool
between_records(const struct tls_conn *c)
{
	return !SSL_has_pending(c->ssl) && strcmp(SSL_rstate_string(c->ssl), "RH") == 0;
}

/* The peer is gone without close_notify. Between records, that is how many say goodbye. */
static enum tls_result
at_end(struct tls_conn *c)
{
	if (!SSL_is_init_finished(c->ssl))
		return fail(c, "peer closed during handshake");
	if (!between_records(c))
		return fail(c, "peer closed within a record");
	return TLS_CLOSED;
}

/* What the last call into OpenSSL, which returned `ret`, comes to. */
static enum tls_result
outcome(struct tls_conn *c, int ret)
{
	if (ret == 1)
		return TLS_DONE;
	switch (SSL_get_error(c->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
		return TLS_WANT_RECV;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANT_SEND;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_CLOSED;
	case SSL_ERROR_SYSCALL:
		if (ERR_peek_error() == 0 && c->ended && !c->dead)
			return at_end(c);
		return fail_by_queue(c);
	default:
		return fail_by_queue(c);
	}
}

/* Begins a call: OpenSSL's errors are the thread's, so another connection's go first. */
static enum tls_result
begin(struct tls_conn *c)
{
	assert(c->ctx->lib->gathered == 0);
	if (c->failed)
		return TLS_FAILED;
	if (ERR_peek_error() != 0) /* looking is cheaper than clearing what is empty */
		ERR_clear_error();
	flush(c);
	if (c->dead)
		return fail(c, "connection lost");
	return TLS_DONE;
}

/* Ends it: what it made is sent, an alert too. */
static enum tls_result
end(struct tls_conn *c, enum tls_result result)
{
	flush(c);
	if (c->dead && result != TLS_FAILED)
		return fail(c, "connection lost");
	return result;
}

enum tls_result
tls_handshake(struct tls_conn *c)
{
	enum tls_result result = begin(c);

	if (result != TLS_DONE)
		return result;
	result = end(c, outcome(c, SSL_do_handshake(c->ssl)));
	if (result == TLS_FAILED)
		return result;
	return c->unsent_len > 0 ? TLS_WANT_SEND : result;
}

enum tls_result
tls_read(struct tls_conn *c, void *to, size_t len, size_t *got)
{
	enum tls_result result = begin(c);

	*got = 0;
	if (result != TLS_DONE)
		return result;
	result = end(c, outcome(c, SSL_read_ex(c->ssl, to, len, got)));
	if (*got > 0)
		c->without_data = 0;
	return result;
}

/* Asked twice, OpenSSL would wait for the peer's. */
static void
say_close(struct tls_conn *c)
{
	if (SSL_is_init_finished(c->ssl) && !(SSL_get_shutdown(c->ssl) & SSL_SENT_SHUTDOWN))
		(void)SSL_shutdown(c->ssl);
}

/* As many records as one send may carry. */
static enum tls_result
seal(struct tls_conn *c, struct span bytes, bool last)
{
	const struct tls_library *lib = c->ctx->lib;
	enum tls_result result = TLS_DONE;
	size_t n;

	while (bytes.len > 0 && result == TLS_DONE && GATHER_MAX - lib->gathered >= RECORD_MAX) {
		struct span record = span_head(bytes, RECORD_DATA_MAX);

		result = outcome(c, SSL_write_ex(c->ssl, record.p, record.len, &n));
		if (result != TLS_DONE)
			break;
		c->sealed += n;
		bytes = span_tail(bytes, n);
	}
	if (last && bytes.len == 0)
		say_close(c);
	return result;
}

static enum tls_result
write_some(struct tls_conn *c, struct span bytes, bool last, size_t *taken)
{
	enum tls_result result = begin(c);

	*taken = 0;
	if (result != TLS_DONE)
		return result;
	if (c->unsent_len > 0)
		return TLS_WANT_SEND;
	if (c->ticket_due && bytes.len > 0) {
		c->ticket_due = false;
		SSL_new_session_ticket(c->ssl);
	}
	if (c->sealed == 0)
		result = end(c, seal(c, bytes, last));
	if (result != TLS_DONE)
		return result;
	if (c->unsent_len > 0)
		return TLS_WANT_SEND;
	/* Reading ahead, OpenSSL keeps 16 KiB until a read finds nothing: the peer may be long. */
	if (between_records(c))
		SSL_free_buffers(c->ssl);
	assert(c->sealed <= bytes.len);
	*taken = c->sealed;
	c->sealed = 0;
	return TLS_DONE;
}

enum tls_result
tls_write(struct tls_conn *c, struct span bytes, size_t *taken)
{
	return write_some(c, bytes, false, taken);
}

enum tls_result
tls_write_last(struct tls_conn *c, struct span bytes, size_t *taken)
{
	return write_some(c, bytes, true, taken);
}

bool
tls_has_more(const struct tls_conn *c)
{
	return !c->failed && !c->starved && SSL_has_pending(c->ssl);
}

void
tls_send_ticket(struct tls_conn *c)
{
	c->ticket_due = c->ctx->lib->tickets.count > 0;
}

enum tls_result
tls_close(struct tls_conn *c)
{
	enum tls_result result = begin(c);

	if (result != TLS_DONE)
		return result;
	say_close(c);
	result = end(c, TLS_DONE);
	ERR_clear_error();
	return result == TLS_DONE && c->unsent_len > 0 ? TLS_WANT_SEND : result;
}

bool
tls_is_13(const struct tls_conn *c)
{
	return SSL_version(c->ssl) == TLS1_3_VERSION;
}

const char *
tls_version(const struct tls_conn *c)
{
	return SSL_get_version(c->ssl);
}

const char *
tls_cipher(const struct tls_conn *c)
{
	return SSL_get_cipher_name(c->ssl);
}

bool
tls_resumed(const struct tls_conn *c)
{
	return SSL_session_reused(c->ssl) == 1;
}

struct span
tls_alpn(const struct tls_conn *c)
{
	const unsigned char *name;
	unsigned int len;

	SSL_get0_alpn_selected(c->ssl, &name, &len);
	return span_of(name, len);
}

const char *
tls_why(const struct tls_conn *c)
{
	if (c->why != NULL)
		return c->why;
	if (c->ctx->client != NULL && ERR_GET_REASON(c->error) == SSL_R_WRONG_VERSION_NUMBER)
		return "it does not speak TLS";
	return library_words(c->ctx->lib, c->error);
}
