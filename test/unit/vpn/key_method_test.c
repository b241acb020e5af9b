#include "unit.h"

#include <stdlib.h>

#include "vpn/key_method.h"

#define RANDOM_LEN (48 + 32 + 32)
#define HEAD_LEN   (5 + RANDOM_LEN)

static const char debian[] = "IV_VER=2.6.14\n"
			     "IV_PLAT=linux\n"
			     "IV_TCPNL=1\n"
			     "IV_MTU=1600\n"
			     "IV_NCP=2\n"
			     "IV_CIPHERS=AES-256-GCM:AES-128-GCM:CHACHA20-POLY1305\n"
			     "IV_PROTO=990\n"
			     "IV_LZO_STUB=1\n"
			     "IV_COMP_STUB=1\n"
			     "IV_COMP_STUBv2=1\n";
static const char options[] = "V4,dev-type tun,link-mtu 1549,tun-mtu 1500,proto UDPv4,"
			      "cipher AES-256-GCM,auth [null-digest],keysize 256,"
			      "key-method 2,tls-client";

static void
put_head(struct buf *b)
{
	assert_true(buf_append(b, SPAN_OF("\0\0\0\0\2")));
	for (unsigned i = 0; i < RANDOM_LEN; i++)
		assert_true(buf_byte(b, (uint8_t)i));
}

static void
put_string(struct buf *b, struct span text)
{
	assert_true(buf_be16(b, (uint16_t)(text.len + 1)));
	assert_true(buf_append(b, text));
	assert_true(buf_byte(b, '\0'));
}

/* As a client says it; NULL: nothing, not even an empty string. */
static struct buf
message_of(const char *occ, const char *name, const char *password, const char *peer)
{
	struct buf b = buf_with_cap(1 << 20);

	put_head(&b);
	put_string(&b, span_str(occ));
	put_string(&b, span_str(name));
	put_string(&b, span_str(password));
	if (peer != NULL)
		put_string(&b, span_str(peer));
	return b;
}

static bool
is_zero(const void *p, size_t len)
{
	const uint8_t *bytes = p;

	while (len > 0 && bytes[len - 1] == 0)
		len--;
	return len == 0;
}

static enum key_method_result
result_of(struct span bytes)
{
	struct key_method m;
	size_t used;
	/* A copy of just that size, so that reading past it is found. */
	uint8_t *copy = malloc(bytes.len > 0 ? bytes.len : 1);

	assert_non_null(copy);
	span_put(copy, bytes);
	enum key_method_result result = key_method_read(span_of(copy, bytes.len), &m, &used);
	free(copy);
	assert_true(result == KEY_METHOD_DONE || is_zero(&m, sizeof m));
	return result;
}

/* What is read of a client that says this of itself. */
static struct peer_info
peer_of(const char *occ, const char *lines)
{
	struct buf b = message_of(occ, "", "", lines);
	struct key_method m;
	size_t used;

	assert_int_equal(key_method_read(buf_span(&b), &m, &used), KEY_METHOD_DONE);
	buf_free(&b);
	return m.peer;
}

static enum aead_kind
choice_for(const char *occ, const char *lines)
{
	static const enum aead_kind order[] = {AEAD_CHACHA20_POLY1305, AEAD_AES_256_GCM,
					       AEAD_AES_128_GCM};
	struct buf b = message_of(occ, "", "", lines);
	struct key_method m;
	size_t used;

	assert_int_equal(key_method_read(buf_span(&b), &m, &used), KEY_METHOD_DONE);
	enum aead_kind kind = cipher_choose(order, COUNT(order), &m);
	buf_free(&b);
	return kind;
}

static void
a_stock_client_is_read_as_it_is(void **state)
{
	struct buf b = message_of(options, "eve", "pass word", debian);
	struct key_method m;
	size_t len = buf_len(&b), used;

	assert_true(buf_append(&b, SPAN_OF("PUSH_REQUEST")));
	assert_int_equal(key_method_read(buf_span(&b), &m, &used), KEY_METHOD_DONE);
	assert_int_equal(used, len);
	for (unsigned i = 0; i < 32; i++) {
		assert_int_equal(m.random.pre_master[i], i);
		assert_int_equal(m.random.r1[i], 48 + i);
		assert_int_equal(m.random.r2[i], 80 + i);
	}
	assert_true(span_equal(m.options, span_str(options)));
	assert_true(span_equal(m.name, SPAN_OF("eve")));
	assert_true(span_equal(m.password, SPAN_OF("pass word")));
	assert_false(m.too_long);
	assert_string_equal(m.peer.version, "2.6.14");
	assert_string_equal(m.peer.platform, "linux");
	assert_string_equal(m.peer.gui, "");
	assert_int_equal(m.peer.proto, IV_DATA_V2 | IV_REQUEST_PUSH | IV_TLS_EKM | IV_AUTH_PENDING |
					   IV_DNS_OLD | IV_CC_EXIT | IV_AUTH_FAIL_TEMP |
					   IV_DYN_TLS_CRYPT);
	assert_true(m.peer.tells_ciphers);
	assert_int_equal(m.peer.ciphers, 7);
	assert_int_equal(m.peer.mtu, 1600);
	assert_true(m.peer.stub_v2 && m.peer.tcp_nonlinear);
	assert_false(m.peer.lzo || m.peer.sso_crtext || m.peer.sso_webauth);
	buf_free(&b);
	(void)state;
}

/* But where only what the client says of itself is missing: that may be. */
static void
less_than_the_whole_wants_more(void **state)
{
	struct buf b = message_of(options, "eve", "secret", debian);
	struct span all = buf_span(&b);
	size_t without_peer = all.len - (sizeof debian + 2);

	for (size_t n = 0; n < all.len; n++)
		assert_int_equal(result_of(span_head(all, n)),
				 n == without_peer ? KEY_METHOD_DONE : KEY_METHOD_MORE);
	assert_int_equal(result_of(all), KEY_METHOD_DONE);
	buf_free(&b);
	(void)state;
}

static void
nothing_is_known_of_a_client_that_says_nothing(void **state)
{
	struct buf b = message_of("", "", "", NULL);
	const struct peer_info nothing = {0};
	struct key_method m;
	size_t used;

	assert_int_equal(key_method_read(buf_span(&b), &m, &used), KEY_METHOD_DONE);
	assert_int_equal(used, buf_len(&b));
	assert_memory_equal(&m.peer, &nothing, sizeof nothing);
	buf_free(&b);

	/* Strings without even a NUL. */
	put_head(&b);
	assert_true(buf_append(&b, SPAN_OF("\0\0\0\0\0\0\0\0")));
	assert_int_equal(key_method_read(buf_span(&b), &m, &used), KEY_METHOD_DONE);
	assert_int_equal(m.options.len + m.name.len + m.password.len, 0);
	assert_int_equal(used, buf_len(&b));
	buf_free(&b);
	(void)state;
}

static void
no_bit_of_the_head_may_be_another(void **state)
{
	struct buf b = message_of(options, "eve", "secret", debian);

	for (unsigned bit = 0; bit < 5 * 8; bit++) {
		b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(result_of(buf_span(&b)), KEY_METHOD_BAD);
		assert_int_equal(result_of(span_head(buf_span(&b), 5)), KEY_METHOD_BAD);
		b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(result_of(buf_span(&b)), KEY_METHOD_DONE);
	buf_free(&b);
	(void)state;
}

static void
a_string_has_one_nul_at_its_end(void **state)
{
	static const struct span bad[] = {
	    SPAN_INIT("\0\1x"),      SPAN_INIT("\0\3abc"),  SPAN_INIT("\0\3a\0c"),
	    SPAN_INIT("\0\4ad\0\0"), SPAN_INIT("\0\2\0\0"),
	};

	for (size_t i = 0; i < COUNT(bad); i++)
		for (size_t before = 0; before < 4; before++) {
			struct buf b = buf_with_cap(1024);

			put_head(&b);
			for (size_t k = 0; k < before; k++)
				put_string(&b, SPAN_OF("fine"));
			assert_true(buf_append(&b, bad[i]));
			for (size_t k = before; k < 3; k++)
				put_string(&b, SPAN_OF("fine"));
			if (result_of(buf_span(&b)) != KEY_METHOD_BAD)
				fail_msg("string %zu, sample %zu", before, i);
			buf_free(&b);
		}
	(void)state;
}

/* A string of as many letters. */
static char *
letters(size_t count)
{
	char *text = malloc(count + 1);

	assert_non_null(text);
	for (size_t i = 0; i < count; i++)
		text[i] = 'x';
	text[count] = '\0';
	return text;
}

static void
check_credentials(size_t name_len, size_t password_len, bool too_long)
{
	char *name = letters(name_len), *password = letters(password_len);
	struct buf b = message_of(options, name, password, debian);
	struct key_method m;
	size_t used;

	assert_int_equal(key_method_read(buf_span(&b), &m, &used), KEY_METHOD_DONE);
	assert_int_equal(used, buf_len(&b));
	assert_int_equal(m.too_long, too_long);
	assert_int_equal(m.name.len, too_long ? 0 : name_len);
	assert_int_equal(m.password.len, too_long ? 0 : password_len);
	assert_string_equal(m.peer.version, "2.6.14");
	buf_free(&b);
	free(name);
	free(password);
}

static void
credentials_that_are_too_long_are_skipped_not_misread(void **state)
{
	check_credentials(CREDENTIAL_MAX, CREDENTIAL_MAX, false);
	check_credentials(CREDENTIAL_MAX + 1, 1, true);
	check_credentials(1, CREDENTIAL_MAX + 1, true);
	check_credentials(2 * CREDENTIAL_MAX, CREDENTIAL_MAX + 1, true);
	(void)state;
}

static void
what_would_be_longer_than_the_most_is_bad_at_once(void **state)
{
	for (uint16_t len = KEY_METHOD_MAX - HEAD_LEN - 2; len != 0; len++) {
		struct buf b = buf_with_cap(1024);

		put_head(&b);
		assert_true(buf_be16(&b, len));
		enum key_method_result result = result_of(buf_span(&b));

		assert_int_equal(result, len > KEY_METHOD_MAX - HEAD_LEN - 2 ? KEY_METHOD_BAD
									     : KEY_METHOD_MORE);
		buf_free(&b);
	}
	(void)state;
}

static void
of_all_together_there_is_a_most(void **state)
{
	static const size_t rest = KEY_METHOD_MAX - HEAD_LEN - 4 * 3;
	char *longest = letters(rest), *longer = letters(rest + 1), *far = letters(rest + 2);
	struct buf fits = message_of(longest, "", "", ""),
		   long_one = message_of(longer, "", "", ""),
		   without = message_of(far, "", "", NULL);

	assert_int_equal(buf_len(&fits), KEY_METHOD_MAX);
	assert_int_equal(result_of(buf_span(&fits)), KEY_METHOD_DONE);
	assert_int_equal(result_of(buf_span(&long_one)), KEY_METHOD_BAD);
	/* There is no room for another string's length. */
	assert_int_equal(buf_len(&without), KEY_METHOD_MAX - 1);
	assert_int_equal(result_of(buf_span(&without)), KEY_METHOD_DONE);
	assert_true(buf_byte(&without, 0));
	assert_int_equal(result_of(buf_span(&without)), KEY_METHOD_BAD);
	buf_free(&fits);
	buf_free(&long_one);
	buf_free(&without);
	free(longest);
	free(longer);
	free(far);
	(void)state;
}

static void
a_client_may_not_say_too_much_of_itself(void **state)
{
	char *most = letters(PEER_INFO_MAX), *more = letters(PEER_INFO_MAX + 1);
	struct buf fits = message_of("", "", "", most), long_one = message_of("", "", "", more);

	assert_int_equal(result_of(buf_span(&fits)), KEY_METHOD_DONE);
	assert_int_equal(result_of(buf_span(&long_one)), KEY_METHOD_BAD);
	buf_free(&fits);
	buf_free(&long_one);
	free(most);
	free(more);
	(void)state;
}

static void
texts_for_the_log_are_printable_and_short(void **state)
{
	char *name = letters(500);
	struct buf lines = buf_with_cap(4096);

	assert_true(buf_printf(&lines, "IV_GUI_VER=%s\nIV_VER=a\x1b[31m\xc3\xa9\"\r\nIV_PLAT=\n%c",
			       name, '\0'));
	struct peer_info peer = peer_of("", (const char *)buf_span(&lines).p);

	assert_int_equal(strlen(peer.gui), PEER_TEXT - 1);
	assert_string_equal(peer.version, "a?[31m??\"?");
	assert_string_equal(peer.platform, "");
	buf_free(&lines);
	free(name);
	(void)state;
}

static void
a_name_within_another_line_is_not_taken(void **state)
{
	struct peer_info peer = peer_of("", "UV_A=IV_PROTO=990\nXIV_MTU=9\nIV_MTU\nIV_VERSION=1\n"
					    "UV_B=1\rIV_TCPNL=1\niv_proto=2\n\n\n=\nIV_PLAT=x");

	assert_int_equal(peer.proto, 0);
	assert_int_equal(peer.mtu, 0);
	assert_string_equal(peer.version, "");
	assert_false(peer.tcp_nonlinear);
	assert_string_equal(peer.platform, "x");
	(void)state;
}

static void
what_is_no_number_counts_as_not_told(void **state)
{
	static const char *const values[] = {
	    "", "-1", "+1", "1 ", "0x10", "4294967296", "1x", "1e3", "99999999999999999999"};

	for (size_t i = 0; i < COUNT(values); i++) {
		struct buf lines = buf_with_cap(1024);

		assert_true(buf_printf(&lines,
				       "IV_PROTO=%s\nIV_MTU=%s\nIV_NCP=%s\nIV_COMP_STUBv2=%s\n"
				       "IV_TCPNL=%s\n%c",
				       values[i], values[i], values[i], values[i], values[i],
				       '\0'));
		struct peer_info peer = peer_of("", (const char *)buf_span(&lines).p);

		assert_true(is_zero(&peer, sizeof peer));
		buf_free(&lines);
	}
	assert_int_equal(peer_of("", "IV_PROTO=4294967295").proto, UINT32_MAX);
	assert_int_equal(peer_of("", "IV_MTU=65535").mtu, 65535);
	assert_int_equal(peer_of("", "IV_MTU=65536").mtu, 0);
	(void)state;
}

static void
ways_to_ask_are_told_by_words(void **state)
{
	struct peer_info peer = peer_of("", "IV_SSO=openurl,webauth,crtext");

	assert_true(peer.sso_webauth && peer.sso_crtext);
	peer = peer_of("", "IV_SSO=crtext");
	assert_true(!peer.sso_webauth && peer.sso_crtext);
	peer = peer_of("", "IV_SSO=crtextual,web auth,,");
	assert_false(peer.sso_webauth || peer.sso_crtext);
	(void)state;
}

static void
compression_is_asked_for_by_options(void **state)
{
	assert_true(peer_of("V4,comp-lzo,tls-client", "").lzo);
	assert_true(peer_of("comp-lzo", "").lzo);
	assert_false(peer_of("V4,comp-lzo no", "IV_LZO=1").lzo);
	assert_false(peer_of("V4,no-comp-lzo,", "comp-lzo").lzo);
	(void)state;
}

static void
the_cipher_is_the_first_of_ours_that_the_client_has(void **state)
{
	assert_int_equal(choice_for(options, debian), AEAD_CHACHA20_POLY1305);
	assert_int_equal(choice_for("", "IV_CIPHERS=AES-128-GCM:AES-256-GCM"), AEAD_AES_256_GCM);
	assert_int_equal(choice_for("", "IV_CIPHERS=aes-128-gcm"), AEAD_AES_128_GCM);
	assert_int_equal(choice_for("", "IV_CIPHERS=BF-CBC::AES-128-GCM"), AEAD_AES_128_GCM);
	(void)state;
}

static void
a_list_counts_more_than_what_stood_for_one(void **state)
{
	static const char *const both[] = {"IV_NCP=2\nIV_CIPHERS=AES-128-GCM",
					   "IV_CIPHERS=AES-128-GCM\nIV_NCP=2"};

	for (size_t i = 0; i < COUNT(both); i++)
		assert_int_equal(choice_for(options, both[i]), AEAD_AES_128_GCM);
	assert_int_equal(choice_for("", "IV_NCP=2"), AEAD_AES_256_GCM);
	assert_int_equal(choice_for("cipher AES-128-GCM", "IV_NCP=1"), AEAD_AES_128_GCM);
	(void)state;
}

static void
who_tells_no_list_has_the_cipher_of_its_options(void **state)
{
	assert_int_equal(choice_for(options, ""), AEAD_AES_256_GCM);
	assert_int_equal(choice_for("cipher AES-128-GCM", NULL), AEAD_AES_128_GCM);
	assert_int_equal(choice_for("V4,cipher chacha20-poly1305", NULL), AEAD_CHACHA20_POLY1305);
	(void)state;
}

static void
without_a_common_cipher_there_is_none(void **state)
{
	assert_int_equal(choice_for("V4,cipher BF-CBC,tls-client", ""), AEAD_KINDS);
	assert_int_equal(choice_for("", ""), AEAD_KINDS);
	assert_int_equal(choice_for("cipher ", ""), AEAD_KINDS);
	assert_int_equal(choice_for("xcipher AES-256-GCM,ciphers AES-256-GCM", ""), AEAD_KINDS);
	/* Who tells a list has no other. */
	assert_int_equal(choice_for(options, "IV_CIPHERS=AES-256-CBC"), AEAD_KINDS);
	assert_int_equal(choice_for(options, "IV_CIPHERS="), AEAD_KINDS);
	assert_int_equal(choice_for("", "IV_CIPHERS=AES-256-GCMX:AES-256-GC:AES-256-GCM "),
			 AEAD_KINDS);
	(void)state;
}

static void
what_we_do_not_offer_is_not_chosen(void **state)
{
	static const enum aead_kind order[] = {AEAD_AES_128_GCM};
	struct key_method m = {.peer = {.tells_ciphers = true, .ciphers = 1 << AEAD_AES_256_GCM}};

	assert_int_equal(cipher_choose(order, COUNT(order), &m), AEAD_KINDS);
	assert_int_equal(cipher_choose(order, 0, &m), AEAD_KINDS);
	m.peer.ciphers |= 1 << AEAD_AES_128_GCM;
	assert_int_equal(cipher_choose(order, COUNT(order), &m), AEAD_AES_128_GCM);
	(void)state;
}

static void
names_of_ciphers_lead_back_to_them(void **state)
{
	for (enum aead_kind kind = 0; kind < AEAD_KINDS; kind++)
		assert_int_equal(cipher_of(span_str(cipher_name(kind))), kind);
	assert_int_equal(cipher_of(SPAN_NONE), AEAD_KINDS);
	assert_int_equal(cipher_of(SPAN_OF("AES-256-GCM\0")), AEAD_KINDS);
	(void)state;
}

static void
our_own_has_no_pre_master_and_empty_strings(void **state)
{
	struct buf out = buf_with_cap(1024), expected = buf_with_cap(1024);
	struct key_random random;

	for (unsigned i = 0; i < 32; i++) {
		random.r1[i] = (uint8_t)i;
		random.r2[i] = (uint8_t)(32 + i);
	}
	assert_true(key_method_write(&random, "V4,tls-server", &out));
	assert_true(buf_append(&expected, SPAN_OF("\0\0\0\0\2")));
	for (unsigned i = 0; i < 64; i++)
		assert_true(buf_byte(&expected, (uint8_t)i));
	put_string(&expected, SPAN_OF("V4,tls-server"));
	assert_true(buf_append(&expected, SPAN_OF("\0\0\0\0\0\0")));
	assert_true(span_equal(buf_span(&out), buf_span(&expected)));
	buf_free(&out);
	buf_free(&expected);
	(void)state;
}

static void
where_our_own_does_not_fit_nothing_is_added(void **state)
{
	const struct key_random random = {0};
	size_t len = 5 + 64 + 2 + sizeof "V4" + 6;

	for (size_t cap = 0; cap <= len; cap++) {
		struct buf out = buf_with_cap(cap);

		assert_int_equal(key_method_write(&random, "V4", &out), cap == len);
		assert_int_equal(buf_len(&out), cap == len ? len : 0);
		buf_free(&out);
	}
	char *longest = letters(UINT16_MAX - 1), *longer = letters(UINT16_MAX);
	struct buf out = buf_with_cap(1 << 20);

	assert_false(key_method_write(&random, longer, &out));
	assert_int_equal(buf_len(&out), 0);
	assert_true(key_method_write(&random, longest, &out));
	buf_free(&out);
	free(longest);
	free(longer);
	(void)state;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_stock_client_is_read_as_it_is),
	    cmocka_unit_test(less_than_the_whole_wants_more),
	    cmocka_unit_test(nothing_is_known_of_a_client_that_says_nothing),
	    cmocka_unit_test(no_bit_of_the_head_may_be_another),
	    cmocka_unit_test(a_string_has_one_nul_at_its_end),
	    cmocka_unit_test(credentials_that_are_too_long_are_skipped_not_misread),
	    cmocka_unit_test(what_would_be_longer_than_the_most_is_bad_at_once),
	    cmocka_unit_test(of_all_together_there_is_a_most),
	    cmocka_unit_test(a_client_may_not_say_too_much_of_itself),
	    cmocka_unit_test(texts_for_the_log_are_printable_and_short),
	    cmocka_unit_test(a_name_within_another_line_is_not_taken),
	    cmocka_unit_test(what_is_no_number_counts_as_not_told),
	    cmocka_unit_test(ways_to_ask_are_told_by_words),
	    cmocka_unit_test(compression_is_asked_for_by_options),
	    cmocka_unit_test(the_cipher_is_the_first_of_ours_that_the_client_has),
	    cmocka_unit_test(a_list_counts_more_than_what_stood_for_one),
	    cmocka_unit_test(who_tells_no_list_has_the_cipher_of_its_options),
	    cmocka_unit_test(without_a_common_cipher_there_is_none),
	    cmocka_unit_test(what_we_do_not_offer_is_not_chosen),
	    cmocka_unit_test(names_of_ciphers_lead_back_to_them),
	    cmocka_unit_test(our_own_has_no_pre_master_and_empty_strings),
	    cmocka_unit_test(where_our_own_does_not_fit_nothing_is_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
