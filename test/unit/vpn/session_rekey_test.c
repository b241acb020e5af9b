#include "tunnelled.h"

#include "vpn/keys_inner.h"
#include "vpn/session_inner.h"

static void
the_client_makes_another_key(void **state)
{
	struct rig *r = connected();
	struct client_key *old = r->c.now;

	(void)state;
	client_rekey(&r->c, rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->asked, 2);
	assert_true(r->again);
	assert_int_equal(r->ups, 1);
	assert_int_equal(r->c.now->id, 1);
	assert_flows(r);
	assert_ptr_equal(r->c.old, old);
	assert_true(client_gets_through(r, old));
	assert_int_equal(info_of(r).keys, 2);
	rig_close(r);
}

static void
the_server_makes_another_key(void **state)
{
	struct rig *r = connected();

	(void)state;
	assert_false(session_renews(r->s));
	session_rekey(r->s, r->now, rig_wall(r));
	session_rekey(r->s, r->now, rig_wall(r));
	assert_true(session_renews(r->s));
	rig_exchange(r);
	assert_false(session_renews(r->s));
	assert_int_equal(r->asked, 2);
	assert_int_equal(r->c.now->id, 1);
	assert_flows(r);
	rig_close(r);
}

static void
both_may_begin_at_once(void **state)
{
	struct rig *r = connected();

	(void)state;
	client_rekey(&r->c, rig_wall(r));
	session_rekey(r->s, r->now, rig_wall(r));
	rig_exchange(r);
	rig_pass(r, 3000);
	assert_int_equal(r->asked, 2);
	assert_int_equal(r->c.now->id, 1);
	assert_flows(r);
	rig_close(r);
}

static void
a_new_token_is_told_alone(void **state)
{
	struct rig *r = opened();
	size_t told;

	(void)state;
	r->terms.token = "first";
	rig_connect(r);
	assert_true(client_was_told(&r->c, ",auth-token first"));
	told = buf_len(&r->c.told);
	r->terms.token = "second";
	client_rekey(&r->c, rig_wall(r));
	rig_exchange(r);
	assert_int_equal(buf_len(&r->c.told), told + sizeof "PUSH_REPLY,auth-token second");
	assert_true(client_was_told(&r->c, "PUSH_REPLY,auth-token second"));
	told = buf_len(&r->c.told);
	r->terms.token = NULL;
	client_rekey(&r->c, rig_wall(r));
	rig_exchange(r);
	assert_int_equal(buf_len(&r->c.told), told);
	assert_flows(r);
	rig_close(r);
}

/* Whether or not the clock makes keys, and whatever else there is to wait for. */
static void
a_worn_key_makes_another(void **state)
{
	struct rig *r = connected();

	(void)state;
	rig_pass(r, 60000);
	assert_int_equal(info_of(r).keys, 1);
	r->s->now->data->out.used = r->s->now->data->most - 1;
	rig_pass(r, 31000);
	assert_int_equal(info_of(r).keys, 2);
	assert_int_equal(r->c.now->id, 1);
	assert_flows(r);
	rig_close(r);
}

static void
a_key_that_is_used_up_seals_nothing(void **state)
{
	struct rig *r = connected();

	(void)state;
	r->s->now->data->out.number = NUMBER_MAX;
	assert_false(server_gets_through(r));
	rig_close(r);
}

static void
key_ids_go_round_without_the_first(void **state)
{
	struct rig *r = connected();

	(void)state;
	for (unsigned i = 1; i <= 16; i++) {
		if (i % 2 == 0)
			session_rekey(r->s, r->now, rig_wall(r));
		else
			client_rekey(&r->c, rig_wall(r));
		rig_exchange(r);
		rig_pass(r, 1000);
		assert_int_equal(r->c.now->id, (i - 1) % 7 + 1);
		assert_flows(r);
		assert_true(client_gets_through(r, r->c.old));
	}
	assert_int_equal(r->asked, 17);
	assert_int_equal(r->ups, 1);
	rig_close(r);
}

/* Its TLS is most of what a client takes. */
static void
the_key_before_is_soon_one_of_data_alone(void **state)
{
	struct rig *r = connected();

	(void)state;
	client_rekey(&r->c, rig_wall(r));
	rig_exchange(r);
	rig_pass(r, 59000);
	assert_non_null(r->s->old->tls);
	rig_pass(r, 2000);
	assert_null(r->s->old->tls);
	assert_null(r->s->old->delivery);
	assert_true(client_gets_through(r, r->c.old));
	assert_flows(r);
	client_rekey(&r->c, rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->c.now->id, 2);
	assert_flows(r);
	rig_close(r);
}

static void
a_silent_key_hears_nothing(void **state)
{
	struct rig *r = connected();

	(void)state;
	client_rekey(&r->c, rig_wall(r));
	rig_exchange(r);
	rig_pass(r, 61000);
	if (!engine_write(r->c.old->tls, SPAN_OF("EXIT\0")))
		fail();
	rig_exchange(r);
	rig_pass(r, 20000);
	assert_int_equal(r->overs, 0);
	assert_flows(r);
	rig_close(r);
}

static void
the_clock_makes_keys_and_forgets_them(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->settings.rekey_ms = 60000;
	r->settings.transition_ms = 30000;
	rig_connect(r);
	rig_pass(r, 59900);
	assert_int_equal(r->c.now->id, 0);
	rig_pass(r, 200);
	assert_int_equal(r->c.now->id, 1);
	assert_true(client_gets_through(r, r->c.old));
	rig_pass(r, 29000);
	assert_true(client_gets_through(r, r->c.old));
	rig_pass(r, 2000);
	assert_false(client_gets_through(r, r->c.old));
	assert_flows(r);
	rig_close(r);
}

/* The client takes its new key into use before it has told us that it has heard all. */
static void
data_by_the_new_key_is_word_that_the_client_has_it(void **state)
{
	struct rig *r = connected();
	struct rig_packet p;

	(void)state;
	r->answer = RIG_WAITS;
	client_rekey(&r->c, rig_wall(r));
	rig_exchange(r);
	session_admit(r->s, &r->terms, r->now, rig_wall(r));
	while (rig_get(&r->to_client, &p))
		(void)client_receive(&r->c, p.bytes, p.len, rig_wall(r));
	while (rig_get(&r->to_server, &p))
		;
	assert_int_equal(r->c.now->id, 1);
	assert_true(client_gets_through(r, r->c.now));
	assert_true(server_gets_through(r));
	rig_close(r);
}

/* Else it would seal by a key that we cannot open with yet. */
static void
the_client_has_its_new_key_only_once_it_is_admitted(void **state)
{
	struct rig *r = connected();

	(void)state;
	r->answer = RIG_WAITS;
	session_rekey(r->s, r->now, rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->asked, 2);
	for (unsigned i = 0; i < 100; i++) {
		rig_pass(r, 100);
		assert_int_equal(r->c.now->id, 0);
		assert_flows(r);
	}
	r->terms.token = "new";
	session_admit(r->s, &r->terms, r->now, rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->c.now->id, 1);
	assert_true(client_was_told(&r->c, "PUSH_REPLY,auth-token new"));
	assert_flows(r);
	rig_close(r);
}

static void
who_is_refused_late_at_a_rekey_is_told_why(void **state)
{
	struct rig *r = connected();

	(void)state;
	r->answer = RIG_WAITS;
	client_rekey(&r->c, rig_wall(r));
	rig_exchange(r);
	rig_pass(r, 2000);
	session_refuse(r->s, "no such user", r->now, rig_wall(r));
	rig_exchange(r);
	assert_true(client_was_told(&r->c, "AUTH_FAILED,no such user"));
	assert_int_equal(r->end, END_REFUSED);
	rig_close(r);
}

static void
our_data_stays_with_the_old_key_until_the_client_has_the_new(void **state)
{
	struct rig *r = connected();

	(void)state;
	session_rekey(r->s, r->now, rig_wall(r));
	/* Nothing of the client's arrives once it has said who it is. */
	for (unsigned i = 0; i < 1000 && r->asked < 2; i++) {
		struct rig_packet p;

		if (rig_get(&r->to_server, &p))
			rig_server_takes(r, &p);
		else if (rig_get(&r->to_client, &p))
			(void)client_receive(&r->c, p.bytes, p.len, rig_wall(r));
	}
	assert_int_equal(r->asked, 2);
	assert_true(server_gets_through(r));
	uint8_t packet[DATA_HEAD + 40] = {0};
	assert_true(session_seal(r->s, packet + DATA_HEAD, 40, r->now));
	assert_int_equal(wire_key_id(packet[0]), 0);
	rig_exchange(r);
	assert_true(session_seal(r->s, packet + DATA_HEAD, 40, r->now));
	assert_int_equal(wire_key_id(packet[0]), 1);
	rig_close(r);
}

static void
another_certificate_is_refused_at_a_rekey(void **state)
{
	struct rig *r = connected();

	(void)state;
	r->c.context = world.clients[RIG_BERT];
	client_rekey(&r->c, rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->asked, 1);
	assert_true(client_was_told(&r->c, "AUTH_FAILED,another user"));
	assert_int_equal(r->overs, 1);
	assert_int_equal(r->end, END_REFUSED);
	assert_false(server_gets_through(r));
	rig_close(r);
}

/* Some take the name that comes with the token, and some stay with theirs. */
static void
the_name_of_the_token_is_his_as_well(void **state)
{
	static const char *const names[] = {"", "anna", ""};
	struct rig *r = opened();

	(void)state;
	r->c.script.name = "";
	r->terms.token = "first";
	r->terms.token_user = "anna";
	rig_connect(r);
	assert_true(client_was_told(&r->c, ",auth-token-user YW5uYQ==,auth-token first"));
	for (size_t i = 0; i < COUNT(names); i++) {
		r->c.script.name = names[i];
		client_rekey(&r->c, rig_wall(r));
		rig_exchange(r);
		assert_flows(r);
	}
	assert_int_equal(r->asked, 1 + COUNT(names));
	r->c.script.name = "bert";
	client_rekey(&r->c, rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->end, END_REFUSED);
	rig_close(r);
}

static void
another_name_is_refused_at_a_rekey(void **state)
{
	struct rig *r = connected();

	(void)state;
	r->c.script.name = "bert";
	session_rekey(r->s, r->now, rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->asked, 1);
	assert_int_equal(r->end, END_REFUSED);
	rig_close(r);
}

static void
who_is_refused_at_a_rekey_is_out(void **state)
{
	struct rig *r = connected();

	(void)state;
	r->answer = RIG_REFUSES;
	client_rekey(&r->c, rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->asked, 2);
	assert_int_equal(r->end, END_REFUSED);
	assert_false(server_gets_through(r));
	assert_false(client_gets_through(r, r->c.now));
	rig_close(r);
}

static void
a_rekey_that_comes_to_nothing_ends_it(void **state)
{
	struct rig *r = connected();

	(void)state;
	r->c.script.mute = true;
	client_rekey(&r->c, rig_wall(r));
	rig_exchange(r);
	rig_pass(r, 59000);
	assert_int_equal(r->overs, 0);
	assert_flows(r);
	rig_pass(r, 2000);
	assert_int_equal(r->overs, 1);
	assert_int_equal(r->end, END_HANDSHAKE);
	assert_true(client_was_told(&r->c, "RESTART"));
	rig_close(r);
}

static void
a_soft_reset_out_of_turn_makes_no_key(void **state)
{
	struct rig *r = connected();

	(void)state;
	for (unsigned id = 0; id < KEY_IDS; id++) {
		struct client_key *k;

		if (id == 1)
			continue;
		k = r->c.next = client_key_new(&r->c, id, 0);
		assert_true(reliable_send(k->delivery, OP_SOFT_RESET_V1, SPAN_NONE, rig_wall(r)));
		client_flush(&r->c, rig_wall(r));
		rig_exchange(r);
		assert_int_equal(k->state, ENGINE_HANDSHAKE);
		assert_false(reliable_all_acked(k->delivery));
		client_key_free(k);
		r->c.next = NULL;
	}
	assert_int_equal(r->asked, 1);
	assert_flows(r);
	rig_close(r);
}

static void
no_key_is_made_before_it_is_up(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->answer = RIG_WAITS;
	rig_connect(r);
	unsigned sent = r->to_client.sent;
	client_rekey(&r->c, rig_wall(r));
	session_rekey(r->s, r->now, rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->to_client.sent, sent);
	rig_close(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_client_makes_another_key),
	    cmocka_unit_test(the_server_makes_another_key),
	    cmocka_unit_test(both_may_begin_at_once),
	    cmocka_unit_test(a_new_token_is_told_alone),
	    cmocka_unit_test(a_worn_key_makes_another),
	    cmocka_unit_test(a_key_that_is_used_up_seals_nothing),
	    cmocka_unit_test(key_ids_go_round_without_the_first),
	    cmocka_unit_test(the_key_before_is_soon_one_of_data_alone),
	    cmocka_unit_test(a_silent_key_hears_nothing),
	    cmocka_unit_test(the_clock_makes_keys_and_forgets_them),
	    cmocka_unit_test(data_by_the_new_key_is_word_that_the_client_has_it),
	    cmocka_unit_test(the_client_has_its_new_key_only_once_it_is_admitted),
	    cmocka_unit_test(who_is_refused_late_at_a_rekey_is_told_why),
	    cmocka_unit_test(our_data_stays_with_the_old_key_until_the_client_has_the_new),
	    cmocka_unit_test(another_certificate_is_refused_at_a_rekey),
	    cmocka_unit_test(the_name_of_the_token_is_his_as_well),
	    cmocka_unit_test(another_name_is_refused_at_a_rekey),
	    cmocka_unit_test(who_is_refused_at_a_rekey_is_out),
	    cmocka_unit_test(a_rekey_that_comes_to_nothing_ends_it),
	    cmocka_unit_test(a_soft_reset_out_of_turn_makes_no_key),
	    cmocka_unit_test(no_key_is_made_before_it_is_up),
	};

	return cmocka_run_group_tests(tests, make_world, end_world);
}
