#include "unit.h"

#include "base/encode.h"
#include "tls/seal.h"

static const uint8_t key[SEAL_KEY] = "0123456789abcdef0123456789abcde";
static const char about[] = "totp of user 7";

static struct buf
sealed(struct span secret)
{
	struct buf out = buf_with_cap(4096);

	assert_true(seal(key, about, secret, &out));
	assert_int_equal(buf_len(&out), secret.len + SEAL_OVERHEAD);
	return out;
}

static void
what_was_sealed_opens(void **state)
{
	static const char text[300] = "a secret";

	(void)state;
	for (size_t len = 0; len <= sizeof text; len += len < 40 ? 1 : 13) {
		struct buf box = sealed(span_of(text, len)), out = buf_with_cap(4096);

		assert_true(buf_append(&out, SPAN_OF("before")));
		assert_true(unseal(key, about, buf_span(&box), &out));
		assert_true(span_equal(span_tail(buf_span(&out), 6),
				       len > 0 ? span_of(text, len) : SPAN_NONE));
		buf_wipe(&out);
		buf_free(&box);
	}
}

/* Made by another program (Python's cryptography): what is at rest must open after an upgrade. */
static void
what_an_earlier_one_sealed_opens(void **state)
{
	static const char hex[] = "01000102030405060708090a0bdfaa7dd615709f476de16317c9eca3d46db431"
				  "95a487814a6c5bf248e0d7";
	uint8_t bytes[(sizeof hex - 1) / 2];
	struct buf out = buf_with_cap(64);

	(void)state;
	assert_true(hex_read(SPAN_OF(hex), bytes, sizeof bytes));
	assert_true(unseal(key, about, span_of(bytes, sizeof bytes), &out));
	assert_true(span_equal(buf_span(&out), SPAN_OF("attack at dawn")));
	buf_wipe(&out);
}

static void
the_same_secret_never_looks_the_same(void **state)
{
	struct buf a = sealed(SPAN_OF("secret")), b = sealed(SPAN_OF("secret"));

	(void)state;
	assert_memory_not_equal(a.data + 1, b.data + 1, 12);
	assert_memory_not_equal(a.data + 13, b.data + 13, 6);
	buf_free(&a);
	buf_free(&b);
}

static void
one_bit_changed_anywhere_and_it_stays_closed(void **state)
{
	struct buf box = sealed(SPAN_OF("sixteen bytes or more")), out = buf_with_cap(4096);

	(void)state;
	for (size_t i = 0; i < buf_len(&box); i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			box.data[i] ^= (uint8_t)(1 << bit);
			if (unseal(key, about, buf_span(&box), &out) || buf_len(&out) != 0)
				fail_msg("byte %zu, bit %u", i, bit);
			box.data[i] ^= (uint8_t)(1 << bit);
		}
	assert_true(unseal(key, about, buf_span(&box), &out));
	buf_wipe(&out);
	buf_free(&box);
}

static void
cut_or_longer_it_stays_closed(void **state)
{
	struct buf box = sealed(SPAN_OF("a secret")), out = buf_with_cap(4096);

	(void)state;
	for (size_t len = 0; len < buf_len(&box); len++) {
		assert_false(unseal(key, about, span_head(buf_span(&box), len), &out));
		assert_false(unseal(key, about, span_tail(buf_span(&box), len + 1), &out));
	}
	assert_true(buf_byte(&box, 0));
	assert_false(unseal(key, about, buf_span(&box), &out));
	assert_int_equal(buf_len(&out), 0);
	buf_free(&out);
	buf_free(&box);
}

static void
it_opens_for_nothing_else_and_with_no_other_key(void **state)
{
	struct buf box = sealed(SPAN_OF("a secret")), out = buf_with_cap(4096);
	uint8_t other[SEAL_KEY];

	(void)state;
	assert_false(unseal(key, "totp of user 8", buf_span(&box), &out));
	assert_false(unseal(key, "totp of user 77", buf_span(&box), &out));
	assert_false(unseal(key, "totp of user ", buf_span(&box), &out));
	assert_false(unseal(key, "", buf_span(&box), &out));
	for (size_t i = 0; i < SEAL_KEY; i++) {
		memcpy(other, key, sizeof other);
		other[i] ^= 1;
		assert_false(unseal(other, about, buf_span(&box), &out));
	}
	assert_int_equal(buf_len(&out), 0);
	buf_free(&out);
	buf_free(&box);
}

static void
nothing_is_added_where_there_is_no_room(void **state)
{
	struct buf box = sealed(SPAN_OF("a secret")), out = buf_with_cap(8 + SEAL_OVERHEAD - 1);
	struct buf narrow = buf_with_cap(4);

	(void)state;
	assert_false(seal(key, about, SPAN_OF("a secret"), &out));
	assert_int_equal(buf_len(&out), 0);
	assert_false(unseal(key, about, buf_span(&box), &narrow));
	assert_int_equal(buf_len(&narrow), 0);
	buf_free(&narrow);
	buf_free(&out);
	buf_free(&box);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_sealed_opens),
	    cmocka_unit_test(what_an_earlier_one_sealed_opens),
	    cmocka_unit_test(the_same_secret_never_looks_the_same),
	    cmocka_unit_test(one_bit_changed_anywhere_and_it_stays_closed),
	    cmocka_unit_test(cut_or_longer_it_stays_closed),
	    cmocka_unit_test(it_opens_for_nothing_else_and_with_no_other_key),
	    cmocka_unit_test(nothing_is_added_where_there_is_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
