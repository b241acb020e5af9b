#include "api/endpoint.h"

#include <stdio.h>
#include <string.h>

#include "raw.h"

#define SITE(more)                                                                                 \
	"state_dir /tmp\nlisten 8443\nsite *.x.example a.example {\n    certificate "              \
	"self-signed\n" more "}\nadmin {\n    listen 9443\n}\n"

static void
assert_origin(struct server *s, const char *config, const char *host, const char *wanted)
{
	raw_configure(s, config);
	assert_string_equal(wanted, endpoint_origin(s->memory, s->config, span_str(host)));
	const char *name = endpoint_origin_name(s->memory, s->config, span_str(host));
	assert_non_null(strstr(wanted, name));
	assert_true(strlen(name) > 0);
	assert_null(strstr(name, "43")); /* no port */
}

static void
links_lead_to_where_others_can_follow_them(void **state)
{
	struct server *s = *state;
	const char *shared = SITE("    access_server\n"), *alone = SITE("    root /srv\n");

	assert_origin(s, shared, "localhost:9443", "https://a.example:8443");
	assert_origin(s, shared, "", "https://a.example:8443");
	assert_origin(s, alone, "vpn.example:9443", "https://vpn.example:9443");
	assert_origin(s, alone, "localhost:9443", "https://a.example:9443");
	assert_origin(s, alone, "127.0.0.1:9443", "https://a.example:9443");
	assert_origin(s, alone, "[::1]:9443", "https://a.example:9443");
	assert_origin(s, alone, "[2001:db8::1]:9443", "https://[2001:db8::1]:9443");
}

static void
assert_remotes(const struct endpoints *to, const char *expected)
{
	char text[256] = "";

	for (size_t i = 0; i < to->count; i++) {
		const struct profile_remote *r = &to->remotes[i];
		size_t len = strlen(text);

		assert_string_equal(to->name, r->host);
		snprintf(text + len, sizeof text - len, "%s%s %u", i > 0 ? ", " : "",
			 r->tcp ? "tcp" : "udp", r->port);
	}
	assert_string_equal(expected, text);
}

static void
profiles_lead_to_the_shared_port(void **state)
{
	struct server *s = *state;
	struct endpoints to = endpoints_of(&s->api, SPAN_OF("localhost:9443"));

	assert_string_equal("vpn.example.org", to.name);
	assert_remotes(&to, "tcp 8443");
}

static void
profiles_try_udp_first_then_the_shared_port(void **state)
{
	static const struct {
		const char *more, *remotes;
	} tries[] = {
	    {"vpn { network 10.86.0.0/20 }", "udp 1194, tcp 8443"},
	    {"vpn { network 10.86.0.0/20; listen 192.0.2.1:53 [2001:db8::1]:53 1194 }",
	     "udp 53, udp 1194, tcp 8443"},
	    {"vpn { network 10.86.0.0/20; listen off }", "tcp 8443"},
	    {"vpn { network 10.86.0.0/20 }\nshare { openvpn h:1 }", "udp 1194"},
	    {"vpn { listen 53 }", "tcp 8443"},
	    {"listen 8444\nvpn { network 10.86.0.0/20; listen 8443 }",
	     "udp 8443, tcp 8443, tcp 8444"},
	};
	struct server *s = *state;

	for (size_t i = 0; i < COUNT(tries); i++) {
		char text[1024];

		snprintf(text, sizeof text, "%s%s\n", SITE("    root /srv\n"), tries[i].more);
		raw_configure(s, text);
		struct endpoints to = endpoints_of(&s->api, SPAN_OF("localhost:9443"));
		assert_remotes(&to, tries[i].remotes);
	}
}

static void
legacy_profiles_go_by_udp_alone_and_where_it_is_on(void **state)
{
	static const struct {
		const char *more, *remotes, *why;
	} tries[] = {
	    {"vpn { network 10.86.0.0/20; legacy on }", "udp 1194", NULL},
	    {"vpn { network 10.86.0.0/20; legacy on; listen 53 1194 }", "udp 53, udp 1194", NULL},
	    {"vpn { network 10.86.0.0/20; legacy off }", NULL, "write \"legacy on\""},
	    {"vpn { network 10.86.0.0/20 }", NULL, "write \"legacy on\""},
	    {"vpn { network 10.86.0.0/20; legacy on; listen off }", NULL, "by UDP alone"},
	    {"vpn { legacy on }", NULL, "by UDP alone"},
	};
	struct server *s = *state;

	for (size_t i = 0; i < COUNT(tries); i++) {
		struct endpoints to;
		char text[1024];

		snprintf(text, sizeof text, "%s%s\n", SITE("    root /srv\n"), tries[i].more);
		raw_configure(s, text);
		struct outcome o = endpoints_of_legacy(&s->api, SPAN_OF("localhost:9443"), &to);
		assert_int_equal(tries[i].remotes == NULL, refused(o));
		if (refused(o)) {
			assert_non_null(strstr(o.text, tries[i].why));
		} else {
			assert_true(to.legacy);
			assert_remotes(&to, tries[i].remotes);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    raw_test(links_lead_to_where_others_can_follow_them),
	    raw_test(profiles_lead_to_the_shared_port),
	    raw_test(profiles_try_udp_first_then_the_shared_port),
	    raw_test(legacy_profiles_go_by_udp_alone_and_where_it_is_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
