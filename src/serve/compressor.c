#include "serve/compressor.h"

#include <brotli/encode.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

/*
 * Windows of 256 KiB at most: a decoder must keep as much, and so must each of
 * our own streams. Levels are where one core still outruns a fast network.
 */
#define WINDOW_LOG   18
#define GZIP_WINDOW  (15 + 16) /* 32 KiB, all that deflate has; and gzip's frame around it */
#define GZIP_MEMORY  8
#define KEPT_STREAMS 4 /* of each coding that can be used again, by a thread */

static const struct {
	int gzip, zstd, brotli;
} levels[] = {[EFFORT_EACH] = {5, 3, 4}, [EFFORT_ONCE] = {6, 9, 6}};

struct compressor {
	enum coding coding;
	union {
		z_stream gzip;
		ZSTD_CCtx *zstd;
		BrotliEncoderState *brotli;
	};
};

/* Setting these up costs more than a small answer does; a thread keeps a few. */
static _Thread_local struct {
	struct compressor *at[CODING_COUNT][KEPT_STREAMS];
	size_t count[CODING_COUNT];
} kept;

static bool
gzip_open(struct compressor *c, enum effort effort)
{
	return deflateInit2(&c->gzip, levels[effort].gzip, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
			    Z_DEFAULT_STRATEGY) == Z_OK;
}

static bool
gzip_again(struct compressor *c, enum effort effort)
{
	return deflateReset(&c->gzip) == Z_OK &&
	       deflateParams(&c->gzip, levels[effort].gzip, Z_DEFAULT_STRATEGY) == Z_OK;
}

static bool
gzip_run(struct compressor *c, struct span *in, enum compress_until until, uint8_t *to, size_t room,
	 struct compressed *out)
{
	static const int flushes[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};
	z_stream *z = &c->gzip;
	int result;

	z->next_in = (z_const Bytef *)(uintptr_t)in->p;
	z->avail_in = (uInt)in->len;
	z->next_out = to;
	z->avail_out = (uInt)room;
	result = deflate(z, flushes[until]);
	*in = span_tail(*in, in->len - z->avail_in);
	out->made = room - z->avail_out;
	out->done = until == COMPRESS_ENDED ? result == Z_STREAM_END : z->avail_out > 0;
	return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR;
}

static void
gzip_close(struct compressor *c)
{
	(void)deflateEnd(&c->gzip);
}

static bool
zstd_again(struct compressor *c, enum effort effort)
{
	return !ZSTD_isError(ZSTD_CCtx_reset(c->zstd, ZSTD_reset_session_only)) &&
	       !ZSTD_isError(
		   ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_compressionLevel, levels[effort].zstd)) &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_windowLog, WINDOW_LOG));
}

static bool
zstd_open(struct compressor *c, enum effort effort)
{
	c->zstd = ZSTD_createCCtx();
	if (c->zstd != NULL && zstd_again(c, effort))
		return true;
	ZSTD_freeCCtx(c->zstd);
	return false;
}

static bool
zstd_run(struct compressor *c, struct span *in, enum compress_until until, uint8_t *to, size_t room,
	 struct compressed *out)
{
	static const ZSTD_EndDirective ends[] = {ZSTD_e_continue, ZSTD_e_flush, ZSTD_e_end};
	ZSTD_inBuffer from = {in->p, in->len, 0};
	ZSTD_outBuffer into = {to, room, 0};
	size_t left = ZSTD_compressStream2(c->zstd, &into, &from, ends[until]);

	*in = span_tail(*in, from.pos);
	out->made = into.pos;
	out->done = until == COMPRESS_SOME ? in->len == 0 : left == 0;
	return !ZSTD_isError(left);
}

static void
zstd_close(struct compressor *c)
{
	ZSTD_freeCCtx(c->zstd);
}

static bool
brotli_open(struct compressor *c, enum effort effort)
{
	BrotliEncoderState *b = BrotliEncoderCreateInstance(NULL, NULL, NULL);

	c->brotli = b;
	return b != NULL &&
	       BrotliEncoderSetParameter(b, BROTLI_PARAM_QUALITY,
					 (uint32_t)levels[effort].brotli) &&
	       BrotliEncoderSetParameter(b, BROTLI_PARAM_LGWIN, WINDOW_LOG);
}

static bool
brotli_run(struct compressor *c, struct span *in, enum compress_until until, uint8_t *to,
	   size_t room, struct compressed *out)
{
	static const BrotliEncoderOperation operations[] = {
	    BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FLUSH, BROTLI_OPERATION_FINISH};
	size_t left = in->len, free_bytes = room;
	const uint8_t *from = in->p;

	if (!BrotliEncoderCompressStream(c->brotli, operations[until], &left, &from, &free_bytes,
					 &to, NULL))
		return false;
	*in = span_tail(*in, in->len - left);
	out->made = room - free_bytes;
	out->done = in->len == 0 && !BrotliEncoderHasMoreOutput(c->brotli) &&
		    (until != COMPRESS_ENDED || BrotliEncoderIsFinished(c->brotli));
	return true;
}

static void
brotli_close(struct compressor *c)
{
	BrotliEncoderDestroyInstance(c->brotli);
}

static const struct {
	bool (*open)(struct compressor *c, enum effort effort);
	bool (*again)(struct compressor *c, enum effort effort); /* NULL: used once */
	bool (*run)(struct compressor *c, struct span *in, enum compress_until until, uint8_t *to,
		    size_t room, struct compressed *out);
	void (*close)(struct compressor *c);
} codings[CODING_COUNT] = {
    [CODING_GZIP] = {gzip_open, gzip_again, gzip_run, gzip_close},
    [CODING_ZSTD] = {zstd_open, zstd_again, zstd_run, zstd_close},
    [CODING_BR] = {brotli_open, NULL, brotli_run, brotli_close},
};

static void
drop(struct compressor *c)
{
	codings[c->coding].close(c);
	free(c);
}

static struct compressor *
open_new(enum coding coding, enum effort effort)
{
	struct compressor *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->coding = coding;
	if (codings[coding].open(c, effort))
		return c;
	free(c);
	return NULL;
}

struct compressor *
compressor_new(enum coding coding, enum effort effort)
{
	struct compressor *c;

	if (codings[coding].open == NULL)
		return NULL;
	if (kept.count[coding] == 0)
		return open_new(coding, effort);
	c = kept.at[coding][--kept.count[coding]];
	if (codings[coding].again(c, effort))
		return c;
	drop(c);
	return NULL;
}

void
compressor_free(struct compressor *c)
{
	if (c == NULL)
		return;
	if (codings[c->coding].again == NULL || kept.count[c->coding] == KEPT_STREAMS)
		drop(c);
	else
		kept.at[c->coding][kept.count[c->coding]++] = c;
}

bool
compressor_run(struct compressor *c, struct span *in, enum compress_until until, uint8_t *to,
	       size_t room, struct compressed *out)
{
	*out = (struct compressed){0};
	return codings[c->coding].run(c, in, until, to, room, out);
}

void
compressor_thread_end(void)
{
	for (size_t coding = 0; coding < CODING_COUNT; coding++)
		while (kept.count[coding] > 0)
			drop(kept.at[coding][--kept.count[coding]]);
}
