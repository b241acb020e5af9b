/*
 * Sealed secrets and wrapped keys: whatever bytes come, they open only when they are ours. 's' and
 * 'w' come with bytes as they are; 'S' and 'W' with what is to be sealed, and where one bit of it
 * is changed.
 */
#include "fuzz.h"
#include "tls/seal.h"
#include "tls/wrap_key.h"

static const uint8_t keys[WRAP_SERVER_KEY] = "keys that everybody knows";

static void
open_as_it_is(struct span bytes)
{
	struct buf out = buf_with_cap(65536);

	/* Who could make such bytes has guessed a tag of 128 bits. */
	check(!unseal(keys, "fuzz", bytes, &out));
	check(buf_len(&out) == 0);
	buf_free(&out);
}

static void
open_changed(struct span bytes)
{
	struct buf box = buf_with_cap(65536 + SEAL_OVERHEAD), out = buf_with_cap(65536);
	struct span secret = span_tail(bytes, 2);
	size_t at;

	if (bytes.len < 2 || !seal(keys, "fuzz", secret, &box))
		return;
	check(unseal(keys, "fuzz", buf_span(&box), &out) && span_equal(buf_span(&out), secret));
	buf_taken(&out, buf_len(&out));
	at = (size_t)(bytes.p[0] << 8 | bytes.p[1]) % (buf_len(&box) * 8);
	box.data[box.start + at / 8] ^= (uint8_t)(1 << at % 8);
	check(!unseal(keys, "fuzz", buf_span(&box), &out) && buf_len(&out) == 0);
	buf_free(&out);
	buf_free(&box);
}

static void
unwrap_as_it_is(struct span bytes)
{
	struct wrap_key key;

	check(!wrap_key_open(keys, bytes, &key) && key.device == 0);
}

static void
unwrap_changed(struct span bytes)
{
	struct buf made = buf_with_cap(2048);
	struct wrap_key key;
	size_t at;

	if (bytes.len < 3 || !wrap_key_make(keys, bytes.p[0], &made))
		return;
	buf_taken(&made, WRAP_CLIENT_KEY);
	check(wrap_key_open(keys, buf_span(&made), &key) && key.device == bytes.p[0]);
	at = (size_t)(bytes.p[1] << 8 | bytes.p[2]) % (buf_len(&made) * 8);
	made.data[made.start + at / 8] ^= (uint8_t)(1 << at % 8);
	check(!wrap_key_open(keys, buf_span(&made), &key) && key.device == 0);
	buf_wipe(&made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct span bytes = span_of(data + 1, size - 1);

	switch (data[0]) {
	case 's':
		open_as_it_is(bytes);
		break;
	case 'S':
		open_changed(bytes);
		break;
	case 'w':
		unwrap_as_it_is(bytes);
		break;
	case 'W':
		unwrap_changed(bytes);
		break;
	default:
		break;
	}
	return 0;
}
