/* A header is read the same however it comes in, and what it says can be written and read again. */
#include <assert.h>

#include "share/proxy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_written(const struct proxied *p,
	      bool put(struct buf *, const struct address *, const struct address *))
{
	struct buf b = buf_with_cap(PROXY_HEADER_MAX);
	struct proxied again;

	assert(put(&b, &p->client, &p->server));
	assert(proxy_header_parse(buf_span(&b), &again) == VERDICT_YES);
	assert(again.len == buf_len(&b));
	if (p->client.family == p->server.family) {
		assert(address_equal(&again.client, &p->client));
		assert(address_equal(&again.server, &p->server));
	} else {
		assert(again.client.family == 0 && again.server.family == 0);
	}
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum verdict decided = VERDICT_MORE, whole;
	struct proxied p, part;

	whole = proxy_header_parse(span_of(data, size), &p);
	assert(p.len <= size && p.len <= PROXY_HEADER_MAX);
	assert((whole == VERDICT_YES) == (p.len > 0));
	for (size_t n = 0; n < size; n += n < 160 ? 1 : 64) {
		enum verdict v = proxy_header_parse(span_of(data, n), &part);

		assert(decided == VERDICT_MORE || v == decided);
		decided = v;
	}
	assert(decided == VERDICT_MORE || decided == whole);
	if (whole == VERDICT_YES) {
		check_written(&p, proxy_header_v1);
		check_written(&p, proxy_header_v2);
	}
	return 0;
}
