/* What stands in a file is what stands in the struct. */
#include "config/try.h"

#include <malloc.h>

#include "config/limits.h"

#define PIN                                                                                        \
	"AB:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:"  \
	"00:00:1f"
#define IN_SITE(what) "site a.example { certificate self-signed; " what " }"

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

static const struct policy *
policy_of(const struct config *c, size_t route)
{
	return &c->sites[0].routes[route].policy;
}

static void
what_a_site_does_not_say_has_its_default(void **state)
{
	struct config *c = good(SITE);
	const struct site *s = &c->sites[0];

	(void)state;
	assert_int_equal(s->hsts, 365ull * 24 * 3600 * 1000);
	assert_false(s->hsts_subdomains);
	assert_false(s->hsts_preload);
	assert_true(s->security_fields);
	for (const struct policy *p = &s->policy; p != NULL;
	     p = p == &s->policy ? policy_of(c, 0) : NULL) {
		assert_string_equal(p->index[0], "index.html");
		assert_null(p->index[1]);
		assert_null(p->tries);
		assert_false(p->listing);
		assert_true(p->precompressed);
		assert_int_equal(p->compress, COMPRESS_FILES);
		assert_string_equal(p->compress_types[0], "text/*");
		assert_int_equal(p->body_bytes, 1 << 20);
		assert_int_equal(p->connections, 0);
		assert_int_equal(p->rate.count, 0);
		assert_null(p->realm);
	}
	assert_int_equal(s->lists.field_count + s->lists.account_count, 0);
	assert_int_equal(c->trust_forwarded_count + c->plain_http2_count, 0);
	assert_int_equal(c->proxy_count + c->authority_count, 0);
	config_free(c);
}

static void
a_route_has_what_its_site_says_wherever_that_stands(void **state)
{
	struct config *c = good("site a.example { certificate self-signed\n"
				"route /a { root /a }\n"
				"route /b { index c; try off; compress all; limit_rate off\n"
				"  basic_auth off; limit_body 3m; listing off; root /b }\n"
				"index a b; try /x {path}.html; listing on; compress off\n"
				"limit_rate 300/m burst 7; limit_connections 9\n"
				"basic_auth in { user a $6$salt$0123456789abcdef }\n"
				"precompressed off; compress_types TEXT/html\n"
				"}\nlimits { body_bytes 2m }\n");
	const struct policy *a = policy_of(c, 0), *b = policy_of(c, 1);

	(void)state;
	assert_string_equal(a->index[1], "b");
	assert_string_equal(a->tries[1], "{path}.html");
	assert_null(a->tries[2]);
	assert_true(a->listing);
	assert_int_equal(a->compress, COMPRESS_OFF);
	assert_string_equal(a->compress_types[0], "text/html");
	assert_int_equal(a->rate.count, 300);
	assert_int_equal(a->rate.per_ms, 60000);
	assert_int_equal(a->rate.burst, 7);
	assert_int_equal(a->connections, 9);
	assert_string_equal(a->realm, "in");
	assert_int_equal(a->body_bytes, 2 << 20);
	assert_int_equal(c->sites[0].policy.body_bytes, 2 << 20);
	assert_int_equal(c->sites[0].lists.account_count, 1);
	assert_int_equal(c->sites[0].routes[0].lists.account_count, 0);
	assert_string_equal(b->index[0], "c");
	assert_null(b->tries);
	assert_false(b->listing);
	assert_int_equal(b->compress, COMPRESS_ALL);
	assert_int_equal(b->rate.count, 0);
	assert_int_equal(b->body_bytes, 3 << 20);
	assert_null(b->realm);
	assert_false(b->precompressed);
	config_free(c);
}

static void
lists_are_of_who_says_them(void **state)
{
	struct config *c = good("site a.example { certificate self-signed; root /srv\n"
				"header X-A 1; header +X-B \"2 3\"; header ?X-C 4; header -X-D\n"
				"cache_control *.css a; error_page 404 500 /e\n"
				"route /a { root /a; header X-E 5; error_page 404 /f }\n"
				"}\n");
	const struct policy_lists *l = &c->sites[0].lists, *r = &c->sites[0].routes[0].lists;

	(void)state;
	assert_int_equal(l->field_count, 4);
	assert_int_equal(l->fields[0].how, FIELD_SETTING_SET);
	assert_string_equal(l->fields[0].name, "x-a");
	assert_int_equal(l->fields[1].how, FIELD_SETTING_ADD);
	assert_string_equal(l->fields[1].value, "2 3");
	assert_int_equal(l->fields[2].how, FIELD_SETTING_DEFAULT);
	assert_int_equal(l->fields[3].how, FIELD_SETTING_REMOVE);
	assert_string_equal(l->fields[3].name, "x-d");
	assert_null(l->fields[3].value);
	assert_string_equal(l->cache_rules[0].pattern, "*.css");
	assert_int_equal(l->error_page_count, 2);
	assert_int_equal(l->error_pages[1].status, 500);
	assert_int_equal(r->field_count, 1);
	assert_int_equal(r->cache_rule_count, 0);
	assert_string_equal(r->error_pages[0].path, "/f");
	assert_int_equal(c->sites[0].routes[1].lists.field_count, 0);
	config_free(c);
}

static void
a_route_asks_for_more_than_a_path(void **state)
{
	struct config *c =
	    good("site a.example { certificate self-signed\n"
		 "route /a { method GET PATCH; from loopback 10.0.0.0/8; match X-A\n"
		 "  match X-B \"c d\"; strip_prefix /a; rewrite /b{path}; respond 404 }\n"
		 "route /a { method POST; redirect /b }\n"
		 "redirect 308 https://b.example{uri}\n"
		 "}\n");
	const struct route *a = &c->sites[0].routes[0], *b = &a[1], *last = &a[2];

	(void)state;
	assert_string_equal(a->condition.methods[1], "PATCH");
	assert_null(a->condition.methods[2]);
	assert_int_equal(a->condition.from_count, 3);
	assert_int_equal(a->condition.field_count, 2);
	assert_string_equal(a->condition.fields[0].name, "x-a");
	assert_null(a->condition.fields[0].value);
	assert_string_equal(a->condition.fields[1].value, "c d");
	assert_string_equal(a->strip_prefix, "/a");
	assert_string_equal(a->rewrite, "/b{path}");
	assert_int_equal(a->handler, ROUTE_RESPOND);
	assert_int_equal(a->status, 404);
	assert_null(a->text);
	assert_int_equal(b->handler, ROUTE_REDIRECT);
	assert_int_equal(b->status, 302);
	assert_string_equal(b->text, "/b");
	assert_string_equal(last->path, "/*");
	assert_int_equal(last->status, 308);
	assert_string_equal(last->text, "https://b.example{uri}");
	assert_int_equal(c->warning_count, 0);
	config_free(c);
}

static void
a_proxy_has_its_servers_and_what_to_do_with_them(void **state)
{
	struct config *c =
	    good("site a.example { certificate self-signed\n"
		 "route /app/* { proxy http://B.example http://[2001:db8::0:1]:8080 unix:run/s {\n"
		 "  connect_timeout 1s; answer_timeout 2s; idle_timeout 3s; retry_after 4s\n"
		 "  check 5s; check_path /h?a=b; check_status 204; keep_host off\n"
		 "  balance hash X-User; idle_connections 6; retries 7; proxy_protocol v1\n"
		 "  header X-A b; header -Cookie } }\n"
		 "proxy HTTPS://10.0.0.1:443 https://10.0.0.2:444 { http2 on }\n"
		 "}\nshare { ssh 10.0.0.9:22 }\n");
	const struct proxy *a = c->sites[0].routes[0].proxy, *b = c->sites[0].routes[1].proxy;

	(void)state;
	assert_int_equal(c->proxy_count, 2);
	assert_int_equal(c->backends_count, 3);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(c->proxies[i]->index, i);
		assert_ptr_equal(c->backends[c->proxies[i]->to->index], c->proxies[i]->to);
	}
	assert_string_equal(a->to->name, "a.example /app/*");
	assert_int_equal(a->to->count, 3);
	assert_string_equal(a->to->at[0].text, "b.example:80");
	assert_string_equal(a->to->at[0].host, "b.example");
	assert_int_equal(a->to->at[0].port, 80);
	assert_string_equal(a->to->at[0].authority, "b.example");
	assert_string_equal(a->to->at[1].host, "2001:db8::1");
	assert_string_equal(a->to->at[1].authority, "[2001:db8::1]:8080");
	assert_string_equal(a->to->at[2].unix_path, "/etc/sallyport/run/s");
	assert_string_equal(a->to->at[2].authority, "localhost");
	assert_int_equal(a->scheme, SCHEME_HTTP);
	assert_int_equal(a->to->connect_timeout, 1000);
	assert_int_equal(a->answer_timeout, 2000);
	assert_int_equal(a->to->idle_timeout, 3000);
	assert_int_equal(a->to->retry_after, 4000);
	assert_int_equal(a->to->check, 5000);
	assert_int_equal(a->to->proxy_protocol, PROXY_HEADER_V1);
	assert_string_equal(a->check_path, "/h?a=b");
	assert_int_equal(a->check_status, 204);
	assert_false(a->http2);
	assert_false(a->keep_host);
	assert_int_equal(a->balance, BALANCE_HASH);
	assert_string_equal(a->hash_field, "x-user");
	assert_int_equal(a->idle_connections, 6);
	assert_int_equal(a->retries, 7);
	assert_int_equal(a->request.field_count, 2);
	assert_string_equal(a->request.fields[1].name, "cookie");
	assert_string_equal(b->to->name, "a.example /*");
	assert_int_equal(b->scheme, SCHEME_HTTPS);
	assert_string_equal(b->to->at[0].authority, "10.0.0.1");
	assert_string_equal(b->to->at[1].authority, "10.0.0.2:444");
	assert_int_equal(b->to->connect_timeout, 5000);
	assert_int_equal(b->to->idle_timeout, 60000);
	assert_int_equal(b->answer_timeout, 60000);
	assert_int_equal(b->idle_connections, 32);
	assert_int_equal(b->retries, 1);
	assert_int_equal(b->check_status, 0);
	assert_null(b->check_path);
	assert_true(b->keep_host);
	assert_true(b->http2);
	assert_int_equal(b->balance, BALANCE_ROUND_ROBIN);
	config_free(c);
}

static void
authorities_are_listed_once(void **state)
{
	struct config *c =
	    good("site a.example { certificate self-signed\n"
		 "route /a { proxy https://a }\n"
		 "route /b { proxy https://b { verify ca x.pem } }\n"
		 "route /c { proxy https://c { verify ca /etc/sallyport/./x.pem } }\n"
		 "route /d { proxy https://d { verify system; sni d.example } }\n"
		 "route /e { proxy http://e }\n"
		 "route /f { proxy https://f { verify pin " PIN " " PIN " } }\n"
		 "}\n");

	(void)state;
	assert_int_equal(c->authority_count, 2);
	assert_string_equal(c->authorities[c->proxies[0]->ca_index],
			    "/etc/ssl/certs/ca-certificates.crt");
	assert_string_equal(c->authorities[c->proxies[1]->ca_index], "/etc/sallyport/x.pem");
	assert_int_equal(c->proxies[2]->ca_index, c->proxies[1]->ca_index);
	assert_int_equal(c->proxies[3]->ca_index, c->proxies[0]->ca_index);
	assert_string_equal(c->proxies[3]->sni, "d.example");
	assert_int_equal(c->proxies[5]->verify, VERIFY_PIN);
	assert_int_equal(c->proxies[5]->pin_count, 2);
	assert_int_equal(c->proxies[5]->pins[1][0], 0xAB);
	assert_int_equal(c->proxies[5]->pins[1][31], 0x1F);
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

static const struct allowed allowed[] = {
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
    {"trust_forwarded ::/0\n" SITE, ":1:17: trust_forwarded ::/0 lets every client claim"},
    {"plain { http2 0.0.0.0/0 }\n" SITE, NULL},
    {IN_SITE("route /a* { method GET; root /s }; route /a { root /t }"), NULL},
    {IN_SITE("route /a { from ::1; root /s }; route /a { root /t }"), NULL},
    {IN_SITE("route /a { root /s }; route /a { match X; root /t }"),
     "route /a is never reached: route /a, before it, fits first"},
    {IN_SITE("route /* { match X; root /s }; root /t"), NULL},
    {IN_SITE("route / { proxy http://h }"),
     "route / fits that path alone: for all below it write /*"},
    {IN_SITE("route /a/ { root /s }"),
     "route /a/ fits that path alone: for all below it write /a/*"},
    {IN_SITE("route /a/ { respond 200 }"), NULL},
    {IN_SITE("redirect https://h$request_uri"), "\"$\" stands for itself: there are no variables"},
    {IN_SITE("root /s; header X-From $remote_addr"), "\"$\" stands for itself"},
    {IN_SITE("root /s; header X-Price $5"), NULL},
    {IN_SITE("proxy https://h { verify off }"), "whoever answers in this server's place is"},
    {IN_SITE("proxy http://h { check_path /x }"), "nothing is checked: write how often"},
    {IN_SITE("proxy http://h { check 5s; check_status 200 }"), "check_status does nothing without"},
    {IN_SITE("proxy http://h { check 5s; check_path /x }"), NULL},
    {IN_SITE("root /s; plain_http on; basic_auth a { user a $6$salt$0123456789abcdef }"),
     "passwords for basic_auth would cross the network in clear"},
    {IN_SITE("root /s; basic_auth a { user a $6$salt$0123456789abcdef }"), NULL},
};

static void
what_is_maybe_not_meant_is_warned_of(void **state)
{
	(void)state;
	assert_each_warns(allowed, COUNT(allowed));
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
	    cmocka_unit_test(what_a_site_does_not_say_has_its_default),
	    cmocka_unit_test(a_route_has_what_its_site_says_wherever_that_stands),
	    cmocka_unit_test(lists_are_of_who_says_them),
	    cmocka_unit_test(a_route_asks_for_more_than_a_path),
	    cmocka_unit_test(a_proxy_has_its_servers_and_what_to_do_with_them),
	    cmocka_unit_test(authorities_are_listed_once),
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
