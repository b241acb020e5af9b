/* From where the console may be used, and until when one may who has set the server up. */
#include "raw.h"

#define CONFIG(lists) "state_dir /tmp\nlisten 8443\nadmin {\n " lists "\n}\n"

static void
each_way_is_told_where_it_leads(void **state)
{
	static const struct {
		const char *config, *told[3];
	} samples[] = {
	    {CONFIG("listen 943\n allow any"),
	     {"\"admitted\":true", "\"ssh\":\"ssh -N -L 8943:localhost:943 root@",
	      "\"local_url\":\"https://localhost:8943/admin\""}},
	    {CONFIG("listen 10.0.0.1:9443\n allow 127.0.0.1 192.0.2.0/24"),
	     {"\"admitted\":true", "\"ssh\":\"ssh -N -L 9443:10.0.0.1:9443 root@",
	      "\"vpn\":false"}},
	    /* sshd would come from an address that is not let in. */
	    {CONFIG("listen 943\n allow 192.0.2.7"),
	     {"\"address\":\"192.0.2.7\"", "\"ssh\":null", "\"local_url\":null"}},
	};
	struct server *s = *state;

	for (size_t i = 0; i < COUNT(samples); i++) {
		raw_configure(s, samples[i].config);
		struct reply r = ask(s, READER, METHOD_GET, "/console", NULL);
		assert_int_equal(200, r.status);
		for (size_t n = 0; n < COUNT(samples[i].told); n++)
			assert_says(r, samples[i].told[n]);
	}
}

static void
the_vpn_is_a_way_where_it_is_on_and_in_the_list(void **state)
{
	struct server *s = *state;

	raw_configure(s, CONFIG("listen 9443\n allow any vpn"));
	assert_says(ask(s, ADMIN, METHOD_GET, "/console", NULL), "\"vpn\":false");
	s->config->vpn.network = (struct network){address_of("10.86.0.0"), 20};
	assert_says(ask(s, ADMIN, METHOD_GET, "/console", NULL), "\"vpn\":true");
	raw_configure(s, CONFIG("listen 9443\n allow any"));
	s->config->vpn.network = (struct network){address_of("10.86.0.0"), 20};
	assert_says(ask(s, ADMIN, METHOD_GET, "/console", NULL), "\"vpn\":false");
}

/* A session as the set-up link gives one. */
static void
who_has_set_it_up_is_told_until_when_that_counts(void **state)
{
	struct server *s = *state;
	struct asked_as *as = &s->as[ADMIN];
	struct signin in = {.where = "web", .from = s->from};
	struct session e;

	assert_taken(session_grant(&s->api.access, &itself, &as->user, &in, NOW + 600 * 1000, &e,
				   as->cookie));
	assert_true(session_csrf(span_str(as->cookie), as->csrf));
	assert_says(ask(s, ADMIN, METHOD_GET, "/session", NULL), "\"console_until\":null");
	raw_configure(s, CONFIG("listen 9443\n allow loopback\n portal any"));
	assert_says(ask(s, ADMIN, METHOD_GET, "/session", NULL), "\"console_until\":\"20");
	assert_status(200, ask(s, ADMIN, METHOD_GET, "/console", NULL));
	s->api.access.now += 600 * 1000;
	assert_says(ask(s, ADMIN, METHOD_GET, "/session", NULL), "\"console_until\":null");
	assert_true(ask(s, ADMIN, METHOD_GET, "/console", NULL).unknown);
}

static void
all_of_them_answered_well_once(void **state)
{
	(void)state;
	assert_all_asked_well(&operations_console);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(each_way_is_told_where_it_leads, raw_begin, raw_end),
	    cmocka_unit_test_setup_teardown(the_vpn_is_a_way_where_it_is_on_and_in_the_list,
					    raw_begin, raw_end),
	    cmocka_unit_test_setup_teardown(who_has_set_it_up_is_told_until_when_that_counts,
					    raw_begin, raw_end),
	    cmocka_unit_test(all_of_them_answered_well_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
