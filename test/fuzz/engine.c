/*
 * A peer's bytes, to an engine that serves or to one that calls; or a genuine handshake between the
 * two, with changes made on its way. The first byte says which, the second how bytes are cut.
 */
#include "tls/engine.h"
#include "base/clock.h"
#include "fuzz.h"
#include "tls/issue.h"

#define DAY     86400000ll
#define CHANGES 3 /* the bytes of a change: where, big-endian, and what is turned over */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct engine_context *contexts[2]; /* what calls, what serves */

struct pair {
	struct buf key, der, key_pem, pem;
};

static struct pair
issued(enum issue_use use, const struct pair *issuer)
{
	struct pair p = {buf_with_cap(8192), buf_with_cap(8192), buf_with_cap(8192),
			 buf_with_cap(8192)};
	int64_t now = clock_wall_ms();
	struct issue_request r = {
	    .use = use, .name = "x", .not_before = now - DAY, .not_after = now + 100 * DAY};
	char serial[ISSUE_SERIAL_MAX];

	if (issuer != NULL) {
		r.issuer_certificate = buf_span(&issuer->der);
		r.issuer_key = buf_span(&issuer->key);
	}
	check(!failed(issue_make_key(ISSUE_P256, &p.key)));
	check(!failed(issue_certificate(&r, buf_span(&p.key), &p.der, serial)));
	check(issue_put_pem(&p.pem, "CERTIFICATE", buf_span(&p.der)));
	check(issue_put_pem(&p.key_pem, "PRIVATE KEY", buf_span(&p.key)));
	return p;
}

static void
pair_free(struct pair *p)
{
	buf_wipe(&p->key);
	buf_wipe(&p->key_pem);
	buf_free(&p->der);
	buf_free(&p->pem);
}

static void
begin(void)
{
	static const enum issue_use uses[] = {ISSUE_CLIENT, ISSUE_SERVER};
	struct tls_library *lib = tls_library_new();
	struct pair ca = issued(ISSUE_CA, NULL);

	check(lib != NULL);
	for (size_t i = 0; i < 2; i++) {
		struct pair own = issued(uses[i], &ca);
		const struct engine_material m = {buf_span(&ca.pem), buf_span(&own.pem),
						  buf_span(&own.key_pem)};

		check(!failed(engine_context_new(lib, &m, i == 1, &contexts[i])));
		pair_free(&own);
	}
	pair_free(&ca);
}

/* What must hold whatever came. */
static void
look_at(struct engine *e)
{
	enum engine_state state = engine_give(e, SPAN_NONE);
	struct buf said = buf_with_cap(1 << 16);
	struct engine_peer peer;
	uint8_t key[32];

	check(engine_peer(e, &peer) == (state == ENGINE_OPEN));
	check(engine_export(e, "EXPORTER-x", key, sizeof key) == (state == ENGINE_OPEN));
	if (!engine_read(e, &said))
		state = engine_give(e, SPAN_NONE);
	check((state == ENGINE_FAILED) == (engine_why(e)[0] != '\0'));
	check(!engine_write(e, SPAN_OF("x")) == (state != ENGINE_OPEN));
	buf_free(&said);
}

static void
strange(struct engine *e, struct span bytes, size_t step)
{
	uint8_t answer[256];

	(void)engine_begin(e);
	for (; bytes.len > 0; bytes = span_tail(bytes, step)) {
		check(engine_give(e, span_head(bytes, step)) != ENGINE_OPEN);
		while (engine_take(e, answer, sizeof answer) > 0)
			;
	}
	look_at(e);
}

/* Turns over what the changes name among `n` bytes that are the stream's from `at` on. */
static void
change(uint8_t *bytes, size_t n, size_t at, struct span changes)
{
	struct cursor c = cursor_of(changes);
	uint16_t where;
	uint8_t bits;

	while (cursor_be16(&c, &where) && cursor_u8(&c, &bits))
		if (where >= at && where - at < n)
			bytes[where - at] ^= bits;
}

static void
disturbed(struct engine *client, struct engine *server, struct span changes, size_t step)
{
	uint8_t bytes[4096];
	size_t n, at = 0, max = step < sizeof bytes ? step : sizeof bytes;
	bool going = true;

	changes = span_head(changes, 16 * CHANGES);
	(void)engine_begin(client);
	while (going) {
		going = false;
		for (; (n = engine_take(client, bytes, max)) > 0; at += n, going = true) {
			change(bytes, n, at, changes);
			(void)engine_give(server, span_of(bytes, n));
		}
		for (; (n = engine_take(server, bytes, max)) > 0; going = true)
			(void)engine_give(client, span_of(bytes, n));
	}
	check(changes.len > 0 || engine_begin(server) == ENGINE_OPEN);
	look_at(server);
	look_at(client);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct engine *client, *server;

	if (size < 2)
		return 0;
	if (contexts[0] == NULL)
		begin();
	struct span rest = span_of(data + 2, size - 2);
	size_t step = data[1] > 0 ? data[1] : SIZE_MAX;
	client = engine_new(contexts[0]);
	server = engine_new(contexts[1]);
	check(client != NULL && server != NULL);
	if (data[0] % 3 < 2)
		strange(data[0] % 3 == 0 ? server : client, rest, step);
	else
		disturbed(client, server, rest, step);
	engine_free(client);
	engine_free(server);
	return 0;
}
