#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/archive.h"
#include "cli/entries.h"

static const struct password_cost cheap = {.memory_kib = 8, .rounds = 1, .lanes = 1};
#define PASSPHRASE SPAN_OF("a passphrase")

/* A file with these bytes, to be read from its start. */
static FILE *
file_of(struct span bytes)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	if (bytes.len > 0)
		assert_int_equal(fwrite(bytes.p, 1, bytes.len, file), bytes.len);
	rewind(file);
	return file;
}

static struct buf
bytes_of(FILE *file)
{
	struct buf b = buf_with_cap(1 << 22);
	int c;

	rewind(file);
	while ((c = getc(file)) != EOF)
		assert_true(buf_byte(&b, (uint8_t)c));
	return b;
}

static struct buf
archive_of(struct span text)
{
	struct archive_writer *w;
	FILE *file = tmpfile();
	struct buf b;

	assert_ok(archive_create(file, PASSPHRASE, &cheap, &w));
	assert_ok(archive_write(w, span_head(text, 7)));
	assert_ok(archive_write(w, span_tail(text, 7)));
	assert_ok(archive_finish(w));
	archive_writer_free(w);
	b = bytes_of(file);
	fclose(file);
	return b;
}

/* Opens it, reads `len` bytes and the end. */
static struct err
read_back(struct span archive, struct span passphrase, uint8_t *to, size_t len)
{
	FILE *file = file_of(archive);
	struct archive_reader *r = NULL;
	struct err e = archive_open(file, passphrase, &r);

	if (!failed(e))
		e = archive_read(r, to, len);
	if (!failed(e))
		e = archive_end(r);
	archive_reader_free(r);
	fclose(file);
	return e;
}

static struct buf
text_of(size_t len)
{
	struct buf b = buf_with_cap(1 << 22);
	uint8_t *p = buf_room(&b, len + 1);

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 7 + i / 251);
	buf_added(&b, len);
	return b;
}

static void
what_goes_in_comes_out_at_every_length(void **state)
{
	static const size_t lengths[] = {0,
					 1,
					 1000,
					 ARCHIVE_CHUNK - 1,
					 ARCHIVE_CHUNK,
					 ARCHIVE_CHUNK + 1,
					 2 * ARCHIVE_CHUNK,
					 3 * ARCHIVE_CHUNK + 17};

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct buf text = text_of(lengths[i]), archive = archive_of(buf_span(&text));
		uint8_t *back = mem_new(lengths[i] + 1);

		assert_ok(read_back(buf_span(&archive), PASSPHRASE, back, lengths[i]));
		assert_true(span_equal(span_of(back, lengths[i]), buf_span(&text)) ||
			    lengths[i] == 0);
		assert_fails(read_back(buf_span(&archive), PASSPHRASE, back, lengths[i] + 1));
		if (lengths[i] > 0)
			assert_fails(
			    read_back(buf_span(&archive), PASSPHRASE, back, lengths[i] - 1));
		free(back);
		buf_free(&text);
		buf_free(&archive);
	}
}

static void
another_passphrase_opens_nothing(void **state)
{
	struct buf archive = archive_of(SPAN_OF("secrets"));
	uint8_t back[16];

	(void)state;
	assert_fails(read_back(buf_span(&archive), SPAN_OF("a passphrasf"), back, 7));
	assert_fails(read_back(buf_span(&archive), SPAN_OF(""), back, 7));
	assert_ok(read_back(buf_span(&archive), PASSPHRASE, back, 7));
	buf_free(&archive);
}

static void
two_archives_of_the_same_have_nothing_in_common(void **state)
{
	struct buf a = archive_of(SPAN_OF("secrets")), b = archive_of(SPAN_OF("secrets"));
	struct span x = span_tail(buf_span(&a), ARCHIVE_HEADER);
	struct span y = span_tail(buf_span(&b), ARCHIVE_HEADER);

	(void)state;
	assert_false(span_equal(span_head(x, 30), span_head(y, 30)));
	buf_free(&a);
	buf_free(&b);
}

static void
any_flipped_bit_is_found(void **state)
{
	struct buf archive = archive_of(SPAN_OF("secrets that are few"));
	uint8_t back[32];

	(void)state;
	for (size_t i = 0; i < buf_len(&archive); i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			/* A cost that is borne, but takes long, is one byte of the header: once
			 * is enough. */
			if (i >= ARCHIVE_HEADER - 12 && i < ARCHIVE_HEADER - 8 && bit > 3)
				continue;
			archive.data[archive.start + i] ^= (uint8_t)(1u << bit);
			if (!failed(read_back(buf_span(&archive), PASSPHRASE, back, 20)))
				fail_msg("bit %u of byte %zu", bit, i);
			archive.data[archive.start + i] ^= (uint8_t)(1u << bit);
		}
	assert_ok(read_back(buf_span(&archive), PASSPHRASE, back, 20));
	buf_free(&archive);
}

static void
every_cut_is_found(void **state)
{
	struct buf text = text_of(ARCHIVE_CHUNK + 100), archive = archive_of(buf_span(&text));
	uint8_t *back = mem_new(ARCHIVE_CHUNK + 100);
	size_t first = ARCHIVE_HEADER + ARCHIVE_CHUNK + 29;

	(void)state;
	for (size_t n = 0; n < buf_len(&archive); n += n < 80 || n >= first - 3 ? 1 : 977)
		assert_fails(read_back(span_head(buf_span(&archive), n), PASSPHRASE, back,
				       ARCHIVE_CHUNK + 100));
	/* At the very end of a chunk, too: it says that it is not the last. */
	assert_fails(
	    read_back(span_head(buf_span(&archive), first), PASSPHRASE, back, ARCHIVE_CHUNK));
	free(back);
	buf_free(&text);
	buf_free(&archive);
}

/* The archive with its chunks in that order; -1 ends. */
static void
assert_order_is_refused(const int *order)
{
	struct buf text = text_of(3 * ARCHIVE_CHUNK), archive = archive_of(buf_span(&text));
	struct span all = buf_span(&archive), chunks = span_tail(all, ARCHIVE_HEADER);
	struct buf other = buf_with_cap(1 << 22);
	uint8_t *back = mem_new(5 * ARCHIVE_CHUNK);
	size_t count = 0;

	assert_true(buf_append(&other, span_head(all, ARCHIVE_HEADER)));
	for (; order[count] >= 0; count++)
		assert_true(buf_append(
		    &other,
		    span_head(span_tail(chunks, (size_t)order[count] * (ARCHIVE_CHUNK + 29)),
			      ARCHIVE_CHUNK + 29)));
	assert_fails(read_back(buf_span(&other), PASSPHRASE, back, count * ARCHIVE_CHUNK));
	free(back);
	buf_free(&text);
	buf_free(&archive);
	buf_free(&other);
}

static void
chunks_moved_left_out_or_added_are_found(void **state)
{
	static const int orders[][6] = {{1, 0, 2, -1}, {0, 2, -1},       {0, 1, 1, 2, -1},
					{1, 2, -1},    {0, 1, 2, 2, -1}, {0, 1, 2, 0, -1},
					{2, -1},       {0, 0, 2, -1}};

	(void)state;
	for (size_t i = 0; i < COUNT(orders); i++)
		assert_order_is_refused(orders[i]);
}

static void
bytes_behind_the_end_are_found(void **state)
{
	struct buf archive = archive_of(SPAN_OF("secrets"));
	uint8_t back[16];

	(void)state;
	assert_true(buf_byte(&archive, 0));
	assert_fails(read_back(buf_span(&archive), PASSPHRASE, back, 7));
	buf_free(&archive);
}

static void
what_would_cost_too_much_is_refused_at_once(void **state)
{
	static const uint32_t costs[][3] = {{1u << 21, 1, 1}, {8, 65, 1},         {8, 1, 17},
					    {0, 1, 1},        {8, 0, 1},          {8, 1, 0},
					    {7, 1, 1},        {UINT32_MAX, 1, 1}, {15, 1, 2}};
	struct buf archive = archive_of(SPAN_OF("secrets"));
	uint8_t back[16], *at = archive.data + archive.start + ARCHIVE_HEADER - 12;

	(void)state;
	for (size_t i = 0; i < COUNT(costs); i++) {
		for (size_t k = 0; k < 12; k++)
			at[k] = (uint8_t)(costs[i][k / 4] >> 8 * (3 - k % 4));
		assert_fails(read_back(buf_span(&archive), PASSPHRASE, back, 7));
	}
	buf_free(&archive);
}

static void
it_can_be_read_twice(void **state)
{
	struct buf text = text_of(ARCHIVE_CHUNK + 5), archive = archive_of(buf_span(&text));
	uint8_t *back = mem_new(ARCHIVE_CHUNK + 5);
	FILE *file = file_of(buf_span(&archive));
	struct archive_reader *r;

	(void)state;
	assert_ok(archive_open(file, PASSPHRASE, &r));
	assert_ok(archive_read(r, back, ARCHIVE_CHUNK + 2));
	assert_ok(archive_rewind(r));
	assert_ok(archive_read(r, back, ARCHIVE_CHUNK + 5));
	assert_ok(archive_end(r));
	assert_memory_equal(back, buf_span(&text).p, ARCHIVE_CHUNK + 5);
	archive_reader_free(r);
	fclose(file);
	free(back);
	buf_free(&text);
	buf_free(&archive);
}

/* --- entries */

static struct err
to_buf(void *owner, struct span bytes)
{
	return buf_append(owner, bytes) ? ERR_NONE : err_new("full");
}

static struct err
from_buf(void *owner, void *to, size_t len)
{
	struct buf *b = owner;

	if (buf_len(b) < len)
		return err_new("it ends");
	memcpy(to, b->data + b->start, len);
	buf_taken(b, len);
	return ERR_NONE;
}

static void
entries_come_back_by_name_and_in_order(void **state)
{
	struct buf text = text_of(ENTRY_PIECE * 2 + 3), stream = buf_with_cap(1 << 22),
		   back = buf_with_cap(1 << 22);
	const struct entry_sink sink = {to_buf, &stream};
	const struct entry_source source = {from_buf, &stream};
	char name[ENTRY_NAME_MAX];

	(void)state;
	assert_ok(entry_whole(&sink, "one", SPAN_NONE));
	assert_ok(entry_whole(&sink, "site/*.example.org/0/key", buf_span(&text)));
	assert_ok(entries_end(&sink));
	assert_ok(entry_next(&source, name));
	assert_string_equal(name, "one");
	assert_ok(entry_read(&source, &back));
	assert_int_equal(buf_len(&back), 0);
	assert_ok(entry_next(&source, name));
	assert_string_equal(name, "site/*.example.org/0/key");
	assert_ok(entry_read(&source, &back));
	assert_true(span_equal(buf_span(&back), buf_span(&text)));
	assert_ok(entry_next(&source, name));
	assert_string_equal(name, "");
	buf_free(&text);
	buf_free(&back);
	buf_free(&stream);
}

static void
names_and_pieces_that_cannot_be_are_refused(void **state)
{
	static const struct span streams[] = {
	    SPAN_INIT(""),
	    SPAN_INIT("\0"),
	    SPAN_INIT("\xFF\xFF"),
	    SPAN_INIT("\x01\x90name"),
	    SPAN_INIT("\0\1\n"),
	    SPAN_INIT("\0\2\xC3\xA4"),
	    SPAN_INIT("\0\3a\0b"),
	    SPAN_INIT("\0\1a\0\1\0\1"),
	    SPAN_INIT("\0\1a\xFF\xFF\xFF\xFF"),
	    SPAN_INIT("\0\1a\0\0\0\5abc"),
	    SPAN_INIT("\0\1a\0\0\0\1a"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(streams); i++) {
		struct buf stream = buf_with_cap(1024), back = buf_with_cap(1024);
		const struct entry_source source = {from_buf, &stream};
		char name[ENTRY_NAME_MAX];
		struct err e;

		assert_true(buf_append(&stream, streams[i]));
		e = entry_next(&source, name);
		if (!failed(e))
			e = entry_read(&source, &back);
		if (!failed(e))
			fail_msg("stream %zu was taken", i);
		buf_free(&stream);
		buf_free(&back);
	}
}

static void
an_entry_larger_than_there_is_room_for_is_refused(void **state)
{
	struct buf stream = buf_with_cap(4096), back = buf_with_cap(10);
	const struct entry_sink sink = {to_buf, &stream};
	const struct entry_source source = {from_buf, &stream};
	char name[ENTRY_NAME_MAX];

	(void)state;
	assert_ok(entry_whole(&sink, "a", SPAN_OF("eleven byte")));
	assert_ok(entry_next(&source, name));
	assert_fails(entry_read(&source, &back));
	buf_free(&stream);
	buf_free(&back);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_goes_in_comes_out_at_every_length),
	    cmocka_unit_test(another_passphrase_opens_nothing),
	    cmocka_unit_test(two_archives_of_the_same_have_nothing_in_common),
	    cmocka_unit_test(any_flipped_bit_is_found),
	    cmocka_unit_test(every_cut_is_found),
	    cmocka_unit_test(chunks_moved_left_out_or_added_are_found),
	    cmocka_unit_test(bytes_behind_the_end_are_found),
	    cmocka_unit_test(what_would_cost_too_much_is_refused_at_once),
	    cmocka_unit_test(it_can_be_read_twice),
	    cmocka_unit_test(entries_come_back_by_name_and_in_order),
	    cmocka_unit_test(names_and_pieces_that_cannot_be_are_refused),
	    cmocka_unit_test(an_entry_larger_than_there_is_room_for_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
