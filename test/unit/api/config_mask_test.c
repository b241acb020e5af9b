#include "api/config_mask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static const uint8_t master[32] = {9};

struct masking {
	struct vault *vault;
	struct arena *memory;
};

static int
begin(void **state)
{
	struct masking *m = MEM_NEW(struct masking);

	m->memory = arena_new();
	*state = m;
	return failed(vault_of(master, &m->vault));
}

static int
end(void **state)
{
	struct masking *m = *state;

	vault_free(m->vault);
	arena_free(m->memory);
	free(m);
	return 0;
}

static const char *
mask(struct masking *m, const char *text)
{
	struct buf out = buf_with_cap(1 << 20);

	assert_true(config_mask(m->vault, m->memory, span_str(text), &out));
	const char *masked = arena_copy(m->memory, buf_span(&out));
	buf_free(&out);
	return masked;
}

static const char *
unmask(struct masking *m, const char *text, const char *original, unsigned *line)
{
	const struct span originals[] = {span_str(original)};
	struct buf out = buf_with_cap(1 << 20);

	assert_true(config_unmask(m->vault, m->memory, span_str(text), originals, 1, &out, line));
	const char *plain = arena_copy(m->memory, buf_span(&out));
	buf_free(&out);
	return plain;
}

/* Each has the secret "S3CRET". */
static const char *const texts[] = {
    "store postgresql://u:S3CRET@db/x\n",
    "store \"postgresql://u:S3CRET@db/x\" # why\nlisten 443\n",
    "\xEF\xBB\xBFstore postgresql://u:S3CRET@db/x\n",
    "site x {\n basic_auth \"a b\" {\n  user alice $y$S3CRET$a\n  user bob $y$S3CRET$b\n }\n}\n",
    "site x { basic_auth r { user alice $S3CRET; user bob $S3CRET } }",
    "# user alice $y$S3CRET\n#store postgresql://u:S3CRET@db/x\n",
    "store postgresql://u:S3CRET@db/x extra words\n",
    "store \\\n  postgresql://u:S3CRET@db/x\n",
    "user alice $S3CRET and more $S3CRET\n",
    "proxy http://10.0.0.1 {\n header Authorization \"Basic S3CRET\"\n}\n",
    "proxy http://10.0.0.1 { header +cookie \\\n S3CRET; sni x }",
    "site { { { \n\"\nstore postgresql://u:S3CRET@db\n",
    "STORE postgresql://u:S3CRET@db/x\r\nlisten 443\r\n",
    "# \xC3\xA4\xC3\xB6\n root \"\xC3\xA4\"; store postgresql://u:S3CRET@db/x",
};

static void
no_secret_is_shown_and_none_is_lost(void **state)
{
	struct masking *m = *state;
	unsigned line;

	for (size_t i = 0; i < COUNT(texts); i++) {
		const char *masked = mask(m, texts[i]);

		if (strstr(masked, "S3CRET") != NULL)
			fail_msg("%s is shown as %s", texts[i], masked);
		assert_string_equal(texts[i], unmask(m, masked, texts[i], &line));
		assert_int_equal(0, line);
	}
}

static void
what_is_no_secret_stays_as_it_is(void **state)
{
	static const char *const plain[] = {
	    "",
	    "\n\n",
	    "listen 443\nsite x { root /srv }\n",
	    "# users are below\n",
	    "# *** look here ***\n",
	    "# store things well\n",
	    "site x",
	};

	for (size_t i = 0; i < COUNT(plain); i++)
		assert_string_equal(plain[i], mask(*state, plain[i]));
}

static void
a_name_before_a_secret_is_shown(void **state)
{
	const char *masked =
	    mask(*state, "site x {\n basic_auth r {\n  user alice $y$abc\n }\n}\n");

	assert_non_null(strstr(masked, "user alice ***"));
}

static void
a_mark_of_nothing_known_is_told_with_its_line(void **state)
{
	unsigned line;

	unmask(*state, "listen 443\nstore ***0123456789ab\n", "listen 443\n", &line);
	assert_int_equal(2, line);
	assert_string_equal("***012345678\n",
			    unmask(*state, "***012345678\n", "listen 443\n", &line));
	assert_int_equal(0, line);
}

/* Marks are no way to read what they hide. */
static void
a_mark_is_good_only_where_a_secret_stands(void **state)
{
	static const char original[] = "listen 443\nstore postgresql://u:S3CRET@db/x\n";
	static const char *const forms[] = {
	    "listen 443\nsite x { header X-A %s }\n",
	    "listen 443\n# %s\n",
	    "listen 443\nroot %s\n",
	    "listen 443\nstore_ %s\n",
	};
	const char *mark = strstr(mask(*state, original), "***");
	char text[512];
	unsigned line;

	for (size_t i = 0; i < COUNT(forms); i++) {
		snprintf(
		    text, sizeof text, forms[i],
		    arena_copy(((struct masking *)*state)->memory, span_head(span_str(mark), 15)));
		unmask(*state, text, original, &line);
		assert_int_equal(2, line);
	}
	snprintf(text, sizeof text, "listen 8443\nstore %s", mark);
	unmask(*state, text, original, &line);
	assert_int_equal(0, line);
}

static void
faults_quote_no_line_with_a_secret(void **state)
{
	struct masking *m = *state;
	static const char text[] = "lissten 1\nsite x { store postgresql://u:S3CRET@db/x }\n"
				   "store \\\n postgresql://u:S3CRET@db/x more\n";
	static const char faults[] = "f:1:1: no such option\nlissten 1\n^\n"
				     "f:2:10: no such option\nsite x { store "
				     "postgresql://u:S3CRET@db/x }\n         ^\n"
				     "f:4:30: too many\n postgresql://u:S3CRET@db/x more\n  ^\n";
	struct buf out = buf_with_cap(4096);

	assert_true(config_mask_faults(m->memory, span_str(text), "f", span_str(faults), &out));
	assert_string_equal(arena_copy(m->memory, buf_span(&out)),
			    "f:1:1: no such option\nlissten 1\n^\n"
			    "f:2:10: no such option\nf:4:30: too many\n");
	buf_free(&out);
}

/* Whoever has the text but not the key cannot try passwords until a mark fits. */
static void
marks_are_another_servers_to_make_sense_of(void **state)
{
	struct masking other = *(struct masking *)*state;
	static const uint8_t another[32] = {8};
	const char *text = "store postgresql://u:S3CRET@db/x\n";

	assert_ok(vault_of(another, &other.vault));
	assert_string_not_equal(mask(*state, text), mask(&other, text));
	vault_free(other.vault);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(no_secret_is_shown_and_none_is_lost, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_no_secret_stays_as_it_is, begin, end),
	    cmocka_unit_test_setup_teardown(a_name_before_a_secret_is_shown, begin, end),
	    cmocka_unit_test_setup_teardown(a_mark_of_nothing_known_is_told_with_its_line, begin,
					    end),
	    cmocka_unit_test_setup_teardown(a_mark_is_good_only_where_a_secret_stands, begin, end),
	    cmocka_unit_test_setup_teardown(faults_quote_no_line_with_a_secret, begin, end),
	    cmocka_unit_test_setup_teardown(marks_are_another_servers_to_make_sense_of, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
