#include "unit.h"

#include <string.h>

#include "base/encode.h"
#include "tls/siv.h"

#define ABOUT 17
#define PLAIN "The quick brown fox jumps over the lazy dog"
#define LEN   (sizeof PLAIN - 1)

/* Keys 00…1f and 20…3f, about 00…10; the result by another implementation. */
static const char tag_hex[] = "196db2166867c387a587dd9f0940c39769f0fbe16791fcffb5414240c5b6aeee";
static const char sealed_hex[] = "84b9fef603d68dd78cd7aa57b40e45347970d4168dcc64a5a12a0173b6e6badd"
				 "835b9570564e3f5f254eaa";

struct sample {
	uint8_t keys[2 * SIV_KEY], about[ABOUT], tag[SIV_TAG], sealed[LEN];
};

static struct sample
sample(void)
{
	struct sample s;

	for (size_t i = 0; i < sizeof s.keys; i++)
		s.keys[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof s.about; i++)
		s.about[i] = (uint8_t)i;
	assert_true(hex_read(span_str(tag_hex), s.tag, sizeof s.tag));
	assert_true(hex_read(span_str(sealed_hex), s.sealed, sizeof s.sealed));
	return s;
}

static struct siv *
made(const struct sample *s)
{
	struct siv *siv = siv_new(s->keys, s->keys + SIV_KEY);

	assert_non_null(siv);
	return siv;
}

static void
it_is_what_others_make_of_it(void **state)
{
	struct sample s = sample();
	struct siv *siv = made(&s);
	uint8_t tag[SIV_TAG], out[LEN];

	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		assert_true(siv_seal(siv, span_of(s.about, ABOUT), span_of(PLAIN, LEN), tag, out));
		assert_memory_equal(tag, s.tag, SIV_TAG);
		assert_memory_equal(out, s.sealed, LEN);
		assert_true(
		    siv_open(siv, span_of(s.about, ABOUT), s.tag, span_of(s.sealed, LEN), out));
		assert_memory_equal(out, PLAIN, LEN);
	}
	siv_free(siv);
	siv_free(NULL);
}

static void
the_same_memory_will_do(void **state)
{
	struct sample s = sample();
	struct siv *siv = made(&s);
	uint8_t tag[SIV_TAG], text[LEN];

	(void)state;
	memcpy(text, PLAIN, LEN);
	assert_true(siv_seal(siv, span_of(s.about, ABOUT), span_of(text, LEN), tag, text));
	assert_memory_equal(text, s.sealed, LEN);
	assert_true(siv_open(siv, span_of(s.about, ABOUT), tag, span_of(text, LEN), text));
	assert_memory_equal(text, PLAIN, LEN);
	siv_free(siv);
}

static void
nothing_can_be_sealed_too(void **state)
{
	struct sample s = sample();
	struct siv *siv = made(&s);
	uint8_t tag[SIV_TAG], other[SIV_TAG], none = 0xAA;

	(void)state;
	assert_true(siv_seal(siv, span_of(s.about, ABOUT), SPAN_NONE, tag, &none));
	assert_true(siv_open(siv, span_of(s.about, ABOUT), tag, SPAN_NONE, &none));
	assert_false(siv_open(siv, SPAN_NONE, tag, SPAN_NONE, &none));
	assert_true(siv_seal(siv, SPAN_NONE, SPAN_NONE, other, &none));
	assert_memory_not_equal(tag, other, SIV_TAG);
	assert_int_equal(none, 0xAA);
	siv_free(siv);
}

static bool
opens(struct siv *siv, const struct sample *s, size_t about, size_t len)
{
	uint8_t out[LEN];
	bool open = siv_open(siv, span_of(s->about, about), s->tag, span_of(s->sealed, len), out);

	for (size_t i = 0; i < len && !open; i++)
		assert_int_equal(out[i], 0);
	return open;
}

static void
check_bits(struct siv *siv, struct sample *s, uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < 8 * len; i++) {
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		if (opens(siv, s, ABOUT, LEN))
			fail_msg("bit %zu of %zu bytes", i, len);
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_true(opens(siv, s, ABOUT, LEN));
}

static void
any_bit_changed_and_nothing_is_opened(void **state)
{
	struct sample s = sample();
	struct siv *siv = made(&s);

	(void)state;
	check_bits(siv, &s, s.about, ABOUT);
	check_bits(siv, &s, s.tag, SIV_TAG);
	check_bits(siv, &s, s.sealed, LEN);
	for (size_t n = 0; n < LEN; n++)
		assert_false(opens(siv, &s, ABOUT, n));
	for (size_t n = 0; n < ABOUT; n++)
		assert_false(opens(siv, &s, n, LEN));
	siv_free(siv);
}

static void
each_bit_of_both_keys_counts(void **state)
{
	struct sample s = sample();

	(void)state;
	for (size_t i = 0; i < 8 * sizeof s.keys; i++) {
		s.keys[i / 8] ^= (uint8_t)(1 << i % 8);
		struct siv *siv = made(&s);
		assert_false(opens(siv, &s, ABOUT, LEN));
		siv_free(siv);
		s.keys[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_is_what_others_make_of_it),
	    cmocka_unit_test(the_same_memory_will_do),
	    cmocka_unit_test(nothing_can_be_sealed_too),
	    cmocka_unit_test(any_bit_changed_and_nothing_is_opened),
	    cmocka_unit_test(each_bit_of_both_keys_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
