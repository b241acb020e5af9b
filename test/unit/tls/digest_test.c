#include "unit.h"

#include "base/encode.h"
#include "tls/digest.h"

#define assert_digest(digest, hex)                                                                 \
	do {                                                                                       \
		char text_[HEX_SIZE(DIGEST_SIZE)];                                                 \
		hex_write(span_of(digest, DIGEST_SIZE), text_);                                    \
		assert_string_equal(text_, hex);                                                   \
	} while (0)

/* FIPS 180-4's examples. */
static void
digests_are_sha_256(void **state)
{
	uint8_t out[DIGEST_SIZE];

	(void)state;
	assert_true(digest_of(SPAN_OF("abc"), out));
	assert_digest(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_true(digest_of(SPAN_NONE, out));
	assert_digest(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231 §4.3 and §4.7; and no key at all, as OpenSSL's command line has it. */
static void
keyed_digests_are_those_of_the_rfc(void **state)
{
	static const struct span whole[] = {SPAN_INIT("what do ya want for nothing?")},
				 cut[] = {SPAN_INIT("what do ya "), SPAN_INIT(""),
					  SPAN_INIT("want for nothing?")},
				 hashed[] = {SPAN_INIT("Test Using Larger Than Block-Size Key - "
						       "Hash Key First")};
	static const char answer[] =
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
	uint8_t out[DIGEST_SIZE], key[131];

	(void)state;
	assert_true(digest_keyed(SPAN_OF("Jefe"), whole, COUNT(whole), out));
	assert_digest(out, answer);
	assert_true(digest_keyed(SPAN_OF("Jefe"), cut, COUNT(cut), out));
	assert_digest(out, answer);
	memset(key, 0xaa, sizeof key);
	assert_true(digest_keyed(span_of(key, sizeof key), hashed, 1, out));
	assert_digest(out, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	assert_true(digest_keyed(SPAN_NONE, NULL, 0, out));
	assert_digest(out, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

/* RFC 5869 A.1: the first 32 bytes of its 42. */
static void
derived_keys_are_those_of_the_rfc(void **state)
{
	uint8_t prk[32], out[DIGEST_SIZE];

	(void)state;
	assert_true(hex_read(
	    SPAN_OF("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"), prk, 32));
	assert_true(
	    digest_derive(span_of(prk, 32), "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9", out));
	assert_digest(out, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
}

static void
each_purpose_has_a_key_of_its_own(void **state)
{
	uint8_t master[32] = {1}, a[DIGEST_SIZE], b[DIGEST_SIZE];

	(void)state;
	assert_true(digest_derive(span_of(master, 32), "seal", a));
	assert_true(digest_derive(span_of(master, 32), "audit", b));
	assert_memory_not_equal(a, b, DIGEST_SIZE);
	master[31] = 1;
	assert_true(digest_derive(span_of(master, 32), "seal", b));
	assert_memory_not_equal(a, b, DIGEST_SIZE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(digests_are_sha_256),
	    cmocka_unit_test(keyed_digests_are_those_of_the_rfc),
	    cmocka_unit_test(derived_keys_are_those_of_the_rfc),
	    cmocka_unit_test(each_purpose_has_a_key_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
