/* What stands in a file is what stands in the struct. */
#include "config/try.h"

#include <malloc.h>

#include "config/limits.h"

static void
what_is_not_written_has_its_default(void **state)
{
	struct config *c = good(SITE);

	(void)state;
	assert_string_equal(c->state_dir, "/var/lib/sallyport");
	assert_int_equal(c->workers, 0);
	assert_int_equal(c->listen_count, 1);
	assert_true(c->listen[0].any);
	assert_int_equal(c->listen[0].at.port, 443);
	assert_int_equal(c->plain_listen_count, 1);
	assert_int_equal(c->plain_listen[0].at.port, 80);
	assert_int_equal(c->trust_proxy_count, 0);
	assert_null(c->server_name);
	assert_int_equal(c->drain_timeout, 30000);
	assert_int_equal(c->log.access, ACCESS_JSON);
	assert_null(c->log.access_file);
	assert_string_equal(c->log.level, "info");
	assert_int_equal(c->limits.connections, 10000);
	assert_int_equal(c->limits.header_bytes, 32768);
	assert_int_equal(c->limits.header_fields, 100);
	assert_int_equal(c->limits.body_bytes, 1 << 20);
	assert_int_equal(c->limits.header_timeout, 20000);
	assert_int_equal(c->limits.idle_timeout, 60000);
	assert_int_equal(c->limits.body_timeout, 60000);
	assert_int_equal(c->limits.write_timeout, 60000);
	assert_int_equal(c->limits.handshake_timeout, 15000);
	assert_int_equal(c->limits.inetd_processes, 64);
	assert_int_equal(c->share.first_byte_timeout, 60000);
	assert_int_equal(c->share.classify_timeout, 10000);
	assert_int_equal(c->share.silent_after, 0);
	assert_int_equal(c->share.ssh.kind, DOOR_NONE);
	assert_int_equal(c->backends_count, 0);
	assert_int_equal(c->warning_count, 0);
	config_free(c);
}

static void
without_root_other_ports_are_the_default(void **state)
{
	struct buf errors = buf_with_cap(1024);
	struct config *c = read_with(&as_user, "state_dir s\n" SITE, &errors);

	(void)state;
	assert_non_null(c);
	assert_string_equal(c->state_dir, "/etc/sallyport/s");
	assert_int_equal(c->listen[0].at.port, 8443);
	assert_int_equal(c->plain_listen[0].at.port, 8080);
	config_free(c);
	buf_free(&errors);
}

static void
options_at_the_top_are_read(void **state)
{
	struct config *c =
	    good("state_dir /s; workers 3; server_name \"my server\"\n"
		 "drain_timeout 0; listen 1 2 \\\n 10.0.0.1:3\nlisten [2001:db8::1]:4\n"
		 "trust_proxy loopback 10.0.0.0/8\ntrust_proxy 192.0.2.1\n"
		 "plain { listen off }\n"
		 "log { access combined; file log/a.log; level debug }\n"
		 "limits { connections 16; body_bytes 0; idle_timeout 1d }\n" SITE);

	(void)state;
	assert_string_equal(c->state_dir, "/s");
	assert_int_equal(c->workers, 3);
	assert_string_equal(c->server_name, "my server");
	assert_int_equal(c->drain_timeout, 0);
	assert_int_equal(c->listen_count, 4);
	assert_false(c->listen[2].any);
	assert_int_equal(c->listen[2].at.family, 4);
	assert_int_equal(c->listen[3].at.port, 4);
	assert_int_equal(c->listen[3].at.family, 6);
	assert_int_equal(c->trust_proxy_count, 4);
	assert_int_equal(c->trust_proxy[0].bits, 8);
	assert_int_equal(c->trust_proxy[1].base.family, 6);
	assert_int_equal(c->trust_proxy[3].bits, 32);
	assert_int_equal(c->plain_listen_count, 0);
	assert_int_equal(c->log.access, ACCESS_COMBINED);
	assert_string_equal(c->log.access_file, "/etc/sallyport/log/a.log");
	assert_string_equal(c->log.level, "debug");
	assert_int_equal(c->limits.connections, 16);
	assert_int_equal(c->limits.body_bytes, 0);
	assert_int_equal(c->limits.idle_timeout, 86400000);
	config_free(c);
}

static void
the_same_port_on_other_addresses_is_another_endpoint(void **state)
{
	struct config *c = good("listen 10.0.0.1:1 10.0.0.2:1 0.0.0.0:2 [::]:2 [::1]:1\n" SITE);

	(void)state;
	assert_int_equal(c->listen_count, 5);
	config_free(c);
}

static void
a_site_has_its_routes_in_order_and_its_root_last(void **state)
{
	struct config *c = good("site Example.ORG *.example.org [2001:DB8:0::1] {\n"
				"\troot www//./x/\n"
				"\tcertificate c.pem /k.pem\n"
				"\tcertificate c2.pem k2.pem\n"
				"\troute /a { root /srv }\n"
				"\troute /b* { root /etc/sallyport/www/x }\n"
				"\tindex a b\n"
				"\tplain_http on\n"
				"}\n");
	const struct site *s = &c->sites[0];

	(void)state;
	assert_int_equal(s->line, 1);
	assert_int_equal(s->name_count, 3);
	assert_string_equal(s->names[0], "example.org");
	assert_string_equal(s->names[1], "*.example.org");
	assert_string_equal(s->names[2], "2001:db8::1");
	assert_int_equal(s->certificate_count, 2);
	assert_string_equal(s->certificates[0].chain, "/etc/sallyport/c.pem");
	assert_string_equal(s->certificates[0].key, "/k.pem");
	assert_string_equal(s->certificates[1].key, "/etc/sallyport/k2.pem");
	assert_false(s->self_signed);
	assert_true(s->plain_http);
	assert_int_equal(s->route_count, 3);
	assert_string_equal(s->routes[0].path, "/a");
	assert_string_equal(s->routes[1].path, "/b*");
	assert_string_equal(s->routes[2].path, "/*");
	assert_string_equal(s->routes[2].root, "/etc/sallyport/www/x");
	assert_string_equal(s->routes[2].policy.index[1], "b");
	assert_null(s->routes[2].policy.index[2]);
	assert_int_equal(c->root_count, 2);
	for (size_t i = 0; i < s->route_count; i++)
		assert_string_equal(c->roots[s->routes[i].root_index], s->routes[i].root);
	config_free(c);
}

static void
a_self_signed_site_has_its_files_below_state_dir(void **state)
{
	struct config *c = good("site *.example.org { certificate self-signed; root /srv }\n"
				"site ::1 localhost { certificate self-signed; root /srv }\n"
				"state_dir /s\n");

	(void)state;
	assert_true(c->sites[0].self_signed);
	assert_int_equal(c->sites[0].certificate_count, 1);
	assert_string_equal(c->sites[0].certificates[0].chain,
			    "/s/self-signed/_wildcard.example.org.crt");
	assert_string_equal(c->sites[1].certificates[0].key, "/s/self-signed/::1.key");
	assert_int_equal(c->root_count, 1);
	config_free(c);
}

static void
rules_lead_to_back_ends(void **state)
{
	struct config *c = good("share {\n"
				"\tsilent 2500ms 192.0.2.7:70\n"
				"\topenvpn vpn.example.org:1194 [2001:db8::1]:1194 {\n"
				"\t\tproxy_protocol v2\n\t\tidle_timeout 0\n\t\tcheck 30s\n\t}\n"
				"\tother unix:run/x.sock { connect_timeout 1s; retry_after 0 }\n"
				"\tsni Imap.Example.org *.m.example.org h:993 i:993\n"
				"\talpn xmpp-client acme-tls/1 h:5223\n"
				"\tfirst_byte_timeout 3s\n\tclassify_timeout 100ms\n"
				"}\n");
	const struct share *s = &c->share;

	(void)state;
	assert_int_equal(s->openvpn.kind, DOOR_RELAY);
	assert_string_equal(s->openvpn.to->name, "openvpn");
	assert_int_equal(s->openvpn.to->count, 2);
	assert_string_equal(s->openvpn.to->at[0].host, "vpn.example.org");
	assert_string_equal(s->openvpn.to->at[1].host, "2001:db8::1");
	assert_string_equal(s->openvpn.to->at[1].text, "[2001:db8::1]:1194");
	assert_int_equal(s->openvpn.to->at[1].port, 1194);
	assert_int_equal(s->openvpn.to->proxy_protocol, PROXY_HEADER_V2);
	assert_int_equal(s->openvpn.to->idle_timeout, 0);
	assert_int_equal(s->openvpn.to->check, 30000);
	assert_int_equal(s->openvpn.to->connect_timeout, 5000);
	assert_string_equal(s->other.to->at[0].unix_path, "/etc/sallyport/run/x.sock");
	assert_null(s->other.to->at[0].host);
	assert_int_equal(s->other.to->connect_timeout, 1000);
	assert_int_equal(s->other.to->retry_after, 0);
	assert_int_equal(s->other.to->idle_timeout, 3600000);
	assert_int_equal(s->sni_count, 1);
	assert_int_equal(s->sni[0].count, 2);
	assert_string_equal(s->sni[0].values[0], "imap.example.org");
	assert_string_equal(s->sni[0].to->name, "sni imap.example.org");
	assert_int_equal(s->sni[0].to->count, 2);
	assert_string_equal(s->alpn[0].values[1], "acme-tls/1");
	assert_int_equal(s->silent_after, 2500);
	assert_string_equal(s->silent.to->name, "silent");
	assert_int_equal(s->first_byte_timeout, 3000);
	assert_int_equal(c->backends_count, 5);
	for (size_t i = 0; i < c->backends_count; i++)
		assert_int_equal(c->backends[i]->index, i);
	config_free(c);
}

static void
the_silent_go_where_another_rule_leads_wherever_it_stands(void **state)
{
	struct config *c =
	    good("share { silent 3s ssh; ssh inetd { command sbin/sshd -i -f \"a b\" } }");

	(void)state;
	assert_int_equal(c->share.silent.kind, DOOR_INETD);
	assert_ptr_equal(c->share.silent.command, c->share.ssh.command);
	assert_string_equal(c->share.ssh.command[0], "/etc/sallyport/sbin/sshd");
	assert_string_equal(c->share.ssh.command[3], "a b");
	assert_null(c->share.ssh.command[4]);
	assert_int_equal(c->backends_count, 0);
	config_free(c);
	c = good("share { openvpn h:1; silent 3s openvpn }");
	assert_ptr_equal(c->share.silent.to, c->share.openvpn.to);
	assert_int_equal(c->backends_count, 1);
	config_free(c);
}

static void
sshd_is_run_as_debian_has_it(void **state)
{
	struct config *c = good("share { ssh inetd }");

	(void)state;
	assert_string_equal(c->share.ssh.command[0], "/usr/sbin/sshd");
	assert_string_equal(c->share.ssh.command[1], "-i");
	assert_null(c->share.ssh.command[2]);
	config_free(c);
}

static const struct {
	const char *text, *warning; /* NULL: none */
} allowed[] = {
    {SITE, NULL},
    {"share { ssh inetd }", NULL},
    {"share { ssh 127.0.0.1:22 }",
     ":1:9: sshd will see 127.0.0.1 for every client: use \"ssh inetd\""},
    {"share { ssh h:22 }", ":1:9: sshd will see this machine's address for every client"},
    {"share { ssh unix:/s }", ":1:9: sshd will see this machine's address"},
    {"share { ssh h:22 { proxy_protocol v1 } }", ":1:9: OpenSSH takes no PROXY header"},
    {"trust_proxy 0.0.0.0/0\n" SITE, ":1:13: trust_proxy 0.0.0.0/0 lets every client claim"},
    {"trust_proxy ::/0\n" SITE, ":1:13: trust_proxy ::/0 lets every client claim"},
    {"trust_proxy 10.0.0.0/8 loopback\n" SITE, NULL},
    {"site *.a.example { certificate self-signed; root /s }",
     ":1:1: the first site answers unknown names"},
    {SITE "site *.a.example { certificate self-signed; root /s }", NULL},
    {"site a.example { certificate self-signed }",
     ":1:1: site a.example has no root, no other handler and no route"},
    {"site a.example { certificate c k; route /a* { root /s }\n route /ab { root /t } }",
     ":2:8: route /ab is never reached: route /a*, before it, fits first"},
    {"site a.example { certificate c k; route /ab { root /s }; route /a* { root /t }; root /u }",
     NULL},
};

static void
what_is_maybe_not_meant_is_warned_of(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(allowed); i++) {
		struct config *c = good(allowed[i].text);
		const char *said = c->warning_count > 0 ? c->warnings[0] : NULL;

		if (c->warning_count != (allowed[i].warning != NULL) ||
		    (said != NULL && strstr(said, allowed[i].warning) == NULL))
			fail_msg("%s: %s", allowed[i].text, said);
		config_free(c);
	}
}

static void
a_name_may_be_a_site_and_below_a_wildcard_of_a_rule(void **state)
{
	struct config *c = good(SITE "share { sni *.example.org h:1; alpn example.org h:2 }");

	(void)state;
	assert_int_equal(c->share.sni_count, 1);
	config_free(c);
}

static void
names_that_are_unusual_but_right_are_taken(void **state)
{
	struct config *c = good("site localhost my_host xn--bcher-kva.example 3com.example a.1b "
				"192.0.2.1 { certificate self-signed; root / }");

	(void)state;
	assert_int_equal(c->sites[0].name_count, 6);
	assert_string_equal(c->roots[0], "/");
	config_free(c);
}

static void
white_space_and_line_ends_change_nothing(void **state)
{
	struct config *c = good("\xEF\xBB\xBFsite a.example{certificate self-signed;root /srv}\r\n"
				"\r\n\t # comment\r\nworkers \\\r\n\t2\r\n");

	(void)state;
	assert_int_equal(c->workers, 2);
	assert_int_equal(c->site_count, 1);
	config_free(c);
}

static void
the_text_is_kept(void **state)
{
	struct config *c = good(SITE "# end");

	(void)state;
	assert_true(span_equal(c->text, SPAN_OF(SITE "# end")));
	config_free(c);
	config_free(NULL);
}

static void
only_a_restart_applies_some_changes(void **state)
{
	struct config *a = good(SITE), *b = good("workers 2\nlisten 444\n" SITE),
		      *c = good("state_dir /s\n" SITE);

	(void)state;
	assert_null(config_needs_restart(a, a));
	assert_string_equal(config_needs_restart(a, b), "workers");
	assert_string_equal(config_needs_restart(a, c), "state_dir");
	config_free(a);
	config_free(b);
	config_free(c);
}

/* The sanitizer, where there is one, looks for leaks itself and tells nothing here. */
static void
thousands_of_reloads_keep_nothing(void **state)
{
	struct buf errors = buf_with_cap(1 << 16);
	size_t before = 0;

	(void)state;
	for (int i = 0; i < 4000; i++) {
		config_free(good(SITE "share { ssh 127.0.0.1:22; sni a.example b.example h:1 }"));
		assert_null(config_read(span_str("workers x\nsite"), &as_root, &errors));
		buf_free(&errors);
		if (i == 0)
			before = mallinfo2().uordblks;
	}
	assert_in_range(mallinfo2().uordblks, 0, before + 4096);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_not_written_has_its_default),
	    cmocka_unit_test(without_root_other_ports_are_the_default),
	    cmocka_unit_test(options_at_the_top_are_read),
	    cmocka_unit_test(the_same_port_on_other_addresses_is_another_endpoint),
	    cmocka_unit_test(a_site_has_its_routes_in_order_and_its_root_last),
	    cmocka_unit_test(a_self_signed_site_has_its_files_below_state_dir),
	    cmocka_unit_test(rules_lead_to_back_ends),
	    cmocka_unit_test(the_silent_go_where_another_rule_leads_wherever_it_stands),
	    cmocka_unit_test(sshd_is_run_as_debian_has_it),
	    cmocka_unit_test(what_is_maybe_not_meant_is_warned_of),
	    cmocka_unit_test(a_name_may_be_a_site_and_below_a_wildcard_of_a_rule),
	    cmocka_unit_test(names_that_are_unusual_but_right_are_taken),
	    cmocka_unit_test(white_space_and_line_ends_change_nothing),
	    cmocka_unit_test(the_text_is_kept),
	    cmocka_unit_test(only_a_restart_applies_some_changes),
	    cmocka_unit_test(thousands_of_reloads_keep_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
