/* By which ways clients go, as a tunnel that fell to somebody could say to warden. */
#include "ipc/ways.h"
#include "fuzz.h"
#include "role/warden_ways.h"

static void
look_at_commands(const struct way *list, size_t count)
{
	const struct address at = {.family = 4, .ip = {10, 86, 0, 5}};
	struct ways *w = ways_new();
	struct buf text = buf_with_cap(WAYS_TEXT_MAX);

	check(!failed(ways_set(w, &at, list, count)));
	check(ways_put_changes(w, &text));
	buf_free(&text);
	ways_free(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct way list[WAYS_MAX];
	struct buf again = buf_with_cap(WAYS_BYTES_MAX);
	size_t count;

	/* Whatever is taken must be what its bytes say: encoded, they are the same again. */
	if (ways_decode(span_of(data, size), list, &count)) {
		check(ways_encode(list, count, &again));
		check(span_equal(buf_span(&again), span_of(data, size)));
		look_at_commands(list, count);
	}
	buf_free(&again);
	return 0;
}
