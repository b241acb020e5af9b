#include "unit.h"

#include <string.h>

#include "serve/authorization.h"

static const struct {
	const char *value, *user, *password; /* user NULL: none */
} samples[] = {
    {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"}, /* RFC 7617 §2 */
    {"Basic dGVzdDoxMjPCow==", "test", "123\302\243"},                /* §2.1 */
    {"basic dGVzdDoxMjPCow==", "test", "123\302\243"},
    {"BASIC  dGVzdDoxMjPCow==", "test", "123\302\243"},
    {"Basic dGVzdDoxMjPCow", "test", "123\302\243"},
    {"Basic YTpiOmM=", "a", "b:c"},
    {"Basic Og==", "", ""},
    {"Basic YTo=", "a", ""},
    {"Basic OmI=", "", "b"},
    {"", NULL, NULL},
    {"Basic", NULL, NULL},
    {"Basic ", NULL, NULL},
    {"Basic  ", NULL, NULL},
    {"Basic =", NULL, NULL},
    {"Basic ==", NULL, NULL},
    {"Basic YQ==", NULL, NULL}, /* no colon */
    {"Basic YTpi=", "a", "b"},
    {"Basic YTpi===", NULL, NULL},
    {"Basic YTpiY", NULL, NULL},
    {"Basic YTo=YTo=", NULL, NULL},
    {"Basic YT pi", NULL, NULL},
    {"Basic YTpi ", NULL, NULL},
    {"Basic YTp-", NULL, NULL}, /* base64url is another */
    {"Basic YTp_", NULL, NULL},
    {"Basic YTp/", NULL, NULL},     /* DEL in the password */
    {"Basic YTp", NULL, NULL},      /* bits left over that are not zero */
    {"Basic YToA", NULL, NULL},     /* NUL */
    {"Basic YQo6Yg==", NULL, NULL}, /* LF in the user */
    {"Basic YTpiCg==", NULL, NULL},
    {"Basic\tYTpi", NULL, NULL},
    {"BasicYTpi", NULL, NULL},
    {"Bearer YTpi", NULL, NULL},
    {"Digest username=\"a\"", NULL, NULL},
};

static void
assert_text(const char *of, struct span got, const char *expected)
{
	if (!span_equal(got, span_str(expected)))
		fail_msg("%s: \"%.*s\"", of, (int)got.len, (const char *)got.p);
}

static void
credentials_are_what_rfc_7617_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct credentials c;
		bool fits = authorization_basic(span_str(samples[i].value), &c);

		if (fits != (samples[i].user != NULL))
			fail_msg("\"%s\": %d", samples[i].value, fits);
		if (!fits)
			continue;
		assert_text(samples[i].value, c.user, samples[i].user);
		assert_text(samples[i].value, c.password, samples[i].password);
	}
}

static void
more_than_fits_is_refused(void **state)
{
	char value[2000] = "Basic ";
	struct credentials c;

	(void)state;
	memset(value + 6, 'O', sizeof value - 7); /* "8\343\216...": no colon; any length decodes */
	for (size_t n = 0; n + 6 < sizeof value; n++)
		assert_false(authorization_basic(span_of(value, 6 + n), &c));
	memcpy(value + 6, "YTpi", 4);
	memset(value + 10, 'Z', sizeof value - 11);
	assert_true(authorization_basic(span_of(value, 6 + 400), &c));
	assert_int_equal(c.password.len, 298);
	assert_false(authorization_basic(span_of(value, 6 + 860), &c));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(credentials_are_what_rfc_7617_says),
	    cmocka_unit_test(more_than_fits_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
