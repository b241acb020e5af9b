/* Whatever is asked for, a verdict once given is never taken back by more bytes. */
#include <assert.h>

#include "share/classify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ALL 0x7Eu /* the bits of every protocol */

/* No rule looks further; longer inputs would say the same, slowly. */
#define LOOKED_AT 64

static void
check(struct span seen, unsigned among)
{
	enum verdict decided = VERDICT_MORE;
	enum protocol which = PROTOCOL_NONE;

	for (size_t n = 0; n <= seen.len; n++) {
		enum protocol protocol = PROTOCOL_NONE;
		enum verdict v = classify(span_head(seen, n), among, false, &protocol);

		assert(decided == VERDICT_MORE || (v == decided && protocol == which));
		assert(v == VERDICT_YES ? (PROTOCOL_BIT(protocol) & among) != 0
					: protocol == PROTOCOL_NONE);
		decided = v;
		which = protocol;
		v = classify(span_head(seen, n), among, true, &protocol);
		assert(v != VERDICT_MORE);
		assert(decided == VERDICT_MORE || (v == decided && protocol == which));
	}
}

/* The first byte says what is asked for. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span seen = span_head(span_tail(span_of(data, size), 1), LOOKED_AT);

	if (size == 0)
		return 0;
	check(seen, data[0] & ALL);
	check(seen, ALL);
	return 0;
}
