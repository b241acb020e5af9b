#include "unit.h"

#include <string.h>

#include "base/encode.h"
#include "tls/context.h"
#include "tls/engine.h"

#define OUT_MAX 256

/* Secrets and seeds count up from 0; the results by another implementation. */
static const struct sample {
	size_t secret;
	const char *label;
	size_t seed;
	const char *out;
} samples[] = {
    {48, "OpenVPN master secret", 64,
     "b1adf6079f3592d382ad96bed6053ac992f581b84fde80bbc37cfc0fd66f5d3b"
     "45fff15dc17b380ac3a2cd9a018e0c75"},
    /* An odd secret: both halves have its middle byte (RFC 2246 §5). */
    {47, "key expansion", 5,
     "100f402a7f7e22250995c0dbc3557b3b718ba8af19fd7abf25a00ef1dfb89203"
     "8039e38a59"},
};

static void
count_up(uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)i;
}

static void
check_samples(void)
{
	uint8_t bytes[64], expected[OUT_MAX], out[OUT_MAX];

	count_up(bytes, sizeof bytes);
	for (size_t i = 0; i < COUNT(samples); i++) {
		const struct sample *s = &samples[i];
		size_t len = strlen(s->out) / 2;

		assert_true(hex_read(span_str(s->out), expected, len));
		/* What is asked for less is the beginning of more. */
		for (size_t n = 1; n <= len; n++) {
			memset(out, 0xAA, sizeof out);
			assert_true(engine_prf(span_of(bytes, s->secret), s->label,
					       span_of(bytes, s->seed), out, n));
			if (memcmp(out, expected, n) != 0 || out[n] != 0xAA)
				fail_msg("sample %zu, %zu bytes", i, n);
		}
	}
}

static void
it_is_what_others_derive(void **state)
{
	(void)state;
	check_samples();
}

static void
it_is_the_same_beside_a_workers_own_library(void **state)
{
	struct tls_library *lib = tls_library_new();

	(void)state;
	assert_non_null(lib);
	check_samples();
	tls_library_free(lib);
	check_samples();
}

static void
secret_label_and_seed_all_count(void **state)
{
	uint8_t bytes[65], out[48], other[48];
	struct span secret, seed;

	(void)state;
	count_up(bytes, sizeof bytes);
	secret = span_of(bytes, 48);
	seed = span_of(bytes, 64);
	assert_true(engine_prf(secret, "a label", seed, out, sizeof out));
	assert_true(engine_prf(secret, "b label", seed, other, sizeof other));
	assert_memory_not_equal(out, other, sizeof out);
	assert_true(engine_prf(span_of(bytes + 1, 48), "a label", seed, other, sizeof other));
	assert_memory_not_equal(out, other, sizeof out);
	assert_true(engine_prf(secret, "a label", span_of(bytes + 1, 64), other, sizeof other));
	assert_memory_not_equal(out, other, sizeof out);
}

static void
without_a_secret_or_with_a_seed_too_long_there_is_none(void **state)
{
	static uint8_t seed[2000];
	uint8_t out[48];

	(void)state;
	assert_false(engine_prf(SPAN_NONE, "a label", span_of(seed, 64), out, sizeof out));
	assert_false(
	    engine_prf(SPAN_OF("secret"), "a label", span_of(seed, sizeof seed), out, sizeof out));
	assert_false(engine_prf(SPAN_OF("secret"), "a label", span_of(seed, 64), out, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_is_what_others_derive),
	    cmocka_unit_test(it_is_the_same_beside_a_workers_own_library),
	    cmocka_unit_test(secret_label_and_seed_all_count),
	    cmocka_unit_test(without_a_secret_or_with_a_seed_too_long_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
