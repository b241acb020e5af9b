#include "unit.h"

#include "share/direct.h"

static const char everything[] = "state_dir /var/lib/x\n"
				 "site example.org www.example.org {\n"
				 "	certificate self-signed\n"
				 "	root /srv\n"
				 "}\n"
				 "site *.example.org {\n"
				 "	certificate self-signed\n"
				 "	root /srv\n"
				 "}\n"
				 "share {\n"
				 "	openvpn 127.0.0.1:1\n"
				 "	ssh     inetd\n"
				 "	http    127.0.0.1:2\n"
				 "	http2   127.0.0.1:3\n"
				 "	other   127.0.0.1:4\n"
				 "	tls     127.0.0.1:5\n"
				 "	sni     *.example.net 127.0.0.1:6\n"
				 "	sni     imap.example.org imap.example.net 127.0.0.1:7\n"
				 "	alpn    imap xmpp-client 127.0.0.1:8\n"
				 "	silent  3s ssh\n"
				 "}\n";

static const char one_site[] = "state_dir /var/lib/x\n"
			       "site example.org {\n"
			       "	certificate self-signed\n"
			       "	root /srv\n"
			       "}\n";

static struct config *
read_config(const char *text)
{
	struct config_defaults defaults = {.file = "/etc/x.conf", .root = true};
	struct buf errors = buf_with_cap(8192);
	struct config *c = config_read(span_str(text), &defaults, &errors);

	if (c == NULL)
		fail_msg("%.*s", (int)buf_len(&errors), buf_span(&errors).p);
	buf_free(&errors);
	return c;
}

static struct hello
asking_for(const char *name, const char *protocol)
{
	struct hello h = {.tls13 = true};

	memcpy(h.name, name, strlen(name));
	if (protocol != NULL) {
		h.alpn_len = 1 + strlen(protocol);
		h.alpn[0] = (uint8_t)strlen(protocol);
		memcpy(h.alpn + 1, protocol, strlen(protocol));
	}
	return h;
}

static void
expect_relay(const char *what, struct direction d, uint16_t port, const char *rule)
{
	if (d.kind != DIRECTION_RELAY || d.to->at[0].port != port)
		fail_msg("%s is not relayed to %u", what, port);
	assert_string_equal(d.rule, rule);
}

/* `site`: its place among the sites; -1: nobody's. */
static void
expect_site(const char *what, const struct config *c, struct direction d, int site)
{
	if (d.kind != DIRECTION_TERMINATE || d.site != (site < 0 ? NULL : &c->sites[site]))
		fail_msg("%s does not end at site %d", what, site);
	assert_string_equal(d.rule, "tls");
}

static void
tls_http_and_what_has_a_door_are_told_apart(void **state)
{
	struct config *all = read_config(everything), *one = read_config(one_site);
	struct config *ssh = read_config("state_dir /x\nshare {\n\tssh 127.0.0.1:22\n}\n");

	(void)state;
	assert_int_equal(direct_among(one), PROTOCOL_BIT(PROTOCOL_TLS) |
						PROTOCOL_BIT(PROTOCOL_HTTP1) |
						PROTOCOL_BIT(PROTOCOL_HTTP2));
	assert_int_equal(direct_among(ssh),
			 PROTOCOL_BIT(PROTOCOL_TLS) | PROTOCOL_BIT(PROTOCOL_SSH) |
			     PROTOCOL_BIT(PROTOCOL_HTTP1) | PROTOCOL_BIT(PROTOCOL_HTTP2));
	assert_int_equal(direct_among(all),
			 PROTOCOL_BIT(PROTOCOL_TLS) | PROTOCOL_BIT(PROTOCOL_OPENVPN) |
			     PROTOCOL_BIT(PROTOCOL_SSH) | PROTOCOL_BIT(PROTOCOL_HTTP1) |
			     PROTOCOL_BIT(PROTOCOL_HTTP2));
	config_free(ssh);
	config_free(one);
	config_free(all);
}

static void
each_protocol_goes_through_its_own_door(void **state)
{
	struct config *c = read_config(everything);

	(void)state;
	expect_relay("openvpn", direct(c, PROTOCOL_OPENVPN, NULL), 1, "openvpn");
	expect_relay("http", direct(c, PROTOCOL_HTTP1, NULL), 2, "http");
	expect_relay("http2", direct(c, PROTOCOL_HTTP2, NULL), 3, "http2");
	expect_relay("other", direct(c, PROTOCOL_NONE, NULL), 4, "other");

	struct direction ssh = direct(c, PROTOCOL_SSH, NULL), silent = direct_silent(c);
	assert_int_equal(ssh.kind, DIRECTION_INETD);
	assert_non_null(ssh.command[0]);
	assert_string_equal(ssh.rule, "ssh");
	assert_int_equal(silent.kind, DIRECTION_INETD);
	assert_string_equal(silent.command[0], ssh.command[0]);
	assert_string_equal(silent.rule, "silent");
	config_free(c);
}

static void
without_doors_all_but_tls_is_refused(void **state)
{
	static const enum protocol protocols[] = {PROTOCOL_NONE, PROTOCOL_OPENVPN, PROTOCOL_SSH,
						  PROTOCOL_HTTP2, PROTOCOL_HTTP1};
	struct config *c = read_config(one_site);

	(void)state;
	for (size_t i = 0; i < COUNT(protocols); i++)
		assert_int_equal(direct(c, protocols[i], NULL).kind, DIRECTION_REFUSE);
	assert_int_equal(direct_silent(c).kind, DIRECTION_REFUSE);
	config_free(c);
}

/* To whoever has no key of it, the port is the same whether it has a VPN or not. */
static void
the_vpn_of_ones_own_is_no_door_that_bytes_tell_of(void **state)
{
	static const enum protocol protocols[] = {PROTOCOL_NONE, PROTOCOL_OPENVPN, PROTOCOL_SSH,
						  PROTOCOL_HTTP2, PROTOCOL_HTTP1};
	static const char vpn[] = "vpn { network 10.86.0.0/20 }\n";
	struct buf text = buf_with_cap(4096);

	(void)state;
	assert_true(buf_append(&text, span_str(one_site)) &&
		    buf_append(&text, span_of(vpn, sizeof vpn)));
	struct config *with = read_config((const char *)text.data),
		      *without = read_config(one_site);
	assert_int_equal(DOOR_TUNNEL, with->share.openvpn.kind);
	assert_int_equal(direct_among(with), direct_among(without));
	for (size_t i = 0; i < COUNT(protocols); i++) {
		struct direction d = direct(with, protocols[i], NULL);

		assert_int_equal(DIRECTION_REFUSE, d.kind);
		assert_string_equal(direct(without, protocols[i], NULL).rule, d.rule);
	}
	config_free(with);
	config_free(without);
	buf_free(&text);
}

/* A TLS port's own answer, whoever takes the rest. */
static void
http_without_a_door_is_refused_even_beside_other(void **state)
{
	struct config *c = read_config("state_dir /s\nshare {\n\tother 127.0.0.1:4\n}\n");

	(void)state;
	assert_int_equal(direct(c, PROTOCOL_HTTP1, NULL).kind, DIRECTION_REFUSE);
	assert_int_equal(direct(c, PROTOCOL_HTTP2, NULL).kind, DIRECTION_REFUSE);
	expect_relay("other", direct(c, PROTOCOL_NONE, NULL), 4, "other");
	config_free(c);
}

static void
a_name_finds_its_site_or_its_rule(void **state)
{
	static const struct {
		const char *name;
		int site; /* -1: a relay */
		uint16_t port;
		const char *rule;
	} cases[] = {
	    {"example.org", 0, 0, NULL},
	    {"www.example.org", 0, 0, NULL},
	    {"other.example.org", 1, 0, NULL},
	    {"imap.example.org", -1, 7, "sni imap.example.org"}, /* before the site's wildcard */
	    {"a.example.net", -1, 6, "sni *.example.net"},
	    {"imap.example.net", -1, 7, "sni imap.example.org"}, /* before the rule's wildcard */
	    {"a.b.example.org", -1, 5, "tls"},
	    {"example.net", -1, 5, "tls"},
	    {"example.com", -1, 5, "tls"},
	    {"", -1, 5, "tls"},
	};
	struct config *c = read_config(everything);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct hello h = asking_for(cases[i].name, "h2");
		struct direction d = direct(c, PROTOCOL_TLS, &h);

		if (cases[i].site >= 0)
			expect_site(cases[i].name, c, d, cases[i].site);
		else
			expect_relay(cases[i].name, d, cases[i].port, cases[i].rule);
	}
	config_free(c);
}

/* The name counts before the protocol: a site's own visitors stay. */
static void
alpn_counts_where_the_name_is_nobodys(void **state)
{
	struct config *c = read_config(everything);
	struct hello nobody = asking_for("example.com", "xmpp-client");
	struct hello nameless = asking_for("", "imap");
	struct hello site = asking_for("example.org", "imap");
	struct hello wild = asking_for("a.example.org", "imap");
	struct hello rule = asking_for("a.example.net", "imap");
	struct hello other = asking_for("example.com", "ima");

	(void)state;
	expect_relay("nobody's", direct(c, PROTOCOL_TLS, &nobody), 8, "alpn imap");
	expect_relay("nameless", direct(c, PROTOCOL_TLS, &nameless), 8, "alpn imap");
	expect_site("a site", c, direct(c, PROTOCOL_TLS, &site), 0);
	expect_site("a wildcard", c, direct(c, PROTOCOL_TLS, &wild), 1);
	expect_relay("a rule", direct(c, PROTOCOL_TLS, &rule), 6, "sni *.example.net");
	expect_relay("another protocol", direct(c, PROTOCOL_TLS, &other), 5, "tls");
	config_free(c);
}

static void
what_nobody_takes_ends_at_the_first_site(void **state)
{
	struct config *c = read_config(one_site);
	struct hello known = asking_for("example.org", "h2");
	struct hello unknown = asking_for("example.com", "imap"), nameless = asking_for("", NULL);

	(void)state;
	expect_site("its own name", c, direct(c, PROTOCOL_TLS, &known), 0);
	expect_site("another name", c, direct(c, PROTOCOL_TLS, &unknown), -1);
	expect_site("no name", c, direct(c, PROTOCOL_TLS, &nameless), -1);
	config_free(c);
}

/* Never passed on: our own TLS answers with the alert. */
static void
a_malformed_hello_ends_here(void **state)
{
	struct config *c = read_config(everything);

	(void)state;
	expect_site("a malformed hello", c, direct(c, PROTOCOL_TLS, NULL), -1);
	config_free(c);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tls_http_and_what_has_a_door_are_told_apart),
	    cmocka_unit_test(each_protocol_goes_through_its_own_door),
	    cmocka_unit_test(without_doors_all_but_tls_is_refused),
	    cmocka_unit_test(the_vpn_of_ones_own_is_no_door_that_bytes_tell_of),
	    cmocka_unit_test(http_without_a_door_is_refused_even_beside_other),
	    cmocka_unit_test(a_name_finds_its_site_or_its_rule),
	    cmocka_unit_test(alpn_counts_where_the_name_is_nobodys),
	    cmocka_unit_test(what_nobody_takes_ends_at_the_first_site),
	    cmocka_unit_test(a_malformed_hello_ends_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
