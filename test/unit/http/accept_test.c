#include "http/accept.h"

#include "unit.h"

/* What a client accepts, as the names of codings with spaces between them. */
static const char *
accepted(const char *const *values, size_t count)
{
	static char text[64];
	struct field fields[4] = {{SPAN_OF("accept"), SPAN_OF("br")}};

	for (size_t i = 0; i < count; i++)
		fields[i + 1] = (struct field){SPAN_OF("accept-encoding"), span_str(values[i])};
	struct codings c = codings_accepted(fields, count + 1);
	text[0] = '\0';
	for (size_t i = 0; i < c.count; i++) {
		strcat(text, i > 0 ? " " : "");
		strcat(text, (const char *)coding_name(c.at[i]).p);
	}
	return text;
}

static const struct {
	const char *value, *accepted;
} samples[] = {
    {"", ""},
    {"gzip", "gzip"},
    {"GZip", "gzip"},
    {"x-gzip", "gzip"},
    {"gzip, deflate, br, zstd", "br zstd gzip"},
    {"gzip,br", "br gzip"},
    {" gzip\t,, br ,", "br gzip"},
    {"gzip;q=1.0, br;q=0.9", "gzip br"},
    {"gzip ; q=0.8 , zstd ;q=0.9", "zstd gzip"},
    {"br;q=0.123, zstd;q=0.124", "zstd br"},
    {"br;Q=0.5, gzip", "gzip br"},
    {"br;q=0, gzip;q=0.000, zstd", "zstd"},
    {"br;q=0.001", "br"},
    {"*", "br zstd gzip"},
    {"*;q=0", ""},
    {"*;q=0, gzip", "gzip"},
    {"gzip;q=0, *", "br zstd"},
    {"*;q=0.5, gzip", "gzip br zstd"},
    {"identity", ""},
    {"identity, gzip", "gzip"},
    {"identity;q=1, gzip;q=0.5", ""},
    {"identity;q=0.5, gzip;q=1.0, br;q=0.2", "gzip"},
    {"identity;q=0", ""},
    {"identity;q=0, gzip;q=0.1", "gzip"},
    {"identity;q=0, *;q=0.1", "br zstd gzip"},
    /* What is no weight: as if it had not been said. */
    {"br;q=", ""},
    {"br;q=2", ""},
    {"br;q=1.001", ""},
    {"br;q=0.1234", ""},
    {"br;q=-1, gzip", "gzip"},
    {"br;q=.5", ""},
    {"br;q=0,5", ""},
    {"br;q=0.5x", ""},
    {"br;level=3", ""},
    {"br;", ""},
    {"br; q=1.", "br"},
    {"br; q=0.", ""},
    {"brotli", ""},
    {"b", ""},
    {"gzip br", ""},
    {"deflate, compress", ""},
};

static void
what_is_accepted_is_in_order_of_liking(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		if (strcmp(accepted(&samples[i].value, 1), samples[i].accepted) != 0)
			fail_msg("\"%s\": \"%s\"", samples[i].value,
				 accepted(&samples[i].value, 1));
	assert_string_equal(accepted(NULL, 0), "");
}

/* RFC 9110 §5.3. */
static void
several_fields_are_one_list(void **state)
{
	const char *const values[] = {"gzip;q=0.5", "br;q=0.4, zstd;q=0.6"};

	(void)state;
	assert_string_equal(accepted(values, 2), "zstd gzip br");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_accepted_is_in_order_of_liking),
	    cmocka_unit_test(several_fields_are_one_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
