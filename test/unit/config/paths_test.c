#include "try.h"

#include "config/paths.h"

#define TOP     "state_dir /var/lib/sallyport\ntrusted_paths /srv /var/www /var/lib/sallyport\n"
#define RUNNING TOP "site a.example { certificate /etc/a.pem /etc/a.key; root /home/a }\n"

/* What is said of `next` after `running`; it must be empty where `expected` is NULL. */
static void
assert_change(const char *running, const char *next, const char *expected)
{
	struct config *a = good(running), *b = good(next);
	struct err e = config_may_become(a, b);

	if (expected == NULL)
		assert_string_equal(e.text, "");
	else if (strstr(e.text, expected) == NULL)
		fail_msg("%s\nshould be refused for %s, but: \"%s\"", next, expected, e.text);
	config_free(a);
	config_free(b);
}

static void
what_the_owner_wrote_may_stay_and_move(void **state)
{
	(void)state;
	assert_change(RUNNING, RUNNING, NULL);
	assert_change(RUNNING,
		      TOP "site b.example { certificate /etc/a.pem /etc/a.key; root /home/a }\n",
		      NULL);
	assert_change(RUNNING, TOP "site a.example { certificate self-signed; root /srv }\n", NULL);
}

static void
new_paths_are_below_the_trusted_ones(void **state)
{
	static const struct {
		const char *root, *refused;
	} cases[] = {
	    {"/srv", NULL},
	    {"/srv/www", NULL},
	    {"/var/www/a/b", NULL},
	    {"/var/lib/sallyport/www", NULL},
	    {"/srvx", "/srvx"},
	    {"/etc", "/etc"},
	    {"/", "/"},
	    {"/home/b", "/home/b"},
	    {"/srv/../etc", "/srv/../etc"},
	    {"/var/lib/sallyport", "/var/lib/sallyport"},
	    {"/var/lib/sallyport/", "/var/lib/sallyport"},
	    {"/var/lib/sallyport/control", "/control"},
	    {"/var/lib/sallyport//control/x", "/control/x"},
	    {"/var/lib/sallyport/self-signed", "/self-signed"},
	    {"/var/lib/sallyport/history", "/history"},
	    {"/srv/./a//b", NULL},
	    {"/var/lib/sallyport/./control", "/control"},
	    {"/var/lib/./sallyport/control", "/control"},
	    {"/var//lib/sallyport/.//./control", "/control"},
	    {"/var/lib/sallyport/.", "/var/lib/sallyport "},
	    {"/srv/x/./../../etc", "/etc"},
	};
	char next[512];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(next, sizeof next,
			 TOP "site a.example { certificate self-signed; root %s }\n",
			 cases[i].root);
		assert_change(RUNNING, next, cases[i].refused);
	}
}

/* Who trusts /var/lib has not given away the keys that lie in it. */
static void
what_the_server_keeps_is_not_named_by_what_it_lies_in(void **state)
{
	static const char trusting[] = "state_dir /var/lib/sallyport\ntrusted_paths /var\n";
	static const char *const roots[] = {"/var", "/var/lib", "/var/lib/sallyport",
					    "/var/lib/sallyport/control"};
	char next[512];

	(void)state;
	for (size_t i = 0; i < COUNT(roots); i++) {
		snprintf(next, sizeof next,
			 "%ssite a.example { certificate self-signed; root %s }\n", trusting,
			 roots[i]);
		assert_change("state_dir /var/lib/sallyport\ntrusted_paths /var\n" SITE, next,
			      roots[i]);
	}
	assert_change("state_dir /var/lib/sallyport\ntrusted_paths /var\n" SITE,
		      "state_dir /var/lib/sallyport\ntrusted_paths /var\nsite a.example { "
		      "certificate self-signed; root /var/lib/other }\n",
		      NULL);
}

static void
every_kind_of_path_is_looked_at(void **state)
{
	static const struct {
		const char *next, *refused;
	} cases[] = {
	    {TOP "site a.example { certificate /etc/shadow /etc/a.key; root /srv }\n",
	     "/etc/shadow"},
	    {TOP "site a.example { certificate /etc/a.pem /root/k; root /srv }\n", "/root/k"},
	    {TOP "site a.example { certificate self-signed; route /x/* { root /root }; root /srv "
		 "}\n",
	     "/root"},
	    {TOP "log { file /etc/cron.d/x }\n" SITE, "/etc/cron.d/x"},
	    {TOP "log { file /var/lib/sallyport/unconfirmed }\n" SITE, "/unconfirmed"},
	    {TOP "log { file /var/lib/sallyport/forwarding }\n" SITE, "/forwarding"},
	    {TOP "share { ssh unix:/var/lib/sallyport/warden.sock }\n" SITE, "/warden.sock"},
	    {TOP "site a.example { certificate self-signed; proxy unix:/run/docker.sock }\n",
	     "/run/docker.sock"},
	    {TOP "share { ssh unix:/run/other.sock }\n" SITE, "/run/other.sock"},
	    {TOP "site a.example { certificate self-signed\nproxy https://10.0.0.1 { verify ca "
		 "/etc/ca.pem }\n}\n",
	     "/etc/ca.pem"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_change(RUNNING, cases[i].next, cases[i].refused);
}

static void
what_only_the_owner_decides_stays(void **state)
{
	static const struct {
		const char *next, *refused;
	} cases[] = {
	    {"state_dir /var/lib/sallyport\ntrusted_paths /\n" SITE, "trusted_paths"},
	    {"state_dir /srv/state\ntrusted_paths /srv /var/www /var/lib/sallyport\n" SITE,
	     "state_dir"},
	    {TOP "config read_only\n" SITE, "config"},
	    {TOP "store postgresql://db.example/x\n" SITE, "store"},
	    {TOP "share { ssh inetd { command /bin/sh -i } }\n" SITE, "command"},
	    {TOP "share { ssh inetd }\n" SITE, "command"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_change(RUNNING, cases[i].next, cases[i].refused);
	assert_change(TOP "share { ssh inetd }\n" SITE, TOP "share { ssh inetd }\n" SITE, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_the_owner_wrote_may_stay_and_move),
	    cmocka_unit_test(new_paths_are_below_the_trusted_ones),
	    cmocka_unit_test(what_the_server_keeps_is_not_named_by_what_it_lies_in),
	    cmocka_unit_test(every_kind_of_path_is_looked_at),
	    cmocka_unit_test(what_only_the_owner_decides_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
