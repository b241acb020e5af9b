/* Tokens are found where they are, however the target is written, and nothing else is. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "role/edge_log_mask.h"

static const struct {
	const char *text, *shown;
} targets[] = {
    {"/setup/SECRET", "/setup/***"},
    {"/link/SECRET", "/link/***"},
    {"/link/SECRET/", "/link/***/"},
    {"/link/SECRET?x=y", "/link/***?x=y"},
    {"/link/SECRET#x", "/link/***#x"},
    {"/api/v1/import/SECRET", "/api/v1/import/***"},
    {"/api/v1/setup/SECRET", "/api/v1/setup/***"},
    {"/api/v1/links/SECRET/password", "/api/v1/links/***/password"},
    {"/%73etup/SECRET", "/%73etup/***"},
    {"/setup%2FSECRET", "/setup%2F***"},
    {"/%6C%69%6e%6b/SECRET", "/%6C%69%6e%6b/***"},
    {"/setup/SECRET%2Fx", "/setup/***"},
    {"https://vpn.example/setup/SECRET", "https://vpn.example/setup/***"},
    {"https://vpn.example:943/link/SECRET?a", "https://vpn.example:943/link/***?a"},
    {"https://[2001:db8::1]:943/link/SECRET", "https://[2001:db8::1]:943/link/***"},
    /* nothing is hidden */
    {"/", "/"},
    {"", ""},
    {"*", "*"},
    {"/setup/", "/setup/"},
    {"/setup", "/setup"},
    {"/setups/x", "/setups/x"},
    {"/x/setup/y", "/x/setup/y"},
    {"/api/v1/links/17", "/api/v1/links/17"},
    {"/api/v1/users/x", "/api/v1/users/x"},
    {"/?/link/x", "/?/link/x"},
    {"/%7", "/%7"},
    {"%", "%"},
    {"/link", "/link"},
    {"https://vpn.example", "https://vpn.example"},
    {"https://", "https://"},
    {"-", "-"},
};

static void
a_token_is_found_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(targets); i++) {
		struct span text = span_str(targets[i].text);
		size_t at, len;
		char shown[256];

		if (log_mask_find(text, &at, &len))
			snprintf(shown, sizeof shown, "%.*s***%s", (int)at, targets[i].text,
				 targets[i].text + at + len);
		else
			snprintf(shown, sizeof shown, "%s", targets[i].text);
		if (strcmp(shown, targets[i].shown) != 0)
			fail_msg("%s: %s", targets[i].text, shown);
	}
}

#define KEY "sp_2IUT_HSFKcDEbJJGocw2K-3pI2CzAQVh5Gf8qmEyCpI"

static void
an_api_token_is_found_wherever_it_stands(void **state)
{
	static const char *const with[] = {KEY, "/" KEY, "/?token=" KEY "&a", "/sp_x/sp_/?" KEY,
					   "https://a/" KEY "#x"};
	static const char *const without[] = {"",
					      "sp_",
					      "/sp_short",
					      "/asp_",
					      "/sp_a.b.c/sp_d",
					      "/2IUT_HSFKcDEbJJGocw2K-3pI2CzAQVh5Gf8qmEyCpI"};
	size_t at, len;

	(void)state;
	for (size_t i = 0; i < COUNT(with); i++) {
		if (!log_mask_find_key(span_str(with[i]), &at, &len))
			fail_msg("%s", with[i]);
		assert_true(span_equal(SPAN_OF(KEY), span_of((const uint8_t *)with[i] + at, len)));
	}
	for (size_t i = 0; i < COUNT(without); i++)
		if (log_mask_find_key(span_str(without[i]), &at, &len))
			fail_msg("%s", without[i]);
}

/* Wherever the bytes end, nothing behind them is read. */
static void
every_head_of_a_target_is_safe_to_look_at(void **state)
{
	size_t at, len;

	(void)state;
	for (size_t i = 0; i < COUNT(targets); i++)
		for (size_t n = 0; n <= strlen(targets[i].text); n++) {
			char *copy = malloc(n > 0 ? n : 1);

			assert_non_null(copy);
			memcpy(copy, targets[i].text, n);
			if (log_mask_find(span_of(copy, n), &at, &len))
				assert_true(at + len <= n);
			if (log_mask_find_key(span_of(copy, n), &at, &len))
				assert_true(at + len <= n);
			free(copy);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_token_is_found_and_nothing_else),
	    cmocka_unit_test(an_api_token_is_found_wherever_it_stands),
	    cmocka_unit_test(every_head_of_a_target_is_safe_to_look_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
