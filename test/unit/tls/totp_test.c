#include "unit.h"

#include "tls/totp.h"

static const struct span secret = SPAN_INIT("12345678901234567890");

/* RFC 6238 appendix B, the last six of its eight digits; the first is RFC 4226's second. */
static const struct {
	int64_t seconds;
	const char *code;
} codes[] = {
    {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
    {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
};

/* RFC 4226 appendix D: each counter is a step. */
static const char *const hotp[] = {"755224", "287082", "359152", "969429", "338314",
				   "254676", "287922", "162583", "399871", "520489"};

static void
codes_are_those_of_the_rfcs(void **state)
{
	char code[7];

	(void)state;
	for (size_t i = 0; i < COUNT(codes); i++) {
		assert_true(totp_code(secret, codes[i].seconds * 1000, code));
		assert_string_equal(code, codes[i].code);
	}
	for (size_t i = 0; i < COUNT(hotp); i++) {
		assert_true(totp_code(secret, (int64_t)i * 30000 + 29999, code));
		assert_string_equal(code, hotp[i]);
	}
	assert_false(totp_code(secret, -1, code));
}

static void
a_code_is_good_in_its_own_step_and_its_neighbours(void **state)
{
	const int64_t now = 5 * 30000 + 12345;

	(void)state;
	for (int64_t step = 0; step < (int64_t)COUNT(hotp); step++) {
		int64_t expected = step >= 4 && step <= 6 ? step : -1;

		assert_int_equal(totp_step(secret, span_str(hotp[step]), now), expected);
	}
	assert_int_equal(totp_step(secret, span_str(hotp[0]), 0), 0);
	assert_int_equal(totp_step(secret, span_str(hotp[1]), 0), 1);
	assert_int_equal(totp_step(secret, span_str(hotp[2]), 0), -1);
}

static void
what_is_no_code_is_of_no_step(void **state)
{
	static const struct span bad[] = {
	    SPAN_INIT(""),       SPAN_INIT("28708"),    SPAN_INIT("2870820"), SPAN_INIT("287 82"),
	    SPAN_INIT(" 28708"), SPAN_INIT("287083"),   SPAN_INIT("28708\0"), SPAN_INIT("000000"),
	    SPAN_INIT("+28708"), SPAN_INIT("94287082"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (totp_step(secret, bad[i], 59000) != -1)
			fail_msg("code %zu was taken", i);
	assert_int_equal(totp_step(secret, span_str("287082"), -1), -1);
	assert_int_equal(totp_step(SPAN_OF("12345678901234567891"), span_str("287082"), 59000), -1);
}

static void
check_uri(const char *issuer, const char *account, const char *expected)
{
	struct buf out = buf_with_cap(512);

	assert_true(totp_put_uri(SPAN_OF("Hello!\xDE\xAD\xBE\xEF"), issuer, account, &out));
	assert_true(buf_byte(&out, '\0'));
	assert_string_equal(out.data, expected);
	buf_wipe(&out);
}

static void
apps_read_it_from_a_uri(void **state)
{
	(void)state;
	check_uri("Example", "alice@example.org",
		  "otpauth://totp/Example:alice%40example.org?secret=JBSWY3DPEHPK3PXP"
		  "&issuer=Example");
	check_uri("A & B: C?", "a/b%\xC3\xBC",
		  "otpauth://totp/A%20%26%20B%3A%20C%3F:a%2Fb%25%C3%BC?secret=JBSWY3DPEHPK3PXP"
		  "&issuer=A%20%26%20B%3A%20C%3F");
}

/* RFC 4648 §10, without the padding. */
static void
people_type_it_in_groups_of_four(void **state)
{
	static const struct {
		struct span secret;
		const char *text;
	} samples[] = {
	    {SPAN_INIT(""), ""},
	    {SPAN_INIT("f"), "MY"},
	    {SPAN_INIT("fo"), "MZXQ"},
	    {SPAN_INIT("foo"), "MZXW 6"},
	    {SPAN_INIT("foob"), "MZXW 6YQ"},
	    {SPAN_INIT("fooba"), "MZXW 6YTB"},
	    {SPAN_INIT("foobar"), "MZXW 6YTB OI"},
	    {SPAN_INIT("12345678901234567890"), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct buf out = buf_with_cap(64), narrow = buf_with_cap(1);

		assert_true(totp_put_secret(samples[i].secret, &out) && buf_byte(&out, '\0'));
		assert_string_equal(out.data, samples[i].text);
		assert_true(totp_put_secret(samples[i].secret, &narrow) == (i == 0));
		buf_wipe(&narrow);
		buf_wipe(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(codes_are_those_of_the_rfcs),
	    cmocka_unit_test(a_code_is_good_in_its_own_step_and_its_neighbours),
	    cmocka_unit_test(what_is_no_code_is_of_no_step),
	    cmocka_unit_test(apps_read_it_from_a_uri),
	    cmocka_unit_test(people_type_it_in_groups_of_four),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
