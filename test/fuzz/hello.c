/* A hello that is there whole says the same when it comes in parts; what it says is in bounds. */
#include <assert.h>

#include "share/hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_said(const struct hello *h)
{
	struct cursor c = cursor_of(span_of(h->alpn, h->alpn_len));
	struct span protocol;

	assert(h->alpn_len <= sizeof h->alpn);
	while (cursor_left(&c) > 0) {
		assert(cursor_vec8(&c, &protocol) && protocol.len > 0);
		assert(hello_asks_for(h, protocol));
	}
	size_t len = strnlen(h->name, sizeof h->name);
	assert(len <= HELLO_NAME_MAX);
	for (size_t i = 0; i < len; i++)
		assert(strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.", h->name[i]) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum verdict whole, decided = VERDICT_MORE;
	size_t step = size / 64 + 1;
	struct hello h;

	whole = hello_parse(span_of(data, size), &h);
	check_said(&h);
	for (size_t n = 0; n < size; n += step) {
		enum verdict v = hello_parse(span_of(data, n), &h);

		assert(decided == VERDICT_MORE || v == decided);
		check_said(&h);
		decided = v;
	}
	assert(decided == VERDICT_MORE || decided == whole);
	return 0;
}
