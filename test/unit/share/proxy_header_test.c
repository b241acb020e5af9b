#include "unit.h"

#include "share/proxy_header.h"
#include "share/samples.h"

#define V2_SIGN "\r\n\r\n\0\r\nQUIT\n"

/* The client and server, as text, and how many bytes the header has. */
struct reading {
	struct span bytes;
	const char *client, *server;
	size_t len;
};

static const struct reading good[] = {
    {SPAN_INIT("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\nGET"), "192.0.2.1:56324",
     "198.51.100.2:443", 45},
    {SPAN_INIT("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"),
     "255.255.255.255:65535", "255.255.255.255:65535", 56},
    {SPAN_INIT("PROXY TCP4 192.0.2.1 198.51.100.2 0 0\r\n"), "192.0.2.1:0", "198.51.100.2:0", 39},
    {SPAN_INIT("PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n"), "[2001:db8::1]:1", "[2001:db8::2]:2",
     40},
    {SPAN_INIT("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
     "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
     "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", 104},
    {SPAN_INIT("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.2 1 2\r\n"), "192.0.2.1:1",
     "198.51.100.2:2", 53},
    {SPAN_INIT("PROXY UNKNOWN\r\n"), "-", "-", 15},
    {SPAN_INIT("PROXY UNKNOWN ffff:: whatever  1\r\n"), "-", "-", 34},
    {SPAN_INIT("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
     "-", "-", 107},
    {SPAN_INIT(V2_SIGN "\x21\x11\x00\x0C\xC0\x00\x02\x01\xC6\x33\x64\x02\xDC\x04\x01\xBBGET"),
     "192.0.2.1:56324", "198.51.100.2:443", 28},
    {SPAN_INIT(V2_SIGN "\x21\x11\x00\x13\xC0\x00\x02\x01\xC6\x33\x64\x02\xDC\x04\x01\xBB"
		       "\x04\x00\x01\x00\x05\x00\x00"),
     "192.0.2.1:56324", "198.51.100.2:443", 35},
    {SPAN_INIT(V2_SIGN "\x21\x21\x00\x24"
		       "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x01"
		       "\0\0\0\0\0\0\0\0\0\0\xFF\xFF\xC6\x33\x64\x02"
		       "\xDC\x04\x01\xBB"),
     "[2001:db8::1]:56324", "198.51.100.2:443", 52},
    {SPAN_INIT(V2_SIGN "\x20\x00\x00\x00GET"), "-", "-", 16},
    {SPAN_INIT(V2_SIGN "\x20\x11\x00\x03\xFF\xFF\xFF"), "-", "-", 19},
    {SPAN_INIT(V2_SIGN "\x21\x00\x00\x00"), "-", "-", 16},
    {SPAN_INIT(V2_SIGN "\x21\x12\x00\x0C\xC0\x00\x02\x01\xC6\x33\x64\x02\xDC\x04\x01\xBB"), "-",
     "-", 28},
    {SPAN_INIT(V2_SIGN "\x21\x31\x00\x02\xFF\xFF"), "-", "-", 18},
};

static const struct {
	const char *what;
	struct span bytes;
} bad[] = {
    {"nothing after the sign", SPAN_INIT("PROXY \r\n")},
    {"lower case", SPAN_INIT("proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n")},
    {"a bare line feed", SPAN_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n")},
    {"a bare line feed after a port of two digits",
     SPAN_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 1 23\n")},
    {"a bare line feed after UNKNOWN", SPAN_INIT("PROXY UNKNOWN x\n")},
    {"a carriage return inside", SPAN_INIT("PROXY UNKNOWN \r \r\n")},
    {"two carriage returns", SPAN_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\r\n")},
    {"another family", SPAN_INIT("PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n")},
    {"more than UNKNOWN", SPAN_INIT("PROXY UNKNOWNX\r\n")},
    {"ipv4 as TCP6", SPAN_INIT("PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n")},
    {"ipv6 as TCP4", SPAN_INIT("PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n")},
    {"mapped ipv4 as TCP4", SPAN_INIT("PROXY TCP4 ::ffff:192.0.2.1 192.0.2.2 1 2\r\n")},
    {"both families", SPAN_INIT("PROXY TCP6 2001:db8::1 192.0.2.2 1 2\r\n")},
    {"two spaces", SPAN_INIT("PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n")},
    {"two spaces at first", SPAN_INIT("PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n")},
    {"a space at the end", SPAN_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n")},
    {"a tab", SPAN_INIT("PROXY TCP4\t192.0.2.1 192.0.2.2 1 2\r\n")},
    {"a word too many", SPAN_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n")},
    {"a word too few", SPAN_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n")},
    {"no ports", SPAN_INIT("PROXY TCP4 192.0.2.1 192.0.2.2\r\n")},
    {"a family alone", SPAN_INIT("PROXY TCP4\r\n")},
    {"a port with a zero before it", SPAN_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n")},
    {"two zeros as a port", SPAN_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 1 00\r\n")},
    {"a port too large", SPAN_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n")},
    {"a signed port", SPAN_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n")},
    {"an address with a zero before it", SPAN_INIT("PROXY TCP4 192.0.02.1 192.0.2.2 1 2\r\n")},
    {"a name for an address", SPAN_INIT("PROXY TCP4 localhost 192.0.2.2 1 2\r\n")},
    {"a zone", SPAN_INIT("PROXY TCP6 fe80::1%1 2001:db8::2 1 2\r\n")},
    {"a NUL byte", SPAN_INIT("PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n")},
    {"high bytes", SPAN_INIT("PROXY UNKNOWN \xC3\xBC\r\n")},
    {"108 bytes", SPAN_INIT("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
			    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535 \r\n")},
    {"neither version", SPAN_INIT("GET / HTTP/1.1\r\n")},
    {"v2, a bit off", SPAN_INIT("\r\n\r\n\0\r\nQUIT\r\x21\x11\x00\x0C")},
    {"v2, version 1", SPAN_INIT(V2_SIGN "\x11")},
    {"v2, version 3", SPAN_INIT(V2_SIGN "\x31")},
    {"v2, another command", SPAN_INIT(V2_SIGN "\x22")},
    {"v2, too large", SPAN_INIT(V2_SIGN "\x21\x11\x0F\xF1")},
    {"v2, as large as can be", SPAN_INIT(V2_SIGN "\x20\x00\xFF\xFF")},
    {"v2, no room for ipv4",
     SPAN_INIT(V2_SIGN "\x21\x11\x00\x0B\xC0\x00\x02\x01\xC6\x33\x64\x02\xDC\x04\x01")},
    {"v2, ipv6 as long as ipv4",
     SPAN_INIT(V2_SIGN "\x21\x21\x00\x0C\xC0\x00\x02\x01\xC6\x33\x64\x02\xDC\x04\x01\xBB")},
    {"v2, half a TLV",
     SPAN_INIT(V2_SIGN "\x21\x11\x00\x0E\xC0\x00\x02\x01\xC6\x33\x64\x02\xDC\x04\x01\xBB\x04\x00")},
    {"v2, a TLV past the end",
     SPAN_INIT(V2_SIGN
	       "\x21\x11\x00\x10\xC0\x00\x02\x01\xC6\x33\x64\x02\xDC\x04\x01\xBB\x04\x00\x02\xFF")},
};

static bool
is_nothing(const struct proxied *p)
{
	return p->len == 0 && p->client.family == 0 && p->server.family == 0;
}

/* Asks with every beginning of `bytes`; what is decided once must stay. */
static enum verdict
decide(struct span bytes, struct proxied *out)
{
	enum verdict decided = VERDICT_MORE;

	for (size_t n = 0; n <= bytes.len; n++) {
		enum verdict v = proxy_header_parse(span_head(bytes, n), out);

		if (decided != VERDICT_MORE && v != decided)
			fail_msg("%.*s: contradicted with %zu bytes", (int)bytes.len, bytes.p, n);
		if (v == VERDICT_YES)
			assert_int_equal(decided == VERDICT_MORE ? n : out->len, out->len);
		else
			assert_true(is_nothing(out));
		decided = v;
	}
	return decided;
}

static void
a_header_says_who_is_there(void **state)
{
	char text[ADDRESS_TEXT_MAX];
	struct proxied p;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		if (decide(good[i].bytes, &p) != VERDICT_YES)
			fail_msg("%.*s was refused", (int)good[i].bytes.len, good[i].bytes.p);
		assert_int_equal(p.len, good[i].len);
		assert_string_equal(address_text(&p.client, text), good[i].client);
		assert_string_equal(address_text(&p.server, text), good[i].server);
	}
}

static void
a_malformed_header_is_refused(void **state)
{
	struct proxied p;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (decide(bad[i].bytes, &p) != VERDICT_NO)
			fail_msg("%s was not refused", bad[i].what);
}

static void
a_line_without_end_is_refused(void **state)
{
	uint8_t line[200];
	struct proxied p;

	(void)state;
	memset(line, 'x', sizeof line);
	memcpy(line, "PROXY UNKNOWN ", 14);
	assert_int_equal(proxy_header_parse(span_of(line, 106), &p), VERDICT_MORE);
	assert_int_equal(proxy_header_parse(span_of(line, 107), &p), VERDICT_NO);
	assert_int_equal(decide(span_of(line, sizeof line), &p), VERDICT_NO);
}

static void
the_largest_header_is_read(void **state)
{
	uint8_t header[PROXY_HEADER_MAX] = V2_SIGN "\x20\x00\x0F\xF0";
	struct proxied p;

	(void)state;
	assert_int_equal(decide(span_of(header, sizeof header), &p), VERDICT_YES);
	assert_int_equal(p.len, PROXY_HEADER_MAX);
}

/* Where the samples' clients were. */
static bool
is_loopback(const struct address *a)
{
	struct network loopback4, loopback6;

	assert_true(network_parse(SPAN_OF("127.0.0.0/8"), &loopback4));
	assert_true(network_parse(SPAN_OF("::1"), &loopback6));
	return network_has(&loopback4, a) || network_has(&loopback6, a);
}

static void
what_haproxy_sends_is_read(void **state)
{
	struct proxied p;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct span bytes = sample_read(samples[i].name);
		bool local = strcmp(samples[i].name, "proxy-v2-haproxy-check") == 0;

		if (samples[i].protocol != PROTOCOL_PROXY) {
			assert_int_equal(decide(bytes, &p), VERDICT_NO);
		} else {
			assert_int_equal(decide(bytes, &p), VERDICT_YES);
			assert_int_equal(local, !is_loopback(&p.client));
			assert_true(local || (p.client.port > 0 && p.server.port > 0));
			/* The request it relays, or the check it makes. */
			struct span rest = span_tail(bytes, p.len);
			assert_true(span_starts_with(rest, SPAN_OF("GET / ")) ||
				    span_starts_with(rest, SPAN_OF("OPTIONS / ")));
		}
		free((void *)bytes.p);
	}
}

static struct address
address(const char *text)
{
	struct address a = {0};

	if (text[0] != '-')
		assert_true(address_parse(span_str(text), &a));
	return a;
}

static void
what_is_written_reads_back_the_same(void **state)
{
	bool (*const put[])(struct buf *, const struct address *,
			    const struct address *) = {proxy_header_v1, proxy_header_v2};
	static const char *const pairs[][2] = {
	    {"192.0.2.1:56324", "198.51.100.2:443"},
	    {"255.255.255.255:65535", "0.0.0.0:0"},
	    {"[2001:db8::1]:56324", "[2001:db8::2]:443"},
	    {"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
	     "[1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
	    {"[::ffff:192.0.2.1]:1", "192.0.2.2:2"},
	};
	struct proxied p;

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++)
		for (size_t v = 0; v < COUNT(put); v++) {
			struct address client = address(pairs[i][0]), server = address(pairs[i][1]);
			struct buf b = buf_with_cap(PROXY_HEADER_MAX);

			assert_true(put[v](&b, &client, &server));
			assert_int_equal(decide(buf_span(&b), &p), VERDICT_YES);
			assert_int_equal(p.len, buf_len(&b));
			assert_true(address_equal(&p.client, &client));
			assert_true(address_equal(&p.server, &server));
			buf_free(&b);
		}
}

static void
addresses_that_do_not_pair_are_not_told(void **state)
{
	static const char *const pairs[][2] = {
	    {"-", "-"},
	    {"192.0.2.1:1", "-"},
	    {"-", "[2001:db8::1]:1"},
	    {"192.0.2.1:1", "[2001:db8::1]:1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct address client = address(pairs[i][0]), server = address(pairs[i][1]);
		struct buf b = buf_with_cap(64);

		assert_true(proxy_header_v1(&b, &client, &server));
		assert_true(span_equal(buf_span(&b), SPAN_OF("PROXY UNKNOWN\r\n")));
		buf_taken(&b, buf_len(&b));
		assert_true(proxy_header_v2(&b, &client, &server));
		assert_true(span_equal(buf_span(&b), SPAN_OF(V2_SIGN "\x20\x00\x00\x00")));
		buf_free(&b);
	}
}

static void
a_header_that_does_not_fit_is_not_begun(void **state)
{
	struct address client = address("192.0.2.1:1"), server = address("192.0.2.2:2");

	(void)state;
	for (size_t cap = 0; cap < 28; cap++) {
		struct buf b = buf_with_cap(cap);

		assert_false(proxy_header_v2(&b, &client, &server));
		assert_false(proxy_header_v1(&b, &client, &server));
		assert_int_equal(buf_len(&b), 0);
		buf_free(&b);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_header_says_who_is_there),
	    cmocka_unit_test(a_malformed_header_is_refused),
	    cmocka_unit_test(a_line_without_end_is_refused),
	    cmocka_unit_test(the_largest_header_is_read),
	    cmocka_unit_test(what_haproxy_sends_is_read),
	    cmocka_unit_test(what_is_written_reads_back_the_same),
	    cmocka_unit_test(addresses_that_do_not_pair_are_not_told),
	    cmocka_unit_test(a_header_that_does_not_fit_is_not_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
