#include "cli/archive.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tls/random.h"
#include "tls/seal.h"

#define MAGIC   "SALLYBAK"
#define VERSION 1
#define SALT    16
#define SEALED  (ARCHIVE_CHUNK + SEAL_OVERHEAD)
#define ABOUT   64

/* What a file may make us spend: whoever made it need not be a friend. */
#define MEMORY_MIN 8
#define MEMORY_MAX (1u << 20) /* KiB */
#define ROUNDS_MAX 64
#define LANES_MAX  16

struct archive_writer {
	FILE *to;
	uint8_t key[SEAL_KEY];
	uint64_t number;
	size_t held;
	uint8_t chunk[ARCHIVE_CHUNK];
};

struct archive_reader {
	FILE *from;
	uint8_t key[SEAL_KEY];
	uint64_t number;
	bool last; /* the chunk that is held is */
	struct buf chunk;
	uint8_t sealed[SEALED];
};

static void
about(char text[ABOUT], uint64_t number, bool last)
{
	snprintf(text, ABOUT, "sallyport backup, chunk %llu%s", (unsigned long long)number,
		 last ? ", the last" : "");
}

/* --- writing */

static struct err
write_header(FILE *to, const uint8_t salt[SALT], const struct password_cost *cost)
{
	struct buf b = buf_with_cap(ARCHIVE_HEADER);
	bool ok = buf_append(&b, SPAN_OF(MAGIC)) && buf_be16(&b, VERSION) &&
		  buf_append(&b, span_of(salt, SALT)) && buf_be32(&b, cost->memory_kib) &&
		  buf_be32(&b, cost->rounds) && buf_be32(&b, cost->lanes) &&
		  fwrite(buf_span(&b).p, 1, buf_len(&b), to) == ARCHIVE_HEADER;

	buf_free(&b);
	return ok ? ERR_NONE : err_sys("the backup cannot be written");
}

struct err
archive_create(FILE *to, struct span passphrase, const struct password_cost *cost,
	       struct archive_writer **out)
{
	struct archive_writer *w = MEM_NEW(struct archive_writer);
	uint8_t salt[SALT];
	struct err e;

	*out = NULL;
	w->to = to;
	random_bytes(salt, sizeof salt);
	if (!password_key(passphrase, span_of(salt, sizeof salt), cost, w->key))
		e = err_new("there is not memory enough to make a key of the passphrase");
	else
		e = write_header(to, salt, cost);
	if (failed(e))
		archive_writer_free(w);
	else
		*out = w;
	return e;
}

static struct err
write_chunk(struct archive_writer *w, bool last)
{
	struct buf sealed = buf_with_cap(SEALED);
	char text[ABOUT];
	struct err e = ERR_NONE;

	about(text, w->number++, last);
	if (!seal(w->key, text, span_of(w->chunk, w->held), &sealed))
		e = err_new("out of memory");
	else if (fwrite(buf_span(&sealed).p, 1, buf_len(&sealed), w->to) != buf_len(&sealed))
		e = err_sys("the backup cannot be written");
	buf_free(&sealed);
	w->held = 0;
	return e;
}

/* A full chunk is held until something follows: it may be the last. */
struct err
archive_write(struct archive_writer *w, struct span bytes)
{
	while (bytes.len > 0) {
		struct err e = w->held == ARCHIVE_CHUNK ? write_chunk(w, false) : ERR_NONE;
		struct span now = span_head(bytes, ARCHIVE_CHUNK - w->held);

		if (failed(e))
			return e;
		span_put(w->chunk + w->held, now);
		w->held += now.len;
		bytes = span_tail(bytes, now.len);
	}
	return ERR_NONE;
}

struct err
archive_finish(struct archive_writer *w)
{
	return write_chunk(w, true);
}

void
archive_writer_free(struct archive_writer *w)
{
	if (w == NULL)
		return;
	explicit_bzero(w, sizeof *w);
	free(w);
}

/* --- reading */

static bool
is_bearable(const struct password_cost *cost)
{
	return cost->lanes >= 1 && cost->lanes <= LANES_MAX && cost->rounds >= 1 &&
	       cost->rounds <= ROUNDS_MAX && cost->memory_kib >= MEMORY_MIN * cost->lanes &&
	       cost->memory_kib <= MEMORY_MAX;
}

static struct err
read_header(FILE *from, struct span passphrase, uint8_t key[SEAL_KEY])
{
	uint8_t header[ARCHIVE_HEADER];
	struct cursor c = cursor_of(span_of(header, fread(header, 1, sizeof header, from)));
	struct password_cost cost;
	struct span magic, salt;
	uint16_t version;

	if (!cursor_span(&c, strlen(MAGIC), &magic) || !span_equal(magic, SPAN_OF(MAGIC)) ||
	    !cursor_be16(&c, &version))
		return err_new("this is no backup of sallyport");
	if (version != VERSION)
		return err_new("this backup is of another version of sallyport: use that one, or a "
			       "newer one");
	if (!cursor_span(&c, SALT, &salt) || !cursor_be32(&c, &cost.memory_kib) ||
	    !cursor_be32(&c, &cost.rounds) || !cursor_be32(&c, &cost.lanes) || !is_bearable(&cost))
		return err_new("the backup is damaged, or cut off");
	return password_key(passphrase, salt, &cost, key)
		   ? ERR_NONE
		   : err_new("there is not memory enough to make a key of the passphrase");
}

struct err
archive_open(FILE *from, struct span passphrase, struct archive_reader **out)
{
	struct archive_reader *r = MEM_NEW(struct archive_reader);
	struct err e = read_header(from, passphrase, r->key);

	r->from = from;
	r->chunk = buf_with_cap(ARCHIVE_CHUNK + 1);
	*out = failed(e) ? NULL : r;
	if (failed(e))
		archive_reader_free(r);
	return e;
}

struct err
archive_rewind(struct archive_reader *r)
{
	r->number = 0;
	r->last = false;
	buf_taken(&r->chunk, buf_len(&r->chunk));
	return fseek(r->from, ARCHIVE_HEADER, SEEK_SET) == 0
		   ? ERR_NONE
		   : err_sys("the backup cannot be read twice");
}

/* Whether the file has more. */
static bool
goes_on(FILE *from)
{
	int next = getc(from);

	return next != EOF && ungetc(next, from) != EOF;
}

static struct err
read_chunk(struct archive_reader *r)
{
	size_t n = fread(r->sealed, 1, SEALED, r->from);
	char text[ABOUT];

	r->last = n < SEALED || !goes_on(r->from);
	about(text, r->number, r->last);
	if (unseal(r->key, text, span_of(r->sealed, n), &r->chunk)) {
		r->number++;
		return ERR_NONE;
	}
	return r->number == 0
		   ? err_new("the passphrase is wrong, or the backup is damaged or cut off")
		   : err_new("the backup is damaged, or cut off");
}

struct err
archive_read(struct archive_reader *r, void *to, size_t len)
{
	uint8_t *at = to;

	while (len > 0) {
		struct span now = span_head(buf_span(&r->chunk), len);

		if (now.len == 0) {
			struct err e =
			    r->last ? err_new("the backup ends too early") : read_chunk(r);

			if (failed(e))
				return e;
			continue;
		}
		at = span_put(at, now);
		buf_taken(&r->chunk, now.len);
		len -= now.len;
	}
	return ERR_NONE;
}

struct err
archive_end(struct archive_reader *r)
{
	struct err e = ERR_NONE;

	while (!failed(e) && buf_len(&r->chunk) == 0 && !r->last)
		e = read_chunk(r);
	if (!failed(e) && buf_len(&r->chunk) > 0)
		e = err_new("the backup has more in it than it should");
	return e;
}

void
archive_reader_free(struct archive_reader *r)
{
	if (r == NULL)
		return;
	buf_wipe(&r->chunk);
	explicit_bzero(r, sizeof *r);
	free(r);
}
