/* The access server's part of a configuration: who is let in, where, and what is kept from sight.
 */
#include "config/try.h"

#define SERVER "site vpn.example { certificate self-signed; access_server }\n"

static struct address
ip(const char *text)
{
	struct address a = {0};

	assert_true(address_parse_ip(span_str(text), &a));
	return a;
}

static bool
admits(const struct allow_list *list, const char *from)
{
	struct address a = ip(from);

	return allow_list_has(list, &a);
}

static void
without_a_word_of_it_there_is_no_access_server(void **state)
{
	struct config *c = good(SITE);

	(void)state;
	assert_null(c->control);
	assert_null(c->admin.route);
	assert_false(c->admin.wanted);
	assert_int_equal(c->admin.listen_count, 0);
	assert_null(c->store_url);
	assert_null(c->vpn.endpoint);
	assert_int_equal(CA_KEY_P256, c->vpn.ca_key);
	assert_false(c->config_read_only);
	assert_int_equal(c->backends_count, 0);
	config_free(c);
}

static void
an_empty_admin_block_has_the_usual_port_and_lists(void **state)
{
	struct buf errors = buf_with_cap(1 << 16);
	struct config *c = good(SITE "admin { }");

	(void)state;
	assert_true(c->admin.wanted);
	assert_int_equal(c->admin.listen_count, 1);
	assert_true(c->admin.listen[0].any);
	assert_int_equal(c->admin.listen[0].at.port, 943);
	assert_true(admits(&c->admin.allow, "127.3.2.1"));
	assert_true(admits(&c->admin.allow, "::1"));
	assert_false(admits(&c->admin.allow, "10.0.0.1"));
	assert_true(c->admin.allow.vpn);
	assert_true(admits(&c->admin.portal, "203.0.113.9"));
	config_free(c);
	c = read_with(&as_user, "state_dir /tmp/s\n" SITE "admin { }", &errors);
	assert_non_null(c);
	assert_int_equal(c->admin.listen[0].at.port, 9443);
	config_free(c);
	buf_free(&errors);
}

/* Private networks are none of them: behind a NAT balancer all the world comes from one. */
static void
a_list_admits_what_it_names_and_nothing_else(void **state)
{
	static const struct {
		const char *from;
		bool admitted;
	} tries[] = {
	    {"10.1.2.3", true},        {"10.2.0.0", false},        {"2001:db8::9", true},
	    {"2001:db9::", false},     {"127.0.0.1", false},       {"192.168.0.1", false},
	    {"::ffff:10.1.2.3", true}, {"::ffff:10.2.0.0", false},
	};
	struct config *c = good(SITE "admin { allow 10.1.0.0/16 vpn; allow 2001:db8::/32 }");
	const struct address machine = {.family = 0};

	(void)state;
	for (size_t i = 0; i < COUNT(tries); i++)
		if (admits(&c->admin.allow, tries[i].from) != tries[i].admitted)
			fail_msg("%s", tries[i].from);
	assert_false(allow_list_has(&c->admin.allow, &machine));
	assert_true(allow_list_has(&c->admin.portal, &machine));
	config_free(c);
	c = good(SITE "admin { allow vpn; portal loopback }");
	assert_false(admits(&c->admin.allow, "127.0.0.1"));
	assert_true(allow_list_has(&c->admin.portal, &machine));
	assert_false(admits(&c->admin.portal, "203.0.113.9"));
	config_free(c);
}

/* However the address was made. */
static void
a_mapped_address_is_judged_as_ipv4(void **state)
{
	struct config *c = good(SITE "admin { allow loopback }");
	struct address mapped = {.family = 6,
				 .ip = {[10] = 0xFF, [11] = 0xFF, [12] = 127, [15] = 1}};

	(void)state;
	assert_true(allow_list_has(&c->admin.allow, &mapped));
	mapped.ip[12] = 128;
	assert_false(allow_list_has(&c->admin.allow, &mapped));
	config_free(c);
}

static void
control_is_a_back_end_like_any_other(void **state)
{
	struct config *c = good("state_dir /s\nshare { ssh h:22 }\n" SITE SERVER "admin { }");
	const struct proxy *control = c->control;

	(void)state;
	assert_non_null(control);
	assert_int_equal(c->proxy_count, 1);
	assert_ptr_equal(c->proxies[control->index], control);
	assert_int_equal(c->backends_count, 2);
	assert_ptr_equal(c->backends[control->to->index], control->to);
	assert_string_equal(control->to->name, "control");
	assert_int_equal(control->to->count, 1);
	assert_string_equal(control->to->at[0].unix_path, "/s/sockets/edge.sock");
	assert_true(control->keep_host);
	assert_int_equal(control->scheme, SCHEME_HTTP);
	assert_ptr_equal(c->admin.route->proxy, control);
	assert_int_equal(c->admin.route->handler, ROUTE_CONTROL);
	config_free(c);
}

static size_t
count_control(const struct site *site)
{
	size_t n = 0;

	for (size_t i = 0; i < site->route_count; i++)
		n += site->routes[i].handler == ROUTE_CONTROL;
	return n;
}

static void
its_paths_come_first_and_the_rest_where_nothing_else_answers(void **state)
{
	struct config *c = good(SERVER "site b.example { certificate self-signed; access_server; "
				       "route /x { respond 404 }; root /srv }");
	const struct site *alone = &c->sites[0], *beside = &c->sites[1];

	(void)state;
	assert_string_equal(alone->routes[0].path, "/admin");
	assert_string_equal(alone->routes[alone->route_count - 1].path, "/*");
	assert_int_equal(count_control(alone), alone->route_count);
	assert_int_equal(count_control(beside), alone->route_count - 1);
	assert_int_equal(beside->routes[beside->route_count - 1].handler, ROUTE_FILES);
	for (size_t i = 0; i < alone->route_count; i++) {
		assert_ptr_equal(alone->routes[i].proxy, c->control);
		assert_int_equal(alone->routes[i].policy.compress, COMPRESS_OFF);
	}
	config_free(c);
}

/* It is for the admin port alone: no name leads to it. */
static void
without_sites_the_admin_port_has_a_certificate_of_its_own(void **state)
{
	struct config *c = good("state_dir /s\nadmin { }\nvpn { endpoint VPN.example }");

	(void)state;
	assert_int_equal(c->site_count, 1);
	assert_true(c->sites[0].implied && c->sites[0].self_signed);
	assert_string_equal(c->sites[0].names[0], "localhost");
	assert_string_equal(c->sites[0].names[1], "vpn.example");
	assert_string_equal(c->sites[0].certificates[0].chain, "/s/self-signed/localhost.crt");
	assert_int_equal(c->sites[0].route_count, 0);
	assert_null(config_site(c, SPAN_OF("localhost")));
	assert_null(config_site(c, SPAN_OF("vpn.example")));
	config_free(c);
	c = good(SITE "admin { }");
	assert_int_equal(c->site_count, 1);
	assert_false(c->sites[0].implied);
	config_free(c);
}

static void
what_control_goes_by_has_defaults(void **state)
{
	struct config *c = good("state_dir /s\n" SITE);

	(void)state;
	assert_string_equal(c->trusted_paths[0], "/srv");
	assert_string_equal(c->trusted_paths[1], "/var/www");
	assert_string_equal(c->trusted_paths[2], "/s");
	assert_null(c->trusted_paths[3]);
	config_free(c);
	c = good("config read_only\ntrusted_paths /a b/\nstore postgres://u:p@h/d\n"
		 "vpn { endpoint vpn.example; ca_key rsa3072 }\n" SITE);
	assert_true(c->config_read_only);
	assert_string_equal(c->trusted_paths[0], "/a");
	assert_string_equal(c->trusted_paths[1], "/etc/sallyport/b");
	assert_null(c->trusted_paths[2]);
	assert_string_equal(c->store_url, "postgres://u:p@h/d");
	assert_string_equal(c->vpn.endpoint, "vpn.example");
	assert_int_equal(CA_KEY_RSA_3072, c->vpn.ca_key);
	config_free(c);
}

#define LONG "/0123456789012345678901234567890123456789012345678901234567890123456789"
static const struct mistake wrong[] = {
    {"admin", "admin needs a block"},
    {"admin 943", "\"943\" is one word too many"},
    {"admin { listen }", "write \"listen ENDPOINT...|off\""},
    {"admin { listen off 943 }", "a port is a number"},
    {"admin { listen off; listen 943 }", "listen is either off or at endpoints"},
    {"admin { listen 943; listen off }", "listen is either off or at endpoints"},
    {"admin { listen 443 }\n" SITE, "port 443 is taken twice"},
    {"listen 943\nadmin { }\n" SITE, "a default of another listen: shared, plain or admin"},
    {"admin { listen off }", "there is nothing to serve"},
    {"admin { allow }", "write \"allow any|loopback|vpn|NETWORK...\""},
    {"admin { allow all }", "\"all\" is not a network, any, loopback or vpn: write 10.0.0.0/8"},
    {"admin { portal 10.0.0.1/8 }", "\"10.0.0.1/8\" is not a network, any, loopback or vpn"},
    {"admin { deny any }", "there is no option \"deny\" here"},
    {"admin { }\nadmin { }", "2:1: admin is here a second time"},
    {"state_dir " LONG LONG "\nadmin { }", "state_dir is too long: the path of a socket in it"},
    {"access_server", "1:1: access_server stands in a site"},
    {"site a { certificate c k; access_server on }", "\"on\" is one word too many"},
    {"site a { certificate c k; access_server { } }", "access_server takes no block"},
    {"site a { certificate c k; access_server; access_server }", "a second time"},
    {"site a { certificate c k; route /x { access_server } }", "access_server is for a whole site"},
    {"site a { certificate c k; access_server; proxy http://h }",
     "access_server needs a name of its own: route /* of this site is a proxy"},
    {"site a { certificate c k; route /app/* { proxy http://h }; root /srv; access_server }",
     "route /app/* of this site is a proxy"},
    {"site a { certificate c k; access_server; plain_http on }", "access_server needs HTTPS"},
    {"site a { certificate c k; access_server; route /admin { respond 404 } }",
     "route /admin is never asked: access_server has /admin on this site"},
    {"site a { certificate c k; access_server; route /api/v1/users { respond 404 } }",
     "access_server has /api/v1/* on this site"},
    {"config", "write \"config edit|read_only\""},
    {"config off", "config is edit or read_only, not \"off\""},
    {"trusted_paths", "write \"trusted_paths DIR...\""},
    {"trusted_paths \"\"", "a path is missing"},
    {"vpn { ca_key rsa1024 }", "ca_key is p256, rsa2048 or rsa3072, not \"rsa1024\""},
    {"vpn { endpoint *.example }", "by one name, without \"*\""},
    {"vpn { endpoint vpn.example:1194 }", "ports belong to"},
    {"store", "write \"store URL\""},
    {"store /var/lib/db", "store is the URL of a PostgreSQL database"},
    {"store mysql://h/d", "store is the URL of a PostgreSQL database"},
    {"store postgresql://u:a@b@h/d", "@ is written as %40"},
    {"store postgresql://u:a/b@h/d", "/ as %2F"},
    {"store postgresql://u:a?b@h/d", "? as %3F"},
    {"store \"postgresql://h/a b\"", "written as %XX"},
    {"store postgresql://h/d?password=x", "the password stands before the host"},
    {"store postgresql://u:***@h/d", "*** stands for a password that is not shown"},
};

static void
each_mistake_is_named(void **state)
{
	(void)state;
	assert_each_said(wrong, COUNT(wrong));
}

static const struct allowed allowed[] = {
    {SITE "admin { }", NULL},
    {SITE "admin { allow any }", "allow any shows the console's sign-in to everybody"},
    {SITE "admin { allow 0.0.0.0/0 }", "allow 0.0.0.0/0 shows the console's sign-in"},
    {SITE "admin { allow loopback; portal any 0.0.0.0/0 }", NULL},
    {SERVER, NULL},
    {"site a { certificate c k; access_server; redirect /portal }", NULL},
    {"site a { certificate c k; access_server; basic_auth x { user a $6$salt$0123456789abcdef } }",
     "takes the field that API tokens come in"},
};

static void
what_is_maybe_not_meant_is_warned_of(void **state)
{
	(void)state;
	assert_each_warns(allowed, COUNT(allowed));
}

/* Neither in a message nor in the line below it. */
static void
no_message_repeats_a_secret(void **state)
{
	static const char *const texts[] = {
	    "store postgresql://u:SECRET@h/d more",
	    "store postgresql://u:x SECRET",
	    "store mysql://u:SECRET@h/d",
	    "store postgresql://u:SECRET@@h/d",
	    "store a\nstore postgresql://u:SECRET@h/d",
	    "store postgresql://u:SECRET@h/d { }",
	    "admin { store postgresql://u:x@h/d }\nstore postgresql://h/?password=SECRET",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct buf errors = buf_with_cap(1 << 16);

		assert_null(read_with(&as_root, texts[i], &errors));
		if (strstr((const char *)buf_span(&errors).p, "SECRET") != NULL)
			fail_msg("%s: %s", texts[i], (const char *)buf_span(&errors).p);
		buf_free(&errors);
	}
}

static void
assert_printed(const char *text, const char *has, bool masked)
{
	struct config *c = good(text);
	struct buf out = buf_with_cap(1 << 16);

	assert_true((masked ? config_print_masked : config_print)(c, &out) && buf_byte(&out, 0));
	if (strstr((const char *)buf_span(&out).p, has) == NULL)
		fail_msg("%s\nis printed as\n%s", text, (const char *)buf_span(&out).p);
	if (masked && strstr((const char *)buf_span(&out).p, "SECRET") != NULL)
		fail_msg("%s\nis shown as\n%s", text, (const char *)buf_span(&out).p);
	buf_free(&out);
	config_free(c);
}

static void
what_is_shown_to_people_has_no_secret(void **state)
{
	(void)state;
	assert_printed("store postgresql://u:SECRET@h:5/d\n" SITE,
		       "store postgresql://u:***@h:5/d\n", true);
	assert_printed("store postgresql://u:SECRET@h:5/d\n" SITE, "u:SECRET@h", false);
	assert_printed("store postgresql://u@h:5/d\n" SITE, "postgresql://u@h:5/d", true);
	assert_printed("store postgresql://h:5/d\n" SITE, "postgresql://h:5/d", true);
	assert_printed("store postgres://:SECRET@/d\n" SITE, "postgres://:***@/d", true);
	assert_printed("site a { certificate c k; root /srv; "
		       "basic_auth x { user me $6$salt$SECRET0123456789 } }",
		       "user me ***", true);
}

static void
what_is_masked_does_not_read_back(void **state)
{
	(void)state;
	assert_said(&as_root, SITE "store postgresql://u:***@h/d", "is not shown");
	assert_said(&as_root, "site a { certificate c k; basic_auth x { user me *** } }",
		    "no hash of a password");
}

static void
the_store_is_changed_by_a_restart_only(void **state)
{
	struct config *a = good(SITE), *b = good(SITE "store postgresql://h/d");

	(void)state;
	assert_string_equal(config_needs_restart(a, b), "store");
	assert_string_equal(config_needs_restart(b, a), "store");
	assert_null(config_needs_restart(b, b));
	config_free(b);
	b = good(SITE "admin { listen 944; allow any }\nconfig read_only\ntrusted_paths /x\n"
		      "vpn { endpoint a.example }");
	assert_null(config_needs_restart(a, b));
	config_free(a);
	config_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_word_of_it_there_is_no_access_server),
	    cmocka_unit_test(an_empty_admin_block_has_the_usual_port_and_lists),
	    cmocka_unit_test(a_list_admits_what_it_names_and_nothing_else),
	    cmocka_unit_test(a_mapped_address_is_judged_as_ipv4),
	    cmocka_unit_test(control_is_a_back_end_like_any_other),
	    cmocka_unit_test(its_paths_come_first_and_the_rest_where_nothing_else_answers),
	    cmocka_unit_test(without_sites_the_admin_port_has_a_certificate_of_its_own),
	    cmocka_unit_test(what_control_goes_by_has_defaults),
	    cmocka_unit_test(each_mistake_is_named),
	    cmocka_unit_test(what_is_maybe_not_meant_is_warned_of),
	    cmocka_unit_test(no_message_repeats_a_secret),
	    cmocka_unit_test(what_is_shown_to_people_has_no_secret),
	    cmocka_unit_test(what_is_masked_does_not_read_back),
	    cmocka_unit_test(the_store_is_changed_by_a_restart_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
