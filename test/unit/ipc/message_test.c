#include "unit.h"

#include "ipc/message.h"

static const enum message_type types[] = {
    MESSAGE_SNAPSHOT,  MESSAGE_LISTENER, MESSAGE_ROOT,   MESSAGE_ACME_ROOT, MESSAGE_PAIR,
    MESSAGE_ADDRESSES, MESSAGE_SOCKET,   MESSAGE_APPLY,  MESSAGE_APPLIED,   MESSAGE_REFUSED,
    MESSAGE_LOG,       MESSAGE_DRAIN,    MESSAGE_INETD,  MESSAGE_ASK,       MESSAGE_STATUS,
    MESSAGE_RESOLVE,   MESSAGE_RESOLVED, MESSAGE_SERVER, MESSAGE_AUTHORITY, MESSAGE_STATE,
    MESSAGE_CALL,      MESSAGE_RESULT,   MESSAGE_SETUP,  MESSAGE_PEER,      MESSAGE_TUN,
    MESSAGE_FIRST,     MESSAGE_VERDICT,  MESSAGE_HANDED, MESSAGE_CHANGED,   MESSAGE_WAYS,
    MESSAGE_ROUTED,
};
static const enum role roles[] = {ROLE_WARDEN, ROLE_EDGE, ROLE_RESOLVER, ROLE_CONTROL, ROLE_TUNNEL};

/* Every field set to something, so that what a type carries must come back. */
static struct message
full(enum message_type type)
{
	struct message m = {.type = type,
			    .generation = 0x1122334455667788,
			    .index = 3,
			    .member = 4,
			    .worker = 5,
			    .kind = 1,
			    .value = 600000000000,
			    .address_count = MESSAGE_ADDRESSES_MAX,
			    .text = "a text",
			    .fd_count = message_fds(type)};

	for (size_t i = 0; i < MESSAGE_ADDRESSES_MAX; i++)
		m.addresses[i] = address_v4((const uint8_t[]){192, 0, 2, (uint8_t)i}, 443);
	for (size_t i = 0; i < MESSAGE_COUNTERS; i++)
		m.counters[i] = i << 40;
	for (m.byte_count = 0; m.byte_count < sizeof m.bytes; m.byte_count++)
		m.bytes[m.byte_count] = (uint8_t)m.byte_count;
	return m;
}

static bool
may_say(enum role role, enum message_type type)
{
	switch (type) {
	case MESSAGE_APPLIED:
	case MESSAGE_REFUSED:
		return role == ROLE_EDGE || role == ROLE_CONTROL || role == ROLE_TUNNEL;
	case MESSAGE_STATUS: /* warden passes on what edge counts */
		return role == ROLE_EDGE || role == ROLE_WARDEN || role == ROLE_TUNNEL;
	case MESSAGE_ASK:
		return role == ROLE_WARDEN || role == ROLE_CONTROL;
	case MESSAGE_INETD:
	case MESSAGE_SERVER:
	case MESSAGE_FIRST:
	case MESSAGE_HANDED:
		return role == ROLE_EDGE;
	case MESSAGE_RESOLVED:
		return role == ROLE_RESOLVER;
	case MESSAGE_CALL:
		return role == ROLE_CONTROL || role == ROLE_TUNNEL;
	case MESSAGE_RESULT:
		return role == ROLE_WARDEN || role == ROLE_EDGE || role == ROLE_CONTROL ||
		       role == ROLE_TUNNEL;
	case MESSAGE_VERDICT:
	case MESSAGE_WAYS:
		return role == ROLE_TUNNEL;
	case MESSAGE_SETUP:
	case MESSAGE_CHANGED:
		return role == ROLE_CONTROL;
	default:
		return role == ROLE_WARDEN;
	}
}

static enum role
sender_of(enum message_type type)
{
	for (size_t i = 0; i < COUNT(roles); i++)
		if (may_say(roles[i], type))
			return roles[i];
	fail_msg("nobody may say %d", type);
	return ROLE_WARDEN;
}

static void
every_type_comes_back_as_it_was_sent(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct buf first = buf_with_cap(MESSAGE_MAX), second = buf_with_cap(MESSAGE_MAX);
		struct message m = full(types[i]), back;

		assert_true(message_encode(&m, &first));
		assert_true(
		    message_decode(buf_span(&first), sender_of(types[i]), m.fd_count, &back));
		assert_int_equal(back.type, types[i]);
		assert_true(message_encode(&back, &second));
		assert_true(span_equal(buf_span(&first), buf_span(&second)));
		buf_free(&first);
		buf_free(&second);
	}
}

static void
only_its_sender_may_say_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct buf bytes = buf_with_cap(MESSAGE_MAX);
		struct message m = full(types[i]), back;

		assert_true(message_encode(&m, &bytes));
		for (size_t r = 0; r < COUNT(roles); r++)
			assert_int_equal(
			    message_decode(buf_span(&bytes), roles[r], m.fd_count, &back),
			    may_say(roles[r], types[i]));
		buf_free(&bytes);
	}
}

static void
descriptors_must_be_as_many_as_the_type_has(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct buf bytes = buf_with_cap(MESSAGE_MAX);
		struct message m = full(types[i]), back;

		assert_true(message_encode(&m, &bytes));
		for (size_t fds = 0; fds <= MESSAGE_FDS; fds++)
			assert_int_equal(
			    message_decode(buf_span(&bytes), sender_of(types[i]), fds, &back),
			    fds == m.fd_count);
		buf_free(&bytes);
	}
}

static void
a_message_cut_or_continued_is_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct buf bytes = buf_with_cap(MESSAGE_MAX);
		struct message m = full(types[i]), back;

		assert_true(message_encode(&m, &bytes));
		for (size_t n = 0; n < buf_len(&bytes); n++)
			assert_false(message_decode(span_head(buf_span(&bytes), n),
						    sender_of(types[i]), m.fd_count, &back));
		assert_true(buf_byte(&bytes, 0));
		assert_false(
		    message_decode(buf_span(&bytes), sender_of(types[i]), m.fd_count, &back));
		buf_free(&bytes);
	}
}

static void
what_no_type_has_is_refused(void **state)
{
	static const struct {
		const char *what;
		struct span bytes;
	} bad[] = {
	    {"type 0", SPAN_INIT("\0\0\0\0")},
	    {"type 18", SPAN_INIT("\0\0\0\x12")},
	    {"type 2^32-1", SPAN_INIT("\xff\xff\xff\xff")},
	};
	struct message m;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		for (size_t r = 0; r < COUNT(roles); r++)
			if (message_decode(bad[i].bytes, roles[r], 0, &m))
				fail_msg("%s was taken", bad[i].what);
}

/* "resolved" 0, then a count of addresses and what the case says. */
static bool
decodes(struct span after_count, uint16_t count)
{
	struct buf bytes = buf_with_cap(MESSAGE_MAX);
	struct message m;

	assert_true(buf_be32(&bytes, MESSAGE_RESOLVED) && buf_be32(&bytes, 0) &&
		    buf_be16(&bytes, count) && buf_append(&bytes, after_count));
	bool taken = message_decode(buf_span(&bytes), ROLE_RESOLVER, 0, &m);
	buf_free(&bytes);
	return taken;
}

static void
counts_families_and_texts_are_bounded(void **state)
{
	struct buf text = buf_with_cap(2 * MESSAGE_TEXT_MAX);

	(void)state;
	assert_true(decodes(SPAN_OF("\0\0"), 0));
	assert_true(decodes(SPAN_OF("\0\1x"), 0));
	assert_false(decodes(SPAN_OF("\0\2x\0"), 0)); /* a NUL inside a text */
	assert_false(decodes(SPAN_OF("\0\0"), MESSAGE_ADDRESSES_MAX + 1));
	assert_true(decodes(SPAN_OF("\x04"
				    "123456789abcdef0\0\0\0\0"),
			    1));
	assert_false(decodes(SPAN_OF("\x05"
				     "123456789abcdef0\0\0\0\0"),
			     1)); /* family 5 */
	assert_true(buf_be16(&text, MESSAGE_TEXT_MAX));
	for (size_t i = 0; i < MESSAGE_TEXT_MAX; i++)
		assert_true(buf_byte(&text, 'a'));
	assert_false(decodes(buf_span(&text), 0));
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_type_comes_back_as_it_was_sent),
	    cmocka_unit_test(only_its_sender_may_say_it),
	    cmocka_unit_test(descriptors_must_be_as_many_as_the_type_has),
	    cmocka_unit_test(a_message_cut_or_continued_is_none),
	    cmocka_unit_test(what_no_type_has_is_refused),
	    cmocka_unit_test(counts_families_and_texts_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
