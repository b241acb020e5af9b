/* Which site a request is for. */
#include "config/try.h"

static const char sites[] =
    "site example.org www.example.org { certificate self-signed; root /1 }\n"
    "site *.example.org { certificate self-signed; root /2 }\n"
    "site a.b.example.org 192.0.2.1 2001:db8::1 { certificate self-signed; root /3 }\n"
    "site *.b.example.org { certificate self-signed; root /4 }\n";

static const struct {
	const char *host;
	unsigned line; /* of its site; 0: nobody's */
} hosts[] = {
    {"example.org", 1},
    {"EXAMPLE.org", 1},
    {"www.example.org", 1},
    {"www.example.org.", 1},
    {"mail.example.org", 2},
    {"b.example.org", 2},
    {"Mail.Example.Org", 2},
    {"a.b.example.org", 3},
    {"x.b.example.org", 4},
    {"A.B.example.org", 3},
    {"192.0.2.1", 3},
    {"2001:db8::1", 3},
    {"[2001:db8::1]", 3},
    {"a.a.example.org", 0},
    {"example.com", 0},
    {"org", 0},
    {".example.org", 0},
    {"..example.org", 0},
    {"", 0},
    {".", 0},
    {"*.example.org", 2},
    {"xexample.org", 0},
    {"example.or", 0},
    {"example.orgx", 0},
    {"192.0.2.2", 0},
    {"[]", 0},
    {"example.org..", 0},
};

static void
each_host_finds_its_site(void **state)
{
	struct config *c = good(sites);

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		const struct site *s = config_site(c, span_str(hosts[i].host));

		if ((s != NULL ? s->line : 0) != hosts[i].line)
			fail_msg("%s: line %u", hosts[i].host, s != NULL ? s->line : 0);
	}
	config_free(c);
}

/* A peer's bytes need not end where a string would. */
static void
bytes_that_are_no_text_are_nobodys(void **state)
{
	struct config *c = good(sites);

	(void)state;
	assert_null(config_site(c, SPAN_NONE));
	assert_null(config_site(c, span_of("example.org\0x", 13)));
	assert_null(config_site(c, span_of("example.org\0", 12)));
	assert_null(config_site(c, span_of("\0", 1)));
	assert_null(config_site(c, span_of("\xFF.example.com", 13)));
	assert_non_null(config_site(c, span_of("example.orgXYZ", 11)));
	config_free(c);
}

/* The search says what going through all patterns would say. */
static void
the_search_agrees_with_the_patterns(void **state)
{
	struct config *c = good(sites);

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		bool fits = false;

		for (size_t j = 0; j < c->site_count; j++)
			for (size_t k = 0; k < c->sites[j].name_count; k++)
				fits |=
				    config_name_fits(c->sites[j].names[k], span_str(hosts[i].host));
		if (fits != (hosts[i].line > 0))
			fail_msg("%s", hosts[i].host);
	}
	config_free(c);
}

static void
a_configuration_without_sites_has_none_for_any(void **state)
{
	struct config *c = good("share { ssh inetd }");

	(void)state;
	assert_null(config_site(c, SPAN_OF("example.org")));
	config_free(c);
}

static void
many_sites_are_all_found(void **state)
{
	struct buf text = buf_with_cap(1 << 20);
	char name[32];

	(void)state;
	for (unsigned i = 0; i < 3000; i++)
		assert_true(buf_printf(
		    &text, "site s%u.example %s%u.test { certificate self-signed; root /s }\n", i,
		    i % 2 > 0 ? "*.t" : "t", i));
	assert_true(buf_byte(&text, '\0'));
	struct config *c = good((char *)text.data);
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(name, sizeof name, "s%u.example", i);
		assert_int_equal(config_site(c, span_str(name))->line, i + 1);
		snprintf(name, sizeof name, "%st%u.test", i % 2 > 0 ? "x." : "", i);
		assert_int_equal(config_site(c, span_str(name))->line, i + 1);
	}
	config_free(c);
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_host_finds_its_site),
	    cmocka_unit_test(bytes_that_are_no_text_are_nobodys),
	    cmocka_unit_test(the_search_agrees_with_the_patterns),
	    cmocka_unit_test(a_configuration_without_sites_has_none_for_any),
	    cmocka_unit_test(many_sites_are_all_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
