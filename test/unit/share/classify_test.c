#include "unit.h"

#include "share/samples.h"

#define ALL                                                                                        \
	(PROTOCOL_BIT(PROTOCOL_TLS) | PROTOCOL_BIT(PROTOCOL_OPENVPN) |                             \
	 PROTOCOL_BIT(PROTOCOL_SSH) | PROTOCOL_BIT(PROTOCOL_HTTP2) |                               \
	 PROTOCOL_BIT(PROTOCOL_HTTP1) | PROTOCOL_BIT(PROTOCOL_PROXY))

/* Nothing of ours, and what each looks like at first. */
static const struct {
	const char *name;
	struct span bytes;
} strangers[] = {
    {"socks 4 to port 80", SPAN_INIT("\x04\x01\x00\x50\xC0\x00\x02\x01user\0")},
    {"socks 4 bind", SPAN_INIT("\x04\x02\x00\x50")},
    {"socks 5", SPAN_INIT("\x05\x01\x00")},
    {"socks 5, with password", SPAN_INIT("\x05\x02\x00\x02")},
    {"rdp",
     SPAN_INIT("\x03\x00\x00\x13\x0E\xE0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00")},
    {"ssl 2", SPAN_INIT("\x80\x2E\x01\x00\x02\x00\x15\x00\x00\x00\x10")},
    {"ssl 2, padded", SPAN_INIT("\x00\x2E\x05\x01")},
    {"postgresql asks for tls", SPAN_INIT("\x00\x00\x00\x08\x04\xD2\x16\x2F")},
    {"smb", SPAN_INIT("\x00\x00\x00\x85\xFFSMB")},
    {"dns over tcp", SPAN_INIT("\x00\x1D\x12\x34\x01\x00\x00\x01")},
    {"stun", SPAN_INIT("\x00\x01\x00\x00\x21\x12\xA4\x42")},
    {"bittorrent", SPAN_INIT("\x13"
			     "BitTorrent protocol")},
    {"mqtt", SPAN_INIT("\x10\x16\x00\x04MQTT")},
    {"lower case", SPAN_INIT("get / http/1.1\r\n")},
    {"mixed case", SPAN_INIT("Get / HTTP/1.1\r\n")},
    {"a method after an empty line", SPAN_INIT("\r\nGET / HTTP/1.1\r\n")},
    {"a method without a space", SPAN_INIT("GET\r\n")},
    {"a method and a tab", SPAN_INIT("GET\t/")},
    {"a space at first", SPAN_INIT(" GET /")},
    {"a dash at first", SPAN_INIT("-GET /")},
    {"a method too long", SPAN_INIT("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG ")},
    {"smtp", SPAN_INIT("EHLO\r\n")},
    {"ssh in lower case", SPAN_INIT("ssh-2.0-x")},
    {"ssh without its dash", SPAN_INIT("SSH.")},
    {"nul bytes", SPAN_INIT("\0\0\0\0\0\0\0\0")},
    {"one nul byte and a line", SPAN_INIT("\0\r\n")},
    {"high bytes", SPAN_INIT("\xFF\xFF\xFF\xFF\xFF\xFF")},
    {"two empty lines", SPAN_INIT("\r\n\r\n\r\n")},
    {"proxy v2, a bit off", SPAN_INIT("\r\n\r\n\0\r\nQUIT\r")},
    {"a tls alert", SPAN_INIT("\x15\x03\x01\x00\x02\x01\x00")},
    {"tls application data", SPAN_INIT("\x17\x03\x03\x00\x20\x01")},
    {"tls 0x0205", SPAN_INIT("\x16\x02\x05\x00\x20\x01")},
    {"tls 0x0305", SPAN_INIT("\x16\x03\x05\x00\x20\x01")},
    {"an empty tls record", SPAN_INIT("\x16\x03\x01\x00\x00\x01")},
    {"a tls record too long", SPAN_INIT("\x16\x03\x01\x41\x01\x01")},
    {"a server hello", SPAN_INIT("\x16\x03\x03\x00\x7A\x02")},
    {"a hello request", SPAN_INIT("\x16\x03\x03\x00\x04\x00")},
    {"dtls", SPAN_INIT("\x16\xFE\xFD\x00\x00\x00")},
    {"openvpn's answer", SPAN_INIT("\x00\x1A\x40")},
    {"openvpn, a control packet", SPAN_INIT("\x00\x1A\x20")},
    {"openvpn, key 1", SPAN_INIT("\x00\x0E\x39")},
    {"openvpn, the first method of keys", SPAN_INIT("\x00\x0E\x08")},
};

/* Asks with every beginning of `bytes`; what is decided once must stay. Gives the length it took.
 */
static size_t
decide(const char *name, struct span bytes, unsigned among, enum verdict *decided,
       enum protocol *protocol)
{
	size_t took = bytes.len + 1;

	*decided = VERDICT_MORE;
	*protocol = PROTOCOL_NONE;
	for (size_t n = 0; n <= bytes.len; n++) {
		enum protocol found = PROTOCOL_NONE;
		enum verdict v = classify(span_head(bytes, n), among, false, &found);

		if (*decided != VERDICT_MORE && (v != *decided || found != *protocol))
			fail_msg("%s among %#x: decided with %zu bytes, contradicted with %zu",
				 name, among, took, n);
		if (*decided == VERDICT_MORE && v != VERDICT_MORE)
			took = n;
		*decided = v;
		*protocol = found;
	}
	return took;
}

static void
each_sample_is_told_with_as_few_bytes_as_it_takes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct span bytes = sample_read(samples[i].name);
		enum protocol protocol;
		enum verdict v;
		size_t took = decide(samples[i].name, bytes, ALL, &v, &protocol);

		if (v != VERDICT_YES || protocol != samples[i].protocol)
			fail_msg("%s is taken for %s", samples[i].name, protocol_name(protocol));
		if (took != samples[i].enough)
			fail_msg("%s took %zu bytes", samples[i].name, took);
		free((void *)bytes.p);
	}
}

static void
strangers_are_told_as_such(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(strangers); i++) {
		enum protocol protocol;
		enum verdict v;

		decide(strangers[i].name, strangers[i].bytes, ALL, &v, &protocol);
		if (v != VERDICT_NO)
			fail_msg("%s is taken for %s", strangers[i].name, protocol_name(protocol));
	}
}

/* Whatever way the bytes are cut, and whatever is asked for. */
static void
every_split_gives_the_same_verdict(void **state)
{
	enum protocol protocol;
	enum verdict v;

	(void)state;
	for (unsigned among = 0; among <= ALL; among++) {
		for (size_t i = 0; i < COUNT(samples); i++) {
			struct span bytes = sample_read(samples[i].name);

			decide(samples[i].name, span_head(bytes, 64), among, &v, &protocol);
			free((void *)bytes.p);
		}
		for (size_t i = 0; i < COUNT(strangers); i++)
			decide(strangers[i].name, strangers[i].bytes, among, &v, &protocol);
	}
}

static void
only_what_is_asked_for_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		unsigned own = PROTOCOL_BIT(samples[i].protocol);
		struct span bytes = sample_read(samples[i].name);
		enum protocol protocol;
		enum verdict v;

		decide(samples[i].name, bytes, own, &v, &protocol);
		assert_int_equal(v, VERDICT_YES);
		decide(samples[i].name, bytes, ALL & ~own, &v, &protocol);
		assert_int_not_equal(protocol, samples[i].protocol);
		assert_int_equal(classify(bytes, 0, false, &protocol), VERDICT_NO);
		free((void *)bytes.p);
	}
}

/* A method is all of HTTP/1 that is looked at, so what others say in letters is one too. */
static void
what_begins_like_a_method_is_http_where_nothing_else_was_asked_for(void **state)
{
	unsigned among = PROTOCOL_BIT(PROTOCOL_HTTP1) | PROTOCOL_BIT(PROTOCOL_TLS);
	enum protocol protocol;

	(void)state;
	assert_int_equal(classify(SPAN_OF("PRI * HTTP/2.0\r\n"), among, false, &protocol),
			 VERDICT_YES);
	assert_int_equal(protocol, PROTOCOL_HTTP1);
	assert_int_equal(classify(SPAN_OF("PROXY TCP4 1"), among, false, &protocol), VERDICT_YES);
	assert_int_equal(protocol, PROTOCOL_HTTP1);
	assert_int_equal(classify(SPAN_OF("SSH-"), among, false, &protocol), VERDICT_MORE);
	assert_int_equal(classify(SPAN_OF("SSH-2"), among, false, &protocol), VERDICT_NO);
	assert_int_equal(classify(SPAN_OF("PRI * HTTP/1.1\r\n"), ALL, false, &protocol),
			 VERDICT_YES);
	assert_int_equal(protocol, PROTOCOL_HTTP1);
	assert_int_equal(classify(SPAN_OF("PROXYING /"), ALL, false, &protocol), VERDICT_YES);
	assert_int_equal(protocol, PROTOCOL_HTTP1);
}

static void
when_no_more_comes_there_is_always_a_verdict(void **state)
{
	enum protocol protocol;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct span bytes = sample_read(samples[i].name);

		for (size_t n = 0; n <= bytes.len; n++) {
			enum verdict v = classify(span_head(bytes, n), ALL, true, &protocol);

			assert_int_not_equal(v, VERDICT_MORE);
			assert_true(n < samples[i].enough || v == VERDICT_YES);
		}
		free((void *)bytes.p);
	}
	assert_int_equal(classify(SPAN_NONE, ALL, true, &protocol), VERDICT_NO);
	assert_int_equal(classify(SPAN_NONE, ALL, false, &protocol), VERDICT_MORE);
	/* Not HTTP/2 any more, but still a method. */
	assert_int_equal(classify(SPAN_OF("PRI * HTTP/2.0\r\n"), ALL, true, &protocol),
			 VERDICT_YES);
	assert_int_equal(protocol, PROTOCOL_HTTP1);
}

static void
the_protocol_is_set_on_yes_only(void **state)
{
	enum protocol protocol = PROTOCOL_SSH;

	(void)state;
	assert_int_equal(classify(SPAN_OF("G"), ALL, false, &protocol), VERDICT_MORE);
	assert_int_equal(classify(SPAN_OF("\xFF"), ALL, false, &protocol), VERDICT_NO);
	assert_int_equal(protocol, PROTOCOL_SSH);
}

/* The bounds are of what a client can send; the shortest and the longest are in no sample. */
static void
openvpn_has_lengths_that_its_first_packet_can_have(void **state)
{
	enum protocol protocol;

	(void)state;
	for (unsigned len = 0; len <= UINT16_MAX; len++) {
		uint8_t bytes[] = {(uint8_t)(len >> 8), (uint8_t)len, 0x38};
		bool v2 = len >= 14 && len <= 255, v3 = len >= 344 && len <= 1078;
		unsigned among = PROTOCOL_BIT(PROTOCOL_OPENVPN);

		assert_int_equal(classify(span_of(bytes, 2), among, false, &protocol),
				 v2 || v3 ? VERDICT_MORE : VERDICT_NO);
		assert_int_equal(classify(span_of(bytes, 3), among, false, &protocol),
				 v2 ? VERDICT_YES : VERDICT_NO);
		bytes[2] = 0x50;
		assert_int_equal(classify(span_of(bytes, 3), among, false, &protocol),
				 v3 ? VERDICT_YES : VERDICT_NO);
		bytes[2] = 0x58;
		assert_int_equal(classify(span_of(bytes, 3), among, false, &protocol), VERDICT_NO);
	}
}

/* SOCKS 4 to a port from 20480 to 20735: the one collision there is, and nobody's port. */
static void
three_bytes_of_socks_4_can_be_openvpn(void **state)
{
	enum protocol protocol;

	(void)state;
	assert_int_equal(classify(SPAN_OF("\x04\x01\x50"), ALL, false, &protocol), VERDICT_YES);
	assert_int_equal(protocol, PROTOCOL_OPENVPN);
}

static void
a_method_has_thirty_two_letters_at_most(void **state)
{
	enum protocol protocol;

	(void)state;
	assert_int_equal(
	    classify(SPAN_OF("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF "), ALL, false, &protocol),
	    VERDICT_YES);
	assert_int_equal(
	    classify(SPAN_OF("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF"), ALL, false, &protocol),
	    VERDICT_MORE);
	assert_int_equal(
	    classify(SPAN_OF("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG"), ALL, false, &protocol),
	    VERDICT_NO);
}

static void
every_protocol_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (unsigned a = PROTOCOL_NONE; a <= PROTOCOL_PROXY; a++)
		for (unsigned b = PROTOCOL_NONE; b < a; b++)
			assert_string_not_equal(protocol_name(a), protocol_name(b));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_sample_is_told_with_as_few_bytes_as_it_takes),
	    cmocka_unit_test(strangers_are_told_as_such),
	    cmocka_unit_test(every_split_gives_the_same_verdict),
	    cmocka_unit_test(only_what_is_asked_for_is_found),
	    cmocka_unit_test(what_begins_like_a_method_is_http_where_nothing_else_was_asked_for),
	    cmocka_unit_test(when_no_more_comes_there_is_always_a_verdict),
	    cmocka_unit_test(the_protocol_is_set_on_yes_only),
	    cmocka_unit_test(openvpn_has_lengths_that_its_first_packet_can_have),
	    cmocka_unit_test(three_bytes_of_socks_4_can_be_openvpn),
	    cmocka_unit_test(a_method_has_thirty_two_letters_at_most),
	    cmocka_unit_test(every_protocol_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
