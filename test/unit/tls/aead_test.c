#include "unit.h"

#include <string.h>

#include "base/encode.h"
#include "tls/aead.h"

#define TEXT_MAX 256

/* McGrew and Viega's test cases 4, 1, 16 and 13 for GCM, which NIST has too; RFC 8439 §2.8.2. The
 * last, of no bytes, by another implementation. */
static const struct sample {
	const char *name;
	enum aead_kind kind;
	const char *key, *nonce, *about, *plain, *sealed, *tag;
} samples[] = {
    {"AES-128-GCM", AEAD_AES_128_GCM, "feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
     "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
     "5bc94fbc3221a5db94fae95ae7121a47"},
    {"AES-128-GCM of nothing", AEAD_AES_128_GCM, "00000000000000000000000000000000",
     "000000000000000000000000", "", "", "", "58e2fccefa7e3061367f1d57a4e7455a"},
    {"AES-256-GCM", AEAD_AES_256_GCM,
     "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
    {"AES-256-GCM of nothing", AEAD_AES_256_GCM,
     "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"ChaCha20-Poly1305", AEAD_CHACHA20_POLY1305,
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "070000004041424344454647",
     "50515253c0c1c2c3c4c5c6c7",
     "4c616469657320616e642047656e746c656d656e206f662074686520636c6173"
     "73206f66202739393a204966204920636f756c64206f6666657220796f75206f"
     "6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73"
     "637265656e20776f756c642062652069742e",
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
     "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
     "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
     "3ff4def08e4b7a9de576d26586cec64b6116",
     "1ae10b594f09e26a7e902ecbd0600691"},
    {"ChaCha20-Poly1305 of nothing", AEAD_CHACHA20_POLY1305,
     "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "", "", "4eb972c9a8fb3a1b382bb4d36f5ffad1"},
};

/* A sample as bytes. */
struct bytes {
	uint8_t key[AEAD_KEY_MAX], nonce[AEAD_NONCE], tag[AEAD_TAG];
	uint8_t about[TEXT_MAX], plain[TEXT_MAX], sealed[TEXT_MAX];
	size_t key_len, about_len, len;
};

static size_t
read_hex(const char *hex, uint8_t *out)
{
	size_t len = strlen(hex) / 2;

	assert_true(hex_read(span_str(hex), out, len));
	return len;
}

static struct bytes
bytes_of(const struct sample *s)
{
	struct bytes b = {.key_len = 0};

	b.key_len = read_hex(s->key, b.key);
	assert_int_equal(read_hex(s->nonce, b.nonce), AEAD_NONCE);
	assert_int_equal(read_hex(s->tag, b.tag), AEAD_TAG);
	b.about_len = read_hex(s->about, b.about);
	b.len = read_hex(s->plain, b.plain);
	assert_int_equal(read_hex(s->sealed, b.sealed), b.len);
	return b;
}

static struct aead *
made(const struct sample *s, const struct bytes *b, bool seals)
{
	struct aead *a = aead_new(s->kind, b->key, seals);

	assert_non_null(a);
	return a;
}

static void
all_kinds_seal_as_their_standards_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct bytes b = bytes_of(&samples[i]);
		struct aead *a = made(&samples[i], &b, true);
		uint8_t text[TEXT_MAX], tag[AEAD_TAG];

		/* Twice: nothing of a packet is left for the next. */
		for (int turn = 0; turn < 2; turn++) {
			memcpy(text, b.plain, sizeof text);
			assert_true(
			    aead_seal(a, b.nonce, span_of(b.about, b.about_len), text, b.len, tag));
			if (memcmp(text, b.sealed, b.len) != 0 || memcmp(tag, b.tag, AEAD_TAG) != 0)
				fail_msg("%s", samples[i].name);
			assert_memory_equal(text + b.len, b.plain + b.len, TEXT_MAX - b.len);
		}
		aead_free(a);
	}
}

static void
what_was_sealed_is_opened(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct bytes b = bytes_of(&samples[i]);
		struct aead *a = made(&samples[i], &b, false);

		for (int turn = 0; turn < 2; turn++) {
			uint8_t text[TEXT_MAX];

			memcpy(text, b.sealed, sizeof text);
			if (!aead_open(a, b.nonce, span_of(b.about, b.about_len), text, b.len,
				       b.tag))
				fail_msg("%s", samples[i].name);
			assert_memory_equal(text, b.plain, TEXT_MAX);
		}
		aead_free(a);
	}
}

static bool
opens(struct aead *a, const struct bytes *b, size_t about_len, size_t len)
{
	uint8_t text[TEXT_MAX];
	bool open;

	memcpy(text, b->sealed, sizeof text);
	open = aead_open(a, b->nonce, span_of(b->about, about_len), text, len, b->tag);
	/* A forgery shows nothing of what it would have been. */
	for (size_t i = 0; i < len && !open; i++)
		assert_int_equal(text[i], 0);
	return open;
}

static void
check_bits(struct aead *a, struct bytes *b, uint8_t *bytes, size_t len, const char *name)
{
	for (size_t i = 0; i < 8 * len; i++) {
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		if (opens(a, b, b->about_len, b->len))
			fail_msg("%s: bit %zu", name, i);
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_true(opens(a, b, b->about_len, b->len));
}

static void
any_bit_changed_and_nothing_is_opened(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct bytes b = bytes_of(&samples[i]);
		struct aead *a = made(&samples[i], &b, false);

		check_bits(a, &b, b.sealed, b.len, samples[i].name);
		check_bits(a, &b, b.about, b.about_len, samples[i].name);
		check_bits(a, &b, b.tag, AEAD_TAG, samples[i].name);
		check_bits(a, &b, b.nonce, AEAD_NONCE, samples[i].name);
		aead_free(a);
	}
}

static void
any_byte_less_or_more_and_nothing_is_opened(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct bytes b = bytes_of(&samples[i]);
		struct aead *a = made(&samples[i], &b, false);

		for (size_t n = 0; n <= b.len + 1; n++)
			assert_int_equal(opens(a, &b, b.about_len, n), n == b.len);
		for (size_t n = 0; n <= b.about_len + 1; n++)
			assert_int_equal(opens(a, &b, n, b.len), n == b.about_len);
		aead_free(a);
	}
}

static void
another_key_opens_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct bytes b = bytes_of(&samples[i]);

		for (size_t bit = 0; bit < 8 * b.key_len; bit++) {
			b.key[bit / 8] ^= (uint8_t)(1 << bit % 8);
			struct aead *a = made(&samples[i], &b, false);
			assert_false(opens(a, &b, b.about_len, b.len));
			aead_free(a);
			b.key[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

static void
lengths_that_openssl_has_no_number_for_are_refused(void **state)
{
	struct bytes b = bytes_of(&samples[0]);
	struct aead *a = made(&samples[0], &b, true);
	uint8_t tag[AEAD_TAG];

	(void)state;
	assert_false(aead_seal(a, b.nonce, SPAN_NONE, b.plain, (size_t)1 << 31, tag));
	assert_false(aead_seal(a, b.nonce, span_of(b.about, (size_t)1 << 32), b.plain, 1, tag));
	/* And it goes on as before. */
	assert_true(aead_seal(a, b.nonce, span_of(b.about, b.about_len), b.plain, b.len, tag));
	assert_memory_equal(tag, b.tag, AEAD_TAG);
	aead_free(a);
	aead_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_kinds_seal_as_their_standards_say),
	    cmocka_unit_test(what_was_sealed_is_opened),
	    cmocka_unit_test(any_bit_changed_and_nothing_is_opened),
	    cmocka_unit_test(any_byte_less_or_more_and_nothing_is_opened),
	    cmocka_unit_test(another_key_opens_nothing),
	    cmocka_unit_test(lengths_that_openssl_has_no_number_for_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
