/* What a client makes of a chunked, compressed answer. */
#ifndef TEST_SERVE_DECODE_H
#define TEST_SERVE_DECODE_H

#include <brotli/decode.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "serve/encode.h"

#define DECODED_MAX (4u << 20)

/* The data of the chunks in `body`, as far as they are complete; *ended: the last one came. */
static inline struct buf
decode_chunks(struct span body, bool *ended)
{
	struct buf out = buf_with_cap(DECODED_MAX);

	*ended = false;
	while (body.len > 0) {
		size_t line = span_find(body, '\n') + 1;
		size_t length = strtoul((const char *)body.p, NULL, 16);

		if (line > body.len || body.len < line + length)
			break;
		if (length == 0) {
			*ended = true;
			break;
		}
		if (!buf_append(&out, span_head(span_tail(body, line), length)))
			abort();
		body = span_tail(body, line + length + 2);
	}
	return out;
}

static inline size_t
decode_gzip(struct span in, uint8_t *to, bool *ended)
{
	z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)in.p,
		      .avail_in = (uInt)in.len,
		      .next_out = to,
		      .avail_out = DECODED_MAX};

	if (inflateInit2(&z, 15 + 16) != Z_OK)
		abort();
	int result = inflate(&z, Z_SYNC_FLUSH);
	*ended = result == Z_STREAM_END && z.avail_in == 0;
	inflateEnd(&z);
	return DECODED_MAX - z.avail_out;
}

static inline size_t
decode_zstd(struct span in, uint8_t *to, bool *ended)
{
	ZSTD_DCtx *d = ZSTD_createDCtx();
	ZSTD_inBuffer from = {in.p, in.len, 0};
	ZSTD_outBuffer into = {to, DECODED_MAX, 0};
	size_t result = 1, before;

	do {
		before = from.pos + into.pos;
		result = ZSTD_decompressStream(d, &into, &from);
	} while (!ZSTD_isError(result) && result != 0 && from.pos + into.pos != before);
	*ended = result == 0 && from.pos == in.len;
	ZSTD_freeDCtx(d);
	return into.pos;
}

static inline size_t
decode_brotli(struct span in, uint8_t *to, bool *ended)
{
	BrotliDecoderState *d = BrotliDecoderCreateInstance(NULL, NULL, NULL);
	size_t left = in.len, room = DECODED_MAX;
	const uint8_t *from = in.p;

	BrotliDecoderResult result =
	    BrotliDecoderDecompressStream(d, &left, &from, &room, &to, NULL);
	*ended = result == BROTLI_DECODER_RESULT_SUCCESS && left == 0;
	BrotliDecoderDestroyInstance(d);
	return DECODED_MAX - room;
}

/* What `in` decodes to so far; *ended: it is a whole stream, and nothing follows. */
static inline struct buf
decode(enum coding coding, struct span in, bool *ended)
{
	static size_t (*const decoders[])(struct span in, uint8_t * to, bool *ended) = {
	    [CODING_GZIP] = decode_gzip, [CODING_ZSTD] = decode_zstd, [CODING_BR] = decode_brotli};
	struct buf out = buf_with_cap(DECODED_MAX);
	uint8_t *to = buf_room(&out, DECODED_MAX);

	if (to == NULL)
		abort();
	buf_added(&out, decoders[coding](in, to, ended));
	return out;
}

#endif
