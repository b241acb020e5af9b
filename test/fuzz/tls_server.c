/* A peer's bytes, to a fresh server connection: the first byte says how they are cut. */
#include <stdint.h>
#include <stdlib.h>

#include "tls/certificate.h"
#include "tls/conn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct source {
	struct span left;
	size_t step;
	bool pause;
};

static ssize_t
give(void *owner, void *to, size_t len)
{
	struct source *s = owner;
	struct span piece = span_head(span_head(s->left, s->step), len);

	s->pause = !s->pause;
	if (s->pause && s->left.len > 0)
		return TLS_IO_AGAIN;
	if (piece.len > 0)
		memcpy(to, piece.p, piece.len);
	s->left = span_tail(s->left, piece.len);
	return (ssize_t)piece.len;
}

static ssize_t
swallow(void *owner, const void *from, size_t len)
{
	(void)owner, (void)from;
	return (ssize_t)len;
}

static struct tls_context *
context(void)
{
	static const char *const names[] = {"example.org"};
	struct buf chain = buf_with_cap(1 << 16), key = buf_with_cap(1 << 16);
	struct tls_library *lib = tls_library_new();
	struct tls_ticket_keys keys = {0};
	struct tls_context *ctx = NULL;

	if (lib == NULL || failed(tls_ticket_keys_rotate(&keys)) ||
	    failed(certificate_self_signed(names, 1, 30, &chain, &key)))
		abort();
	tls_library_set_tickets(lib, &keys);
	struct tls_pair pair = {buf_span(&chain), buf_span(&key)};
	if (failed(tls_context_new(lib, names[0], &pair, 1, &ctx)))
		abort();
	buf_free(&chain);
	buf_wipe(&key);
	return ctx;
}

/* Until the bytes are used up: then recv says so, and the connection must end. */
static void
serve(struct tls_conn *c, size_t size)
{
	enum tls_result result = TLS_WANT_RECV;
	uint8_t to[512];
	size_t n;

	for (size_t i = 0; i < 4 * size + 16 && result == TLS_WANT_RECV; i++)
		result = tls_handshake(c);
	while (result == TLS_DONE)
		result = tls_read(c, to, sizeof to, &n);
	if (result == TLS_WANT_RECV || (result == TLS_FAILED && tls_why(c)[0] == '\0'))
		abort();
	(void)tls_close(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tls_io io = {give, swallow};
	static struct tls_context *ctx;
	struct source source;
	struct tls_conn *c;

	if (size < 1)
		return 0;
	if (ctx == NULL)
		ctx = context();
	source =
	    (struct source){span_of(data + 1, size - 1), data[0] > 0 ? data[0] : SIZE_MAX, false};
	if ((c = tls_conn_new(ctx, &io, &source)) == NULL)
		return 0;
	serve(c, size);
	tls_conn_free(c);
	return 0;
}
