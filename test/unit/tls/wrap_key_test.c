#include "unit.h"

#include <string.h>

#include "tls/wrap_key.h"

static uint8_t server[WRAP_SERVER_KEY];

static struct buf
made(uint64_t device)
{
	struct buf out = buf_with_cap(2048);

	wrap_server_key_make(server);
	assert_true(wrap_key_make(server, device, &out));
	return out;
}

static struct span
wrapped_of(const struct buf *key)
{
	return span_tail(buf_span(key), WRAP_CLIENT_KEY);
}

static void
a_wrapped_key_says_its_device(void **state)
{
	static const uint64_t devices[] = {1, 17, INT64_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT(devices); i++) {
		struct buf key = made(devices[i]);
		struct span wkc = wrapped_of(&key);
		struct wrap_key out;

		/* 290 without metadata, of which ours has 9 bytes: as long as openvpn's own. */
		assert_int_equal(wkc.len, 299);
		assert_int_equal(wkc.p[297] << 8 | wkc.p[298], 299);
		assert_true(wrap_key_open(server, wkc, &out));
		assert_int_equal(out.device, devices[i]);
		assert_memory_equal(out.key, key.data, WRAP_CLIENT_KEY);
		buf_wipe(&key);
	}
}

static void
any_bit_changed_and_it_is_none(void **state)
{
	struct buf key = made(7);
	uint8_t bytes[299];
	struct wrap_key out;

	(void)state;
	span_put(bytes, wrapped_of(&key));
	for (size_t i = 0; i < sizeof bytes; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			bytes[i] ^= (uint8_t)(1 << bit);
			if (wrap_key_open(server, span_of(bytes, sizeof bytes), &out))
				fail_msg("byte %zu, bit %u", i, bit);
			assert_int_equal(out.device, 0);
			bytes[i] ^= (uint8_t)(1 << bit);
		}
	assert_true(wrap_key_open(server, span_of(bytes, sizeof bytes), &out));
	buf_wipe(&key);
}

static void
another_servers_and_another_length_are_none(void **state)
{
	struct buf key = made(7);
	uint8_t bytes[WRAPPED_MAX + 2] = {0};
	struct wrap_key out;

	(void)state;
	span_put(bytes, wrapped_of(&key));
	for (size_t len = 0; len <= sizeof bytes; len++)
		if (len != 299)
			assert_false(wrap_key_open(server, span_of(bytes, len), &out));
	for (size_t i = 0; i < WRAP_SERVER_KEY; i++) {
		bool used = i % 64 < 32; /* of each half */

		server[i] ^= 1;
		assert_int_equal(wrap_key_open(server, wrapped_of(&key), &out), !used);
		server[i] ^= 1;
	}
	buf_wipe(&key);
}

static void
no_two_keys_are_the_same(void **state)
{
	struct buf a = made(1), b = buf_with_cap(2048),
		   narrow = buf_with_cap(WRAP_CLIENT_KEY + 298);

	(void)state;
	assert_true(wrap_key_make(server, 1, &b));
	assert_memory_not_equal(a.data, b.data, 32);
	assert_memory_not_equal(a.data + WRAP_CLIENT_KEY, b.data + WRAP_CLIENT_KEY, 32);
	assert_false(wrap_key_make(server, 1, &narrow));
	assert_int_equal(buf_len(&narrow), 0);
	buf_wipe(&narrow);
	buf_wipe(&b);
	buf_wipe(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_wrapped_key_says_its_device),
	    cmocka_unit_test(any_bit_changed_and_it_is_none),
	    cmocka_unit_test(another_servers_and_another_length_are_none),
	    cmocka_unit_test(no_two_keys_are_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
