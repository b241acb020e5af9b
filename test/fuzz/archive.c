/*
 * Backups: whatever the file, it is read to its end or refused. 'f' comes with a file as it is; 'e'
 * with what is in one, which is sealed here first; 'b' with where one bit of such a file is
 * changed, and then with what is in it.
 */
#include <stdio.h>

#include "base/mem.h"
#include "cli/archive.h"
#include "cli/entries.h"
#include "fuzz.h"

#define PASSPHRASE SPAN_OF("everybody knows it")
#define MOST       (4 << 20)

static const struct password_cost cheap = {.memory_kib = 8, .rounds = 1, .lanes = 1};

static struct err
get(void *archive, void *to, size_t len)
{
	return archive_read(archive, to, len);
}

/* All entries and the end; whether it is a good archive. */
static bool
read_all(FILE *file)
{
	struct archive_reader *r = NULL;
	struct err e = archive_open(file, PASSPHRASE, &r);
	const struct entry_source from = {get, r};
	char name[ENTRY_NAME_MAX] = "";

	while (!failed(e) && !failed(e = entry_next(&from, name)) && name[0] != '\0') {
		struct buf text = buf_with_cap(MOST);

		e = entry_read(&from, &text);
		buf_free(&text);
	}
	if (!failed(e))
		e = archive_end(r);
	archive_reader_free(r);
	return !failed(e);
}

static void
read_bytes(struct span bytes)
{
	FILE *file = bytes.len > 0 ? fmemopen((void *)(uintptr_t)bytes.p, bytes.len, "r") : NULL;
	struct password_cost cost;
	struct cursor c = cursor_of(span_tail(bytes, ARCHIVE_HEADER - 12));

	/* What is slow, and meant to be, is nothing to explore. */
	if (cursor_be32(&c, &cost.memory_kib) && cursor_be32(&c, &cost.rounds) &&
	    (cost.memory_kib > 4096 || cost.rounds > 4)) {
		if (file != NULL)
			fclose(file);
		return;
	}
	if (file == NULL)
		return;
	(void)read_all(file);
	fclose(file);
}

/* The archive that holds `text`. */
static struct buf
seal_text(struct span text)
{
	struct buf archive = buf_with_cap(MOST);
	struct archive_writer *w = NULL;
	FILE *file = tmpfile();
	int c;

	check(file != NULL && !failed(archive_create(file, PASSPHRASE, &cheap, &w)));
	check(!failed(archive_write(w, text)) && !failed(archive_finish(w)));
	archive_writer_free(w);
	rewind(file);
	while ((c = getc(file)) != EOF)
		check(buf_byte(&archive, (uint8_t)c));
	fclose(file);
	return archive;
}

static void
read_sealed(struct span text)
{
	struct buf archive = seal_text(text);

	read_bytes(buf_span(&archive));
	buf_free(&archive);
}

static void
read_changed(struct span bytes)
{
	struct buf archive;
	FILE *file;
	size_t at;

	if (bytes.len < 2)
		return;
	archive = seal_text(span_tail(bytes, 2));
	/* Behind the header: with another cost it would be another key, and slow. */
	at = ARCHIVE_HEADER * 8 +
	     (size_t)(bytes.p[0] << 8 | bytes.p[1]) % ((buf_len(&archive) - ARCHIVE_HEADER) * 8);
	archive.data[archive.start + at / 8] ^= (uint8_t)(1u << at % 8);
	file = fmemopen(archive.data + archive.start, buf_len(&archive), "r");
	check(file != NULL && !read_all(file));
	fclose(file);
	buf_free(&archive);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct span bytes = span_of(data + 1, size - 1);

	switch (data[0]) {
	case 'f':
		read_bytes(bytes);
		break;
	case 'e':
		read_sealed(bytes);
		break;
	case 'b':
		read_changed(bytes);
		break;
	default:
		break;
	}
	return 0;
}
