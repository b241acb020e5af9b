#include "unit.h"

#include <stdlib.h>

#include "vpn/key_method.h"
#include "vpn/push.h"
#include "vpn/wire.h"

#define ALL_MAX (PUSH_MESSAGES_MAX * CONTROL_TEXT_MAX)

static struct address
address(const char *text)
{
	struct address a;

	assert_true(address_parse_ip(span_str(text), &a));
	return a;
}

static struct network
network(const char *text)
{
	struct network net;

	assert_true(network_parse(span_str(text), &net));
	return net;
}

static struct push_terms
plain_terms(void)
{
	return (struct push_terms){.ip4 = address("10.98.0.2"),
				   .gateway4 = address("10.98.0.1"),
				   .bits4 = 24,
				   .ping_s = 10,
				   .ping_restart_s = 60};
}

static const struct push_line plain_line = {.peer_id = PEER_ID_NONE, .cipher = AEAD_AES_128_GCM};

/* The one message that is written. */
static struct buf
written(const struct push_terms *t, const struct push_line *l)
{
	struct buf out = buf_with_cap(ALL_MAX);

	assert_true(push_write(t, l, &out));
	assert_int_equal(span_find(buf_span(&out), '\0'), buf_len(&out) - 1);
	return out;
}

static void
assert_writes(const struct push_terms *t, const struct push_line *l, const char *expected)
{
	struct buf out = written(t, l);

	assert_string_equal((const char *)buf_span(&out).p, expected);
	buf_free(&out);
}

/* Whether the option, whole, is among those written. */
static bool
tells(const struct push_terms *t, const struct push_line *l, const char *option)
{
	struct buf out = written(t, l);
	bool found = false;

	for (struct span rest = span_head(buf_span(&out), buf_len(&out) - 1); rest.len > 0;) {
		size_t end = span_find(rest, ',');

		found |= span_equal(span_head(rest, end), span_str(option));
		rest = span_tail(rest, end + 1);
	}
	buf_free(&out);
	return found;
}

static void
a_full_reply_has_what_clients_expect(void **state)
{
	const struct network routes[] = {network("192.168.77.0/24"), network("fd01::/48")};
	const struct address dns[] = {address("10.98.0.1"), address("fd00:98::1")};
	struct push_terms t = plain_terms();
	const struct push_line l = {.peer_id = 70000,
				    .cipher = AEAD_AES_256_GCM,
				    .tls_ekm = true,
				    .cc_exit = true,
				    .dyn_tls_crypt = true,
				    .flags_known = true,
				    .mtu = 1500,
				    .stub = "compress stub-v2"};

	t.ip6 = address("fd00:98::1000");
	t.gateway6 = address("fd00:98::1");
	t.bits6 = 64;
	t.everything = true;
	t.routes = routes;
	t.route_count = COUNT(routes);
	t.dns = dns;
	t.dns_count = COUNT(dns);
	t.domain = "example.org";
	t.token = "SESS_ID_AT_ab+/=";
	t.token_user = "demo, \"Ö\"";
	assert_writes(&t, &l,
		      "PUSH_REPLY,route-gateway 10.98.0.1,topology subnet,"
		      "ifconfig 10.98.0.2 255.255.255.0,"
		      "tun-ipv6,ifconfig-ipv6 fd00:98::1000/64 fd00:98::1,"
		      "redirect-gateway def1 ipv6,route 192.168.77.0 255.255.255.0,"
		      "route-ipv6 fd01::/48,dhcp-option DNS 10.98.0.1,dhcp-option DNS6 fd00:98::1,"
		      "dhcp-option DOMAIN example.org,ping 10,ping-restart 60,peer-id 70000,"
		      "compress stub-v2,cipher AES-256-GCM,"
		      "protocol-flags cc-exit tls-ekm dyn-tls-crypt,tun-mtu 1500,"
		      "auth-token-user ZGVtbywgIsOWIg==,auth-token SESS_ID_AT_ab+/=");
	(void)state;
}

static void
what_there_is_not_is_not_told(void **state)
{
	const struct push_terms nothing = {0};
	struct push_terms t = plain_terms();

	assert_writes(&nothing, &plain_line, "PUSH_REPLY,cipher AES-128-GCM");
	t.ping_s = t.ping_restart_s = 0;
	t.gateway4 = (struct address){0};
	assert_writes(&t, &plain_line,
		      "PUSH_REPLY,topology subnet,ifconfig 10.98.0.2 255.255.255.0,"
		      "cipher AES-128-GCM");
	(void)state;
}

static void
masks_are_those_of_their_bits(void **state)
{
	static const struct {
		const char *net, *option;
	} samples[] = {
	    {"0.0.0.0/0", "route 0.0.0.0 0.0.0.0"},
	    {"10.0.0.0/7", "route 10.0.0.0 254.0.0.0"},
	    {"172.16.0.0/12", "route 172.16.0.0 255.240.0.0"},
	    {"10.86.16.0/20", "route 10.86.16.0 255.255.240.0"},
	    {"192.0.2.1/32", "route 192.0.2.1 255.255.255.255"},
	};

	for (size_t i = 0; i < COUNT(samples); i++) {
		const struct network net = network(samples[i].net);
		struct push_terms t = plain_terms();

		t.routes = &net;
		t.route_count = 1;
		assert_true(tells(&t, &plain_line, samples[i].option));
	}
	(void)state;
}

static void
routes_need_an_address_of_their_family(void **state)
{
	const struct network routes[] = {network("fd01::/48"), network("10.0.0.0/8")};
	struct push_terms t = plain_terms();

	t.routes = routes;
	t.route_count = COUNT(routes);
	assert_true(tells(&t, &plain_line, "route 10.0.0.0 255.0.0.0"));
	assert_false(tells(&t, &plain_line, "route-ipv6 fd01::/48"));
	t.ip4 = (struct address){0};
	t.ip6 = address("fd00::2");
	t.gateway6 = address("fd00::1");
	assert_false(tells(&t, &plain_line, "route 10.0.0.0 255.0.0.0"));
	assert_true(tells(&t, &plain_line, "route-ipv6 fd01::/48"));
	(void)state;
}

static void
ip6_is_carried_or_blocked_with_an_address_to_block(void **state)
{
	struct push_terms t = plain_terms();

	t.block_ipv6 = true;
	assert_false(tells(&t, &plain_line, "block-ipv6")); /* not without the full tunnel */
	t.everything = true;
	assert_true(tells(&t, &plain_line, "block-ipv6"));
	assert_true(tells(&t, &plain_line, "redirect-gateway def1 ipv6"));
	assert_true(tells(&t, &plain_line, "ifconfig-ipv6 fd15:53b6:dead::2/64 fd15:53b6:dead::1"));
	t.ip6 = address("fd00::2");
	t.gateway6 = address("fd00::1");
	t.bits6 = 112;
	assert_true(tells(&t, &plain_line, "block-ipv6"));
	assert_true(tells(&t, &plain_line, "ifconfig-ipv6 fd00::2/112 fd00::1"));
	t.block_ipv6 = false;
	assert_false(tells(&t, &plain_line, "block-ipv6"));
	assert_true(tells(&t, &plain_line, "redirect-gateway def1 ipv6"));
	t.ip6 = (struct address){0};
	assert_true(tells(&t, &plain_line, "redirect-gateway def1"));
	(void)state;
}

static void
flags_are_told_as_the_client_knows_them(void **state)
{
	const struct push_terms t = {0};
	struct push_line l = {.peer_id = 0, .cipher = AEAD_CHACHA20_POLY1305, .flags_known = true};

	assert_writes(&t, &l, "PUSH_REPLY,peer-id 0,cipher CHACHA20-POLY1305");
	l.dyn_tls_crypt = true;
	assert_true(tells(&t, &l, "protocol-flags dyn-tls-crypt"));
	l.tls_ekm = true;
	assert_true(tells(&t, &l, "protocol-flags tls-ekm dyn-tls-crypt"));
	l.flags_known = false;
	assert_writes(&t, &l,
		      "PUSH_REPLY,peer-id 0,cipher CHACHA20-POLY1305,"
		      "key-derivation tls-ekm");
	l.datagrams = true;
	assert_true(tells(&t, &l, "explicit-exit-notify 1") && tells(&t, &l, "rcvbuf 1048576"));
	l.datagrams = false;
	assert_false(tells(&t, &l, "rcvbuf 1048576"));
	l.tls_ekm = false;
	assert_writes(&t, &l, "PUSH_REPLY,peer-id 0,cipher CHACHA20-POLY1305");
	(void)state;
}

/* Else a text from somewhere would be an option that nobody has set. */
static void
a_text_that_is_no_single_word_is_not_written(void **state)
{
	static const char *const bad[] = {
	    "",      "a,redirect-gateway",
	    "a b",   "a\tb",
	    "a\nb",  "a\"b",
	    "'a'",   "a\\b",
	    "#a",    "a;b",
	    "a\x7f", "\xc3\xa9",
	    " a",    "a ",
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct push_terms t = plain_terms();
		struct push_line l = plain_line;
		struct buf out = buf_with_cap(ALL_MAX);

		t.domain = bad[i];
		assert_false(push_write(&t, &l, &out));
		t.domain = NULL;
		t.token = bad[i];
		assert_false(push_write(&t, &l, &out));
		assert_int_equal(buf_len(&out), 0);
		buf_free(&out);
	}
	(void)state;
}

static void
an_option_is_not_longer_than_clients_read(void **state)
{
	static const size_t most = 255 - (sizeof "auth-token " - 1);
	char token[256];
	const struct push_terms t = {.token = token};
	struct push_line l = plain_line;
	struct buf out = buf_with_cap(ALL_MAX);

	for (size_t len = most - 1; len <= most + 1; len++) {
		memset(token, 'x', len);
		token[len] = '\0';
		assert_int_equal(push_write(&t, &l, &out), len <= most);
	}
	buf_free(&out);
	(void)state;
}

static struct network *
many_routes(size_t count)
{
	struct network *routes = calloc(count, sizeof *routes);

	assert_non_null(routes);
	for (size_t i = 0; i < count; i++) {
		routes[i] = network("100.100.0.0/16");
		routes[i].base.ip[2] = (uint8_t)(i >> 8);
		routes[i].base.ip[3] = (uint8_t)i;
		routes[i].bits = 32;
	}
	return routes;
}

/* Puts the parts together again, without what is said of the parts. */
static unsigned
joined(struct span all, struct buf *text)
{
	static const struct span start = SPAN_INIT("PUSH_REPLY,"),
				 more = SPAN_INIT(",push-continuation 2"),
				 last = SPAN_INIT(",push-continuation 1");
	unsigned messages = 0;

	for (; all.len > 0; messages++) {
		size_t len = span_find(all, '\0');

		assert_true(len < all.len && len < CONTROL_TEXT_MAX);
		struct span message = span_head(all, len);
		all = span_tail(all, len + 1);
		assert_true(span_starts_with(message, start));
		if (messages > 0 || all.len > 0) {
			struct span end = all.len > 0 ? more : last;

			assert_true(len > start.len + end.len);
			assert_true(span_equal(span_tail(message, len - end.len), end));
			message = span_head(message, len - end.len);
		}
		assert_true(buf_append(text, span_tail(message, start.len - 1)));
	}
	assert_true(buf_byte(text, '\0'));
	return messages;
}

static void
check_parts(size_t count)
{
	struct network *routes = many_routes(count);
	struct buf out = buf_with_cap(ALL_MAX), text = buf_with_cap(ALL_MAX),
		   expected = buf_with_cap(ALL_MAX);
	struct push_terms t = plain_terms();
	char ip[ADDRESS_TEXT_MAX];

	t.ping_s = t.ping_restart_s = 0;
	t.gateway4 = (struct address){0};
	t.routes = routes;
	t.route_count = count;
	assert_true(push_write(&t, &plain_line, &out));
	unsigned messages = joined(buf_span(&out), &text);

	assert_true(
	    buf_append(&expected, SPAN_OF(",topology subnet,ifconfig 10.98.0.2 255.255.255.0")));
	for (size_t i = 0; i < count; i++)
		assert_true(buf_printf(&expected, ",route %s 255.255.255.255",
				       address_ip_text(&routes[i].base, ip)));
	assert_true(buf_append(&expected, SPAN_OF(",cipher AES-128-GCM\0")));
	assert_string_equal((const char *)buf_span(&text).p, (const char *)buf_span(&expected).p);
	/* No more of them than it takes. */
	assert_true(messages <= 1 + buf_len(&expected) / (CONTROL_TEXT_MAX - 100));
	buf_free(&out);
	buf_free(&text);
	buf_free(&expected);
	free(routes);
}

static void
cut_anywhere_the_parts_say_what_the_whole_would(void **state)
{
	for (size_t count = 0; count < 120; count++)
		check_parts(count);
	check_parts(1000);
	(void)state;
}

/* The stub stands in for any option here: it is only its length that changes. */
static size_t
length_of_first(unsigned stub_len)
{
	struct network *routes = many_routes(24);
	struct buf out = buf_with_cap(ALL_MAX), text = buf_with_cap(ALL_MAX);
	struct push_terms t = plain_terms();
	struct push_line l = plain_line;
	char stub[256];

	memset(stub, 'x', stub_len);
	stub[stub_len] = '\0';
	l.stub = stub;
	t.routes = routes;
	t.route_count = 24;
	assert_true(push_write(&t, &l, &out));
	joined(buf_span(&out), &text);
	size_t len = span_find(buf_span(&out), '\0') + 1;
	buf_free(&out);
	buf_free(&text);
	free(routes);
	return len;
}

static void
a_message_may_be_full_to_the_last_byte(void **state)
{
	size_t longest = 0;

	for (unsigned len = 1; len < 250; len++)
		if (length_of_first(len) > longest)
			longest = length_of_first(len);
	assert_int_equal(longest, CONTROL_TEXT_MAX);
	(void)state;
}

static void
more_messages_than_the_most_are_refused(void **state)
{
	struct network *routes = many_routes(4000);
	struct buf out = buf_with_cap(4 * ALL_MAX);
	struct push_terms t = plain_terms();

	t.routes = routes;
	t.route_count = 4000;
	assert_false(push_write(&t, &plain_line, &out));
	assert_int_equal(buf_len(&out), 0);
	buf_free(&out);
	free(routes);
	(void)state;
}

static void
where_it_does_not_fit_nothing_is_added(void **state)
{
	const struct push_terms t = plain_terms();
	struct buf whole = written(&t, &plain_line);
	size_t len = buf_len(&whole);

	for (size_t cap = 0; cap <= len; cap++) {
		struct buf out = buf_with_cap(cap);

		assert_int_equal(push_write(&t, &plain_line, &out), cap == len);
		assert_int_equal(buf_len(&out), cap == len ? len : 0);
		buf_free(&out);
	}
	buf_free(&whole);
	(void)state;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_full_reply_has_what_clients_expect),
	    cmocka_unit_test(what_there_is_not_is_not_told),
	    cmocka_unit_test(masks_are_those_of_their_bits),
	    cmocka_unit_test(routes_need_an_address_of_their_family),
	    cmocka_unit_test(ip6_is_carried_or_blocked_with_an_address_to_block),
	    cmocka_unit_test(flags_are_told_as_the_client_knows_them),
	    cmocka_unit_test(a_text_that_is_no_single_word_is_not_written),
	    cmocka_unit_test(an_option_is_not_longer_than_clients_read),
	    cmocka_unit_test(cut_anywhere_the_parts_say_what_the_whole_would),
	    cmocka_unit_test(a_message_may_be_full_to_the_last_byte),
	    cmocka_unit_test(more_messages_than_the_most_are_refused),
	    cmocka_unit_test(where_it_does_not_fit_nothing_is_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
