/* Files in other codings: what lies beside them, and what is made of them. */
#include "unit.h"

#include "decode.h"
#include "site.h"

#define WHEN 784111777
#define PAGE 4000

static uint8_t page[SITE_LARGE];

static int
setup(void **state)
{
	struct site_test *t = calloc(1, sizeof *t);

	site_start(t);
	for (size_t i = 0; i < sizeof page; i++)
		page[i] = (uint8_t) "<p>to be, or not to be\n"[i % 23];
	site_write(t, "page.html", span_of(page, PAGE), WHEN);
	site_write(t, "short.html", span_of(page, 100), WHEN);
	site_write(t, "large.html", span_of(page, sizeof page), WHEN);
	site_write(t, "beside.html", span_of(page, PAGE), WHEN);
	site_write(t, "beside.html.br", SPAN_OF("not really brotli"), WHEN);
	site_write(t, "beside.html.gz", SPAN_OF("not really gzip"), WHEN);
	site_write(t, "large.bin", span_of(page, sizeof page), WHEN);
	site_write(t, "large.bin.zst", span_of(page, 100000), WHEN);
	site_write(t, "image.png", span_of(page, PAGE), WHEN);
	site_write(t, "image.png.gz", SPAN_OF("never"), WHEN);
	site_write(t, ".hidden.html", span_of(page, PAGE), WHEN);
	site_write(t, ".hidden.html.br", SPAN_OF("never"), WHEN);
	site_write(t, "empty.html", span_of(page, 100), WHEN);
	site_write(t, "empty.html.br", SPAN_NONE, WHEN);
	mkdir(site_path(t, "odd.html.br"), 0755);
	site_write(t, "odd.html", span_of(page, 100), WHEN);
	site_use(t, "compress_types text/*");
	*state = t;
	return 0;
}

static struct span
whole_body(const struct site_test *t, const char *answer)
{
	return span_tail(buf_span(&t->out), (size_t)(site_body(answer) - answer));
}

static void
assert_decodes(struct site_test *t, const char *answer, enum coding coding, size_t length)
{
	bool ended;
	struct buf plain = decode(coding, whole_body(t, answer), &ended);

	assert_true(ended);
	assert_int_equal(buf_len(&plain), length);
	assert_memory_equal(plain.data, page, length);
	buf_free(&plain);
}

static void
assert_beside(struct site_test *t, const char *fields, const char *coding, const char *body)
{
	const char *answer = site_get(t, "GET /beside.html", fields);

	assert_string_equal(site_field(answer, "Content-Encoding"), coding);
	assert_string_equal(site_field(answer, "Content-Type"), "text/html; charset=utf-8");
	assert_string_equal(site_field(answer, "Vary"), "Accept-Encoding");
	if (body != NULL)
		assert_string_equal(site_body(answer), body);
}

static void
what_lies_beside_stands_in(void **state)
{
	struct site_test *t = *state;

	site_use(t, "compress_types text/*\ncompress off");
	assert_beside(t, "Accept-Encoding: gzip, br\r\n", "br", "not really brotli");
	assert_beside(t, "Accept-Encoding: gzip\r\n", "gzip", "not really gzip");
	assert_beside(t, "Accept-Encoding: zstd\r\n", "", NULL);
	assert_beside(t, "Accept-Encoding: br;q=0.1, gzip\r\n", "gzip", "not really gzip");
	assert_beside(t, "", "", NULL);
}

static void
small_files_are_compressed_once(void **state)
{
	static const struct {
		const char *field, *name;
		enum coding coding;
	} coded[] = {{"Accept-Encoding: gzip\r\n", "gzip", CODING_GZIP},
		     {"Accept-Encoding: zstd\r\n", "zstd", CODING_ZSTD},
		     {"Accept-Encoding: br, gzip\r\n", "br", CODING_BR}};
	struct site_test *t = *state;

	site_use(t, "compress_types text/*");
	for (int again = 0; again < 2; again++)
		for (size_t i = 0; i < COUNT(coded); i++) {
			const char *answer = site_get(t, "GET /page.html", coded[i].field);

			assert_string_equal(site_field(answer, "Content-Encoding"), coded[i].name);
			assert_int_equal(atoi(site_field(answer, "Content-Length")),
					 whole_body(t, answer).len);
			assert_true(whole_body(t, answer).len < PAGE / 4);
			assert_decodes(t, answer, coded[i].coding, PAGE);
		}
}

static void
each_coding_has_its_own_tag_and_ranges(void **state)
{
	struct site_test *t = *state;
	char tag[128], field[256], plain[128];
	const char *answer = site_get(t, "GET /page.html", "");

	snprintf(plain, sizeof plain, "%s", site_field(answer, "Etag"));
	answer = site_get(t, "GET /page.html", "Accept-Encoding: gzip\r\n");
	snprintf(tag, sizeof tag, "%s", site_field(answer, "Etag"));
	assert_string_not_equal(tag, plain);
	assert_true(tag[0] == '"');
	assert_string_equal(site_field(answer, "Accept-Ranges"), "bytes");

	snprintf(field, sizeof field, "Accept-Encoding: gzip\r\nIf-None-Match: %s\r\n", tag);
	answer = site_get(t, "GET /page.html", field);
	assert_int_equal(site_status(answer), 304);
	assert_string_equal(site_field(answer, "Etag"), tag);
	assert_string_equal(site_field(answer, "Vary"), "Accept-Encoding");
	snprintf(field, sizeof field, "If-None-Match: %s\r\n", tag);
	assert_int_equal(site_status(site_get(t, "GET /page.html", field)), 200);

	snprintf(field, sizeof field,
		 "Accept-Encoding: gzip\r\nRange: bytes=0-1\r\nIf-Range: %s\r\n", tag);
	answer = site_get(t, "GET /page.html", field);
	assert_int_equal(site_status(answer), 206);
	assert_string_equal(site_field(answer, "Content-Encoding"), "gzip");
	assert_memory_equal(whole_body(t, answer).p, "\x1f\x8b", 2);
}

static void
large_files_are_compressed_as_they_go(void **state)
{
	struct site_test *t = *state;
	const char *answer = site_get(t, "GET /large.html", "Accept-Encoding: gzip\r\n");
	bool ended, chunks_ended;

	assert_string_equal(site_field(answer, "Content-Encoding"), "gzip");
	assert_string_equal(site_field(answer, "Vary"), "Accept-Encoding");
	assert_memory_equal(site_field(answer, "Etag"), "W/\"", 3);
	struct buf chunks = decode_chunks(whole_body(t, answer), &chunks_ended);
	struct buf plain = decode(CODING_GZIP, buf_span(&chunks), &ended);
	assert_true(ended && chunks_ended);
	assert_int_equal(buf_len(&plain), sizeof page);
	assert_memory_equal(plain.data, page, sizeof page);
	buf_free(&chunks);
	buf_free(&plain);

	answer = site_get(t, "GET /large.html", "Accept-Encoding: gzip\r\nRange: bytes=3-4\r\n");
	assert_int_equal(site_status(answer), 206);
	assert_string_equal(site_field(answer, "Content-Encoding"), "");
	assert_string_equal(site_body(answer), "to");
}

static void
a_large_one_beside_is_sent_from_its_file(void **state)
{
	struct site_test *t = *state;
	const char *answer = site_get(t, "GET /large.bin", "Accept-Encoding: zstd, br\r\n");

	assert_string_equal(site_field(answer, "Content-Encoding"), "zstd");
	assert_int_equal(whole_body(t, answer).len, 100000);
	answer = site_get(t, "GET /large.bin", "Accept-Encoding: zstd\r\nRange: bytes=3-4\r\n");
	assert_string_equal(site_field(answer, "Content-Range"), "bytes 3-4/100000");
	answer = site_get(t, "GET /large.bin", "Accept-Encoding: br\r\n");
	assert_string_equal(site_field(answer, "Content-Encoding"), "");
	assert_int_equal(whole_body(t, answer).len, sizeof page);
}

static const struct {
	const char *target, *vary;
	unsigned status;
} plain[] = {
    {"GET /short.html", "Accept-Encoding", 200},
    {"GET /image.png", "", 200},
    {"GET /.hidden.html", "", 404},
    {"GET /empty.html", "Accept-Encoding", 200},
    {"GET /odd.html", "Accept-Encoding", 200},
    {"GET /nothing.html", "", 404},
};

static void
what_is_not_worth_it_or_not_there_stays_plain(void **state)
{
	struct site_test *t = *state;

	for (size_t i = 0; i < COUNT(plain); i++) {
		const char *answer = site_get(t, plain[i].target, "Accept-Encoding: br, gzip\r\n");

		assert_int_equal(site_status(answer), plain[i].status);
		assert_string_equal(site_field(answer, "Content-Encoding"), "");
		assert_string_equal(site_field(answer, "Vary"), plain[i].vary);
	}
}

static void
what_is_off_is_not_done(void **state)
{
	struct site_test *t = *state;

	site_use(t, "compress off\nprecompressed off");
	const char *answer = site_get(t, "GET /page.html", "Accept-Encoding: br\r\n");
	assert_string_equal(site_field(answer, "Content-Encoding"), "");
	assert_string_equal(site_field(answer, "Vary"), "");
	answer = site_get(t, "GET /beside.html", "Accept-Encoding: br\r\n");
	assert_int_equal(whole_body(t, answer).len, PAGE);
	answer = site_get(t, "GET /large.html", "Accept-Encoding: br\r\n");
	assert_int_equal(whole_body(t, answer).len, sizeof page);
	site_use(t, "compress_types text/*\nprecompressed off");
	answer = site_get(t, "GET /beside.html", "Accept-Encoding: gzip\r\n");
	assert_decodes(t, answer, CODING_GZIP, PAGE);
	site_use(t, "compress_types text/*");
}

/* What is beside a file, and that nothing is, is believed as long as the file itself. */
static void
what_comes_and_goes_beside_is_noticed_after_a_second(void **state)
{
	struct site_test *t = *state;
	static const char gzip[] = "Accept-Encoding: gzip\r\n";

	site_use(t, "compress off\ncompress_types text/*");
	site_write(t, "c.html", span_of(page, PAGE), WHEN);
	assert_string_equal(site_field(site_get(t, "GET /c.html", gzip), "Content-Encoding"), "");
	site_write(t, "c.html.gz", SPAN_OF("first"), WHEN);
	assert_string_equal(site_field(site_get(t, "GET /c.html", gzip), "Content-Encoding"), "");
	site_now += 1000;
	assert_string_equal(site_body(site_get(t, "GET /c.html", gzip)), "first");
	site_write(t, "c.html.gz", SPAN_OF("second"), WHEN + 1);
	assert_string_equal(site_body(site_get(t, "GET /c.html", gzip)), "first");
	site_now += 1000;
	assert_string_equal(site_body(site_get(t, "GET /c.html", gzip)), "second");
	assert_int_equal(unlink(site_path(t, "c.html.gz")), 0);
	site_now += 1000;
	assert_string_equal(site_field(site_get(t, "GET /c.html", gzip), "Content-Encoding"), "");
	site_use(t, "compress_types text/*");
}

static void
a_changed_file_is_compressed_anew(void **state)
{
	struct site_test *t = *state;

	site_write(t, "d.html", span_of(page, 2000), WHEN);
	assert_decodes(t, site_get(t, "GET /d.html", "Accept-Encoding: br\r\n"), CODING_BR, 2000);
	site_write(t, "d.html", span_of(page, 3000), WHEN + 1);
	site_now += 1000;
	assert_decodes(t, site_get(t, "GET /d.html", "Accept-Encoding: br\r\n"), CODING_BR, 3000);
}

/* Room for eight files and 256 KiB: forms go with their files, and all are served. */
static void
forms_are_counted_in_what_the_cache_holds(void **state)
{
	struct site_test *t = *state;
	static const char *const fields[] = {"Accept-Encoding: gzip\r\n", "Accept-Encoding: br\r\n",
					     "Accept-Encoding: zstd\r\n", ""};
	uint8_t *noise = malloc(60000);
	char name[32], what[64];
	uint32_t seed = 7;

	for (size_t i = 0; i < 60000; i++) {
		seed = seed * 1664525 + 1013904223;
		noise[i] = (uint8_t)('a' + (seed >> 28));
	}
	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof name, "n%d.html", i);
		site_write(t, name, span_of(noise, 60000 - (size_t)i), WHEN);
	}
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 12; i++) {
			snprintf(what, sizeof what, "GET /n%d.html", i);
			for (size_t f = 0; f < COUNT(fields); f++)
				assert_int_equal(site_status(site_get(t, what, fields[f])), 200);
			assert_int_equal(whole_body(t, site_get(t, what, "")).len, 60000 - i);
		}
	free(noise);
}

static size_t
open_descriptors(void)
{
	size_t count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void
no_descriptor_is_left_open(void **state)
{
	struct site_test *t = *state;
	size_t before = open_descriptors();

	for (int i = 0; i < 3; i++) {
		site_get(t, "GET /large.bin", "Accept-Encoding: zstd\r\n");
		site_get(t, "HEAD /large.bin", "Accept-Encoding: zstd\r\n");
		site_get(t, "GET /large.html", "Accept-Encoding: br\r\n");
		site_get(t, "GET /large.html", "If-None-Match: *\r\n");
		site_get(t, "GET /large.html", "Range: bytes=999999-\r\n");
		site_get(t, "GET /beside.html", "Accept-Encoding: br\r\n");
		site_get(t, "GET /odd.html", "Accept-Encoding: br\r\n");
		site_now += 1000;
	}
	site_connect(t);
	assert_int_equal(open_descriptors(), before);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_lies_beside_stands_in),
	    cmocka_unit_test(small_files_are_compressed_once),
	    cmocka_unit_test(each_coding_has_its_own_tag_and_ranges),
	    cmocka_unit_test(large_files_are_compressed_as_they_go),
	    cmocka_unit_test(a_large_one_beside_is_sent_from_its_file),
	    cmocka_unit_test(what_is_not_worth_it_or_not_there_stays_plain),
	    cmocka_unit_test(what_is_off_is_not_done),
	    cmocka_unit_test(what_comes_and_goes_beside_is_noticed_after_a_second),
	    cmocka_unit_test(a_changed_file_is_compressed_anew),
	    cmocka_unit_test(forms_are_counted_in_what_the_cache_holds),
	    cmocka_unit_test(no_descriptor_is_left_open),
	};

	return cmocka_run_group_tests(tests, setup, site_teardown);
}
