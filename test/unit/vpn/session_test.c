#include "tunnelled.h"

/* --- coming up */

static void
a_client_comes_up(void **state)
{
	struct rig *r = opened();

	(void)state;
	assert_false(server_gets_through((rig_start(r), r)));
	rig_exchange(r);
	assert_int_equal(r->asked, 1);
	assert_int_equal(r->ups, 1);
	assert_int_equal(r->overs, 0);
	assert_string_equal(r->name, "anna");
	assert_string_equal(r->password, "secret");
	assert_string_equal(r->common, "anna");
	assert_int_equal(r->device, 7);
	assert_false(r->again);
	assert_true(client_was_told(&r->c, "PUSH_REPLY"));
	assert_int_equal(r->c.peer_id, 3);
	assert_true(r->c.ekm && r->c.dynamic);
	assert_flows(r);
	assert_string_equal(info_of(r).tls, "TLSv1.3");
	assert_string_equal(info_of(r).peer->version, "2.6.14");
	assert_int_equal(info_of(r).bytes_in, 40);
	assert_int_equal(info_of(r).bytes_out, 40);
	assert_int_equal(info_of(r).keys, 1);
	rig_close(r);
}

static void
a_client_whose_reset_was_answered_comes_up(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->start.answered = true;
	r->start.answered_time = (uint32_t)(RIG_WALL / 1000);
	rig_connect(r);
	assert_int_equal(r->ups, 1);
	assert_true(r->c.up);
	assert_flows(r);
	rig_close(r);
}

/* Under the static key: what it says next may be an acknowledgement alone. */
static void
a_client_without_a_wrapped_key_comes_up(void **state)
{
	(void)state;
	for (unsigned acks = 0; acks < 2; acks++) {
		struct rig *r = opened();
		struct control c = {.ack_count = 1};
		struct buf body = buf_with_cap(100);

		r->c.wrapped = SPAN_NONE;
		r->start.device = 0;
		r->start.answered = true;
		r->start.answered_time = (uint32_t)(RIG_WALL / 1000);
		span_put(c.acked, span_of(r->start.server_id, SESSION_ID));
		assert_true(control_write(OP_ACK_V1, &c, &body));
		if (acks > 0)
			client_seal(&r->c, wire_first(OP_ACK_V1, 0), buf_span(&body), SPAN_NONE,
				    rig_wall(r));
		rig_connect(r);
		assert_int_equal(r->ups, 1);
		assert_int_equal(r->device, 0);
		assert_true(r->c.up && r->c.dynamic);
		assert_flows(r);
		buf_free(&body);
		rig_close(r);
	}
}

static void
each_cipher_is_used(void **state)
{
	static const char *const names[AEAD_KINDS] = {"AES-256-GCM", "AES-128-GCM",
						      "CHACHA20-POLY1305"};

	(void)state;
	for (size_t i = 0; i < AEAD_KINDS; i++) {
		struct rig *r = opened();

		r->c.script.ciphers = names[i];
		rig_connect(r);
		assert_int_equal(r->ups, 1);
		assert_int_equal(info_of(r).cipher, i);
		assert_flows(r);
		rig_close(r);
	}
}

static void
the_older_derivation_serves_those_who_have_no_other(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->c.script.proto = IV_DATA_V2 | IV_REQUEST_PUSH;
	rig_connect(r);
	assert_int_equal(r->ups, 1);
	assert_false(r->c.ekm || r->c.dynamic);
	assert_flows(r);
	session_rekey(r->s, r->now, rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->c.now->id, 1);
	assert_flows(r);
	rig_close(r);
}

static void
compression_is_stubbed_or_refused(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->c.script.options = "V4,dev-type tun,comp-lzo,tls-client";
	rig_connect(r);
	assert_int_equal(r->overs, 1);
	assert_true(client_was_told(&r->c, "AUTH_FAILED,compression"));
	rig_close(r);
	r = opened();
	r->c.script.options = "V4,dev-type tun,comp-lzo,tls-client";
	r->c.script.more = "IV_COMP_STUBv2=1\n";
	rig_connect(r);
	assert_int_equal(r->ups, 1);
	assert_true(client_was_told(&r->c, "compress stub-v2"));
	rig_close(r);
}

static void
no_common_cipher_is_told(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->c.script.ciphers = "BF-CBC:AES-256-CBC";
	rig_connect(r);
	assert_int_equal(r->asked, 0);
	assert_int_equal(r->ups, 0);
	assert_true(client_was_told(&r->c, "AUTH_FAILED,no common cipher"));
	assert_int_equal(r->overs, 1);
	assert_int_equal(r->end, END_REFUSED);
	rig_close(r);
}

/* --- sign-in */

static void
nothing_is_told_before_it_is_admitted(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->answer = RIG_WAITS;
	rig_connect(r);
	rig_pass(r, 20000);
	assert_int_equal(r->asked, 1);
	assert_int_equal(r->ups, 0);
	assert_int_equal(buf_len(&r->c.told), 0);
	assert_false(server_gets_through(r));
	session_admit(r->s, &r->terms, r->now, rig_wall(r));
	session_refuse(r->s, "too late", r->now, rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->ups, 1);
	assert_flows(r);
	rig_close(r);
}

/* Its keys are there as soon as the two have shaken hands: that is not enough. */
static void
data_before_it_is_admitted_is_dropped(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->answer = RIG_WAITS;
	rig_connect(r);
	r->c.ekm = true;
	r->c.peer_id = 3;
	client_make_data(&r->c, r->c.now);
	assert_false(client_gets_through(r, r->c.now));
	session_admit(r->s, &r->terms, r->now, rig_wall(r));
	assert_true(client_gets_through(r, r->c.now));
	data_keys_free(r->c.now->data);
	r->c.now->data = NULL;
	rig_close(r);
}

static void
who_must_ask_for_the_terms_gets_them_when_he_does(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->c.script.proto &= ~(uint32_t)IV_REQUEST_PUSH;
	rig_connect(r);
	rig_pass(r, 1000);
	assert_int_equal(r->ups, 0);
	client_say(&r->c, "PUSH_REQUEST", rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->ups, 1);
	assert_flows(r);
	rig_close(r);
}

static void
who_asks_before_he_is_admitted_need_not_ask_again(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->answer = RIG_WAITS;
	r->c.script.proto &= ~(uint32_t)IV_REQUEST_PUSH;
	rig_connect(r);
	client_say(&r->c, "PUSH_REQUEST", rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->ups, 0);
	session_admit(r->s, &r->terms, r->now, rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->ups, 1);
	assert_true(r->c.up);
	rig_close(r);
}

static void
a_repeated_request_is_answered_after_a_while(void **state)
{
	struct rig *r = connected();
	size_t told = buf_len(&r->c.told);

	(void)state;
	client_say(&r->c, "PUSH_REQUEST", rig_wall(r));
	rig_exchange(r);
	rig_pass(r, 29000);
	client_say(&r->c, "PUSH_REQUEST", rig_wall(r));
	rig_exchange(r);
	assert_int_equal(buf_len(&r->c.told), told);
	rig_pass(r, 1000);
	client_say(&r->c, "PUSH_REQUEST\r\n", rig_wall(r));
	rig_exchange(r);
	assert_int_equal(buf_len(&r->c.told), 2 * told);
	assert_int_equal(r->ups, 1);
	rig_close(r);
}

static void
long_terms_go_in_several_messages(void **state)
{
	struct network routes[100] = {0};
	struct rig *r = opened();

	(void)state;
	for (size_t i = 0; i < COUNT(routes); i++)
		routes[i] = network_of(10, (uint8_t)i);
	r->terms.routes = routes;
	r->terms.route_count = COUNT(routes);
	rig_connect(r);
	assert_int_equal(r->ups, 1);
	assert_true(client_was_told(&r->c, "push-continuation 1"));
	assert_flows(r);
	rig_close(r);
}

static void
who_is_refused_is_told_why(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->answer = RIG_REFUSES;
	rig_connect(r);
	assert_true(client_was_told(&r->c, "AUTH_FAILED,no such user"));
	assert_int_equal(r->ups, 0);
	assert_int_equal(r->overs, 1);
	assert_int_equal(r->end, END_REFUSED);
	assert_string_equal(r->why, "no such user");
	assert_false(server_gets_through(r));
	session_admit(r->s, &r->terms, r->now, rig_wall(r));
	session_tick(r->s, r->now + 100000, rig_wall(r));
	assert_int_equal(r->overs, 1);
	assert_int_equal(session_when(r->s), INT64_MAX);
	rig_close(r);
}

static void
who_does_not_hear_it_is_waited_for_no_longer_than_that(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->answer = RIG_WAITS;
	rig_connect(r);
	session_refuse(r->s, "no\x01such\x7fuser", r->now, rig_wall(r));
	r->loss = 100;
	rig_pass(r, 4900);
	assert_int_equal(r->overs, 0);
	rig_pass(r, 100);
	assert_int_equal(r->overs, 1);
	assert_int_equal(r->end, END_REFUSED);
	rig_close(r);
}

static void
what_is_not_printable_in_a_reason_is_not_told(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->answer = RIG_WAITS;
	rig_connect(r);
	session_refuse(r->s, "no\x01such\x7fuser\n", r->now, rig_wall(r));
	rig_exchange(r);
	assert_true(client_was_told(&r->c, "AUTH_FAILED,no?such?user?"));
	rig_close(r);
}

static void
the_owner_may_kill_it_when_he_is_asked(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->answer = RIG_KILLS;
	rig_connect(r);
	assert_int_equal(r->overs, 1);
	assert_int_equal(r->end, END_KILLED);
	assert_int_equal(r->ups, 0);
	rig_close(r);
}

static void
a_name_that_is_too_long_is_no_sign_in(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->c.script.long_name = CREDENTIAL_MAX + 1;
	rig_connect(r);
	assert_int_equal(r->asked, 0);
	assert_int_equal(r->end, END_REFUSED);
	assert_true(client_was_told(&r->c, "AUTH_FAILED,the name or the password is too long"));
	rig_close(r);
}

static void
a_strangers_certificate_is_refused_by_tls(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->c.context = world.clients[RIG_STRANGER];
	rig_connect(r);
	assert_int_equal(r->asked, 0);
	assert_int_equal(r->overs, 1);
	assert_int_equal(r->end, END_HANDSHAKE);
	assert_memory_equal(r->why, "TLS: ", 5);
	assert_int_equal(r->c.now->state, ENGINE_FAILED);
	rig_close(r);
}

static void
what_is_no_key_method_ends_it(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->c.script.mute = true;
	rig_connect(r);
	assert_int_equal(r->c.now->state, ENGINE_OPEN);
	client_write(&r->c, SPAN_OF("\0\0\0\0\1 nothing of that kind"), rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->asked, 0);
	assert_int_equal(r->overs, 1);
	assert_int_equal(r->end, END_HANDSHAKE);
	rig_close(r);
}

static void
what_is_no_message_is_ignored(void **state)
{
	struct rig *r = connected();
	size_t told = buf_len(&r->c.told);

	(void)state;
	client_say(&r->c, "", rig_wall(r));
	client_say(&r->c, "\r\n", rig_wall(r));
	client_say(&r->c, "EXIT\x01", rig_wall(r));
	client_say(&r->c, "EXITS", rig_wall(r));
	client_say(&r->c, "exit", rig_wall(r));
	client_say(&r->c, "INFO,%s%n", rig_wall(r));
	client_say(&r->c, "CR_RESPONSE,AAAA", rig_wall(r));
	rig_exchange(r);
	rig_pass(r, 3000);
	assert_int_equal(r->overs, 0);
	assert_int_equal(buf_len(&r->c.told), told);
	assert_flows(r);
	rig_close(r);
}

static void
a_message_without_an_end_is_not_kept(void **state)
{
	struct rig *r = connected();
	uint8_t text[1024];

	(void)state;
	memset(text, 'a', sizeof text);
	client_write(&r->c, span_of(text, sizeof text), rig_wall(r));
	client_write(&r->c, span_of(text, sizeof text), rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->overs, 0);
	client_write(&r->c, SPAN_OF("a"), rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->overs, 1);
	rig_close(r);
}

/* --- the end */

static void
over_tcp_who_leaves_is_gone(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->start.stream = true;
	rig_connect(r);
	client_say(&r->c, "EXIT", rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->overs, 1);
	assert_int_equal(r->end, END_LEFT);
	rig_close(r);
}

static void
over_udp_what_he_repeats_meets_nobody(void **state)
{
	struct rig *r = connected();

	(void)state;
	assert_null(session_ending(r->s));
	client_say(&r->c, "EXIT", rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->overs, 0);
	assert_string_equal(session_ending(r->s), "the client left");
	assert_false(server_gets_through(r));
	assert_false(client_gets_through(r, r->c.now));
	unsigned sent = r->to_client.sent;
	for (unsigned i = 0; i < 49; i++) {
		client_packet(&r->c, r->c.now, OP_RESET_CLIENT_V3, 0, SPAN_NONE, rig_wall(r));
		rig_pass(r, 100);
	}
	assert_int_equal(r->overs, 0);
	rig_pass(r, 100);
	assert_int_equal(r->to_client.sent, sent);
	assert_int_equal(r->overs, 1);
	assert_int_equal(r->end, END_LEFT);
	rig_close(r);
}

static void
older_clients_leave_by_a_data_packet(void **state)
{
	static const uint8_t bye[] = {0x28, 0x7f, 0x34, 0x6b, 0xd4, 0xef, 0x7a, 0x81, 0x2d,
				      0x56, 0xb8, 0xd3, 0xaf, 0xc5, 0x45, 0x9c, 0x06};
	struct rig *r = connected();
	uint8_t packet[DATA_HEAD + sizeof bye];

	(void)state;
	memcpy(packet + DATA_HEAD, bye, sizeof bye);
	client_send_data(&r->c, r->c.now, packet + DATA_HEAD, sizeof bye);
	rig_exchange(r);
	assert_false(server_gets_through(r));
	rig_pass(r, 5000);
	assert_int_equal(r->overs, 1);
	assert_int_equal(r->end, END_LEFT);
	rig_close(r);
}

static void
who_is_killed_is_told_and_has_no_data_left(void **state)
{
	(void)state;
	for (unsigned restart = 0; restart < 2; restart++) {
		struct rig *r = connected();

		session_kill(r->s, restart, "the device was revoked", r->now, rig_wall(r));
		assert_false(server_gets_through(r));
		assert_false(client_gets_through(r, r->c.now));
		rig_exchange(r);
		assert_true(client_was_told(&r->c, restart ? "RESTART,the device was revoked"
							   : "HALT,the device was revoked"));
		assert_int_equal(r->overs, 1);
		assert_int_equal(r->end, END_KILLED);
		assert_string_equal(r->why, "the device was revoked");
		rig_close(r);
	}
}

static void
the_client_cannot_put_off_its_end(void **state)
{
	struct rig *r = connected();

	(void)state;
	session_kill(r->s, false, "revoked", r->now, rig_wall(r));
	r->to_client.count = 0;
	for (unsigned i = 0; i < 50 && r->overs == 0; i++) {
		r->to_client.count = 0;
		client_say(&r->c, i % 2 ? "EXIT" : "PUSH_REQUEST", rig_wall(r));
		client_packet(&r->c, r->c.now, OP_RESET_CLIENT_V3, 0, SPAN_NONE, rig_wall(r));
		struct rig_packet p;
		while (rig_get(&r->to_server, &p))
			rig_server_takes(r, &p);
		session_kill(r->s, true, "again", r->now, rig_wall(r));
		r->now += 100;
		session_tick(r->s, r->now, rig_wall(r));
	}
	assert_int_equal(r->overs, 1);
	assert_int_equal(r->now, 5000);
	assert_int_equal(r->end, END_KILLED);
	assert_string_equal(r->why, "revoked");
	rig_close(r);
}

static void
who_is_killed_before_he_knows_us_is_gone_at_once(void **state)
{
	struct rig *r = opened();

	(void)state;
	rig_start(r);
	session_kill(r->s, true, "stopping", r->now, rig_wall(r));
	assert_int_equal(r->overs, 1);
	assert_int_equal(r->to_client.sent, 0);
	rig_exchange(r);
	rig_close(r);
}

/* --- the clock */

static void
a_handshake_has_its_time(void **state)
{
	(void)state;
	for (unsigned stage = 0; stage < 4; stage++) {
		struct rig *r = opened();

		r->c.script.mute = stage == 1;
		r->answer = stage == 2 ? RIG_WAITS : RIG_ADMITS;
		if (stage == 3)
			r->c.script.proto &= ~(uint32_t)IV_REQUEST_PUSH;
		rig_start(r);
		if (stage > 0)
			rig_exchange(r);
		else
			r->to_server.count = 0;
		r->loss = stage == 0 ? 100 : 0;
		rig_pass(r, 59900);
		assert_int_equal(r->overs, 0);
		rig_pass(r, 200);
		assert_int_equal(r->overs, 1);
		assert_int_equal(r->end, END_HANDSHAKE);
		rig_close(r);
	}
}

static void
a_session_without_a_packet_says_nothing(void **state)
{
	struct rig *r = opened();

	(void)state;
	rig_start(r);
	r->loss = 100;
	rig_pass(r, 30000);
	assert_int_equal(r->to_client.sent, 0);
	rig_close(r);
}

static void
silence_is_the_end(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->settings.silence_ms = 240000;
	rig_connect(r);
	rig_pass(r, 200000);
	assert_flows(r);
	r->loss = 100;
	rig_pass(r, 239900);
	assert_int_equal(r->overs, 0);
	rig_pass(r, 200);
	assert_int_equal(r->overs, 1);
	assert_int_equal(r->end, END_SILENT);
	rig_close(r);
}

static void
a_silent_line_carries_keep_alives(void **state)
{
	struct rig *r = opened();
	uint8_t packet[DATA_HEAD + sizeof data_ping];

	(void)state;
	r->settings.ping_ms = 10000;
	rig_connect(r);
	rig_pass(r, 9900);
	assert_int_equal(r->c.datas, 0);
	rig_pass(r, 200);
	assert_int_equal(r->c.datas, 1);
	rig_pass(r, 5000);
	assert_true(server_gets_through(r));
	rig_pass(r, 9900);
	assert_int_equal(r->c.datas, 2);
	rig_pass(r, 200);
	assert_int_equal(r->c.datas, 3);
	/* Theirs are not for the tunnel. */
	memcpy(packet + DATA_HEAD, data_ping, sizeof data_ping);
	assert_true(data_seal(r->c.now->data, 3, packet + DATA_HEAD, sizeof data_ping));
	struct span inner;
	assert_true(session_open(r->s, packet, sizeof packet, r->now, &inner));
	assert_int_equal(inner.len, 0);
	assert_int_equal(info_of(r).bytes_in, 0);
	rig_close(r);
}

static void
data_comes_in_once(void **state)
{
	struct rig *r = connected();
	uint8_t packet[DATA_HEAD + 40] = {0}, copy[sizeof packet];
	struct span inner;

	(void)state;
	assert_true(data_seal(r->c.now->data, 3, packet + DATA_HEAD, 40));
	for (size_t bit = 0; bit < 8 * sizeof packet; bit++) {
		memcpy(copy, packet, sizeof copy);
		copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		assert_false(session_open(r->s, copy, sizeof copy, r->now, &inner));
	}
	for (size_t n = 0; n < sizeof packet; n++) {
		memcpy(copy, packet, sizeof copy);
		assert_false(session_open(r->s, copy, n, r->now, &inner));
	}
	memcpy(copy, packet, sizeof copy);
	assert_true(session_open(r->s, copy, sizeof copy, r->now, &inner));
	assert_false(session_open(r->s, packet, sizeof packet, r->now, &inner));
	rig_close(r);
}

/* --- the network */

static void
it_comes_up_through_a_bad_network(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		struct rig *r = opened();

		r->start.answered = i % 2 == 0;
		r->luck = i;
		r->loss = i % 3 * 20;
		r->swaps = r->repeats = 20;
		r->settings.hand_window_ms = 600000;
		rig_start(r);
		rig_pass(r, 300000);
		assert_int_equal(r->overs, 0);
		assert_int_equal(r->ups, 1);
		assert_true(r->c.up);
		client_rekey(&r->c, rig_wall(r));
		rig_pass(r, 300000);
		assert_int_equal(r->asked, 2);
		assert_int_equal(r->c.now->id, 1);
		r->loss = r->swaps = r->repeats = 0;
		assert_flows(r);
		rig_close(r);
	}
}

static void
no_control_packet_is_longer_than_a_path_takes(void **state)
{
	struct network routes[100] = {0};
	struct rig *r = opened();
	struct rig_packet p;
	size_t longest = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(routes); i++)
		routes[i] = network_of(10, (uint8_t)i);
	r->terms.routes = routes;
	r->terms.route_count = COUNT(routes);
	rig_start(r);
	for (unsigned i = 0; i < 1000; i++) {
		if (rig_get(&r->to_server, &p))
			rig_server_takes(r, &p);
		if (rig_get(&r->to_client, &p)) {
			longest = p.len > longest ? p.len : longest;
			(void)client_receive(&r->c, p.bytes, p.len, rig_wall(r));
		}
	}
	assert_true(r->c.up);
	assert_in_range(longest, 1000, 1200);
	rig_close(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_client_comes_up),
	    cmocka_unit_test(a_client_whose_reset_was_answered_comes_up),
	    cmocka_unit_test(a_client_without_a_wrapped_key_comes_up),
	    cmocka_unit_test(each_cipher_is_used),
	    cmocka_unit_test(the_older_derivation_serves_those_who_have_no_other),
	    cmocka_unit_test(compression_is_stubbed_or_refused),
	    cmocka_unit_test(no_common_cipher_is_told),
	    cmocka_unit_test(nothing_is_told_before_it_is_admitted),
	    cmocka_unit_test(data_before_it_is_admitted_is_dropped),
	    cmocka_unit_test(who_must_ask_for_the_terms_gets_them_when_he_does),
	    cmocka_unit_test(who_asks_before_he_is_admitted_need_not_ask_again),
	    cmocka_unit_test(a_repeated_request_is_answered_after_a_while),
	    cmocka_unit_test(long_terms_go_in_several_messages),
	    cmocka_unit_test(who_is_refused_is_told_why),
	    cmocka_unit_test(who_does_not_hear_it_is_waited_for_no_longer_than_that),
	    cmocka_unit_test(what_is_not_printable_in_a_reason_is_not_told),
	    cmocka_unit_test(the_owner_may_kill_it_when_he_is_asked),
	    cmocka_unit_test(a_name_that_is_too_long_is_no_sign_in),
	    cmocka_unit_test(a_strangers_certificate_is_refused_by_tls),
	    cmocka_unit_test(what_is_no_key_method_ends_it),
	    cmocka_unit_test(what_is_no_message_is_ignored),
	    cmocka_unit_test(a_message_without_an_end_is_not_kept),
	    cmocka_unit_test(over_tcp_who_leaves_is_gone),
	    cmocka_unit_test(over_udp_what_he_repeats_meets_nobody),
	    cmocka_unit_test(older_clients_leave_by_a_data_packet),
	    cmocka_unit_test(who_is_killed_is_told_and_has_no_data_left),
	    cmocka_unit_test(the_client_cannot_put_off_its_end),
	    cmocka_unit_test(who_is_killed_before_he_knows_us_is_gone_at_once),
	    cmocka_unit_test(a_handshake_has_its_time),
	    cmocka_unit_test(a_session_without_a_packet_says_nothing),
	    cmocka_unit_test(silence_is_the_end),
	    cmocka_unit_test(a_silent_line_carries_keep_alives),
	    cmocka_unit_test(data_comes_in_once),
	    cmocka_unit_test(it_comes_up_through_a_bad_network),
	    cmocka_unit_test(no_control_packet_is_longer_than_a_path_takes),
	};

	return cmocka_run_group_tests(tests, make_world, end_world);
}
