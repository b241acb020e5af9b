/* What a compromised role could say to warden, or to another. */
#include <stdlib.h>

#include "ipc/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf again = buf_with_cap(MESSAGE_MAX);
	struct message m;

	if (size < 2)
		return 0;
	struct span bytes = span_tail(span_of(data, size), 2);
	/* Whatever is taken must be what its bytes say: encoded, they are the same again. */
	if (message_decode(bytes, data[0] % 3, data[1] % (MESSAGE_FDS + 1), &m) &&
	    (!message_encode(&m, &again) || !span_equal(buf_span(&again), bytes)))
		abort();
	buf_free(&again);
	return 0;
}
