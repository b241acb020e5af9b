/* A code that the person at the client is asked for, and certificates that say too little. */
#include "tunnelled.h"

/* As a client that can be asked on the same connection. */
static struct rig *
asked(void)
{
	struct rig *r = opened();

	r->answer = RIG_ASKS;
	r->c.script.more = "IV_SSO=webauth,crtext\n";
	rig_connect(r);
	assert_int_equal(r->asked, 1);
	assert_int_equal(r->ups, 0);
	return r;
}

static void
say(struct rig *r, const char *text)
{
	client_say(&r->c, text, rig_wall(r));
	rig_exchange(r);
}

static void
who_can_be_asked_answers_on_the_same_connection(void **state)
{
	struct rig *r = asked();

	(void)state;
	assert_true(client_was_told(&r->c, "AUTH_PENDING,timeout 300"));
	assert_true(client_was_told(&r->c, "INFO_PRE,CR_TEXT:R,E:One-time code"));
	assert_false(client_was_told(&r->c, "a-state"));
	rig_pass(r, 100000); /* longer than a handshake may take */
	assert_int_equal(r->overs, 0);
	assert_false(server_gets_through(r));
	r->answer = RIG_ADMITS;
	say(r, "CR_RESPONSE,MTIzNDU2");
	assert_int_equal(r->asked, 2);
	assert_string_equal(r->name, "");
	assert_string_equal(r->password, "a-state");
	assert_string_equal(r->code, "123456");
	assert_false(r->again);
	assert_int_equal(r->ups, 1);
	assert_flows(r);
	say(r, "CR_RESPONSE,MTIzNDU2");
	assert_int_equal(r->asked, 2);
	rig_close(r);
}

static void
an_answer_may_take_as_long_as_a_person(void **state)
{
	struct rig *r = asked();

	(void)state;
	rig_pass(r, 299000);
	assert_int_equal(r->overs, 0);
	rig_pass(r, 1000);
	assert_int_equal(r->overs, 1);
	assert_int_equal(r->end, END_HANDSHAKE);
	assert_string_equal(r->why, "its sign-in took too long");
	rig_close(r);
}

/* Its place among those who come in is not held by typing for ever. */
static void
nobody_is_asked_twice_on_one_connection(void **state)
{
	struct rig *r = asked();

	(void)state;
	say(r, "CR_RESPONSE,MTIzNDU2");
	assert_int_equal(r->asked, 2);
	assert_true(client_was_told(&r->c, "AUTH_FAILED,CRV1:R,E:a-state:YW5uYQ==:One-time code"));
	assert_int_equal(r->overs, 1);
	assert_int_equal(r->end, END_REFUSED);
	rig_close(r);
}

static void
what_is_no_answer_is_refused(void **state)
{
	struct rig *r = asked();

	(void)state;
	say(r, "CR_RESPONSE"); /* is no message */
	assert_int_equal(r->overs, 0);
	say(r, "CR_RESPONSE,(123456)");
	assert_int_equal(r->asked, 1);
	assert_true(client_was_told(&r->c, "AUTH_FAILED,the code that came cannot be read"));
	assert_int_equal(r->end, END_REFUSED);
	rig_close(r);
}

static void
an_answer_that_is_too_long_is_refused(void **state)
{
	char text[512] = "CR_RESPONSE,";
	struct rig *r = asked();

	(void)state;
	memset(text + 12, 'A', 400); /* 300 bytes */
	say(r, text);
	assert_int_equal(r->asked, 1);
	assert_int_equal(r->end, END_REFUSED);
	rig_close(r);
}

static void
an_answer_that_nobody_asked_for_is_ignored(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->answer = RIG_WAITS;
	rig_connect(r);
	say(r, "CR_RESPONSE,MTIzNDU2");
	assert_int_equal(r->asked, 1);
	assert_int_equal(r->overs, 0);
	session_admit(r->s, &r->terms, r->now, rig_wall(r));
	rig_exchange(r);
	assert_int_equal(r->ups, 1);
	rig_close(r);
}

static void
who_cannot_be_asked_is_told_to_come_again(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->answer = RIG_ASKS;
	rig_connect(r);
	assert_true(client_was_told(&r->c, "AUTH_FAILED,CRV1:R,E:a-state:YW5uYQ==:One-time code"));
	assert_false(client_was_told(&r->c, "AUTH_PENDING"));
	assert_int_equal(r->overs, 1);
	assert_int_equal(r->end, END_REFUSED);
	assert_null(strstr(r->why, "a-state"));
	rig_close(r);
}

static void
older_clients_are_told_no_time(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->answer = RIG_ASKS;
	r->c.script.more = "IV_SSO=crtext\n";
	r->c.script.proto &= ~(uint32_t)IV_AUTH_PENDING;
	rig_connect(r);
	assert_true(client_was_told(&r->c, "AUTH_PENDING"));
	assert_false(client_was_told(&r->c, "timeout"));
	rig_close(r);
}

static void
what_does_not_fit_is_not_asked(void **state)
{
	char state_text[CONTROL_TEXT_MAX + 1] = "";
	const struct session_challenge c = {"anna", state_text, "One-time code"};

	(void)state;
	memset(state_text, 's', CONTROL_TEXT_MAX);
	for (size_t i = 0; i < 2; i++) {
		struct rig *r = opened();

		r->answer = RIG_WAITS;
		r->c.script.more = i == 0 ? "IV_SSO=crtext\n" : NULL;
		rig_connect(r);
		session_challenge(r->s, &c, r->now, rig_wall(r));
		rig_exchange(r);
		assert_false(client_was_told(&r->c, "sss"));
		rig_pass(r, i == 0 ? 301000 : 0);
		assert_int_equal(r->overs, 1);
		rig_close(r);
	}
}

/* --- killed while another key is made, when a stock client hears nothing by the old one */

static unsigned
times_told(const struct rig *r, const char *text)
{
	struct span all = buf_span(&r->c.told);
	unsigned n = 0;

	for (const uint8_t *at = all.p;
	     (at = memmem(at, (size_t)(all.p + all.len - at), text, strlen(text))) != NULL; at++)
		n++;
	return n;
}

static void
who_is_killed_while_he_makes_a_key_hears_it_by_that(void **state)
{
	(void)state;
	/* After so many packets of his, from none to the whole handshake. */
	for (unsigned n = 0; n < 8; n++) {
		struct rig *r = connected();
		struct rig_packet p;

		r->answer = RIG_WAITS;
		client_rekey(&r->c, rig_wall(r));
		for (unsigned i = 0; i < n; i++) {
			if (rig_next(r, &r->to_server, &p))
				rig_server_takes(r, &p);
			while (rig_next(r, &r->to_client, &p))
				(void)client_receive(&r->c, p.bytes, p.len, rig_wall(r));
		}
		session_kill(r->s, false, "revoked", r->now, rig_wall(r));
		session_kill(r->s, false, "twice", r->now, rig_wall(r));
		assert_string_equal(session_ending(r->s), "revoked");
		assert_false(server_gets_through(r));
		assert_false(client_gets_through(r, r->c.now));
		rig_exchange(r);
		rig_pass(r, 1000);
		assert_true(times_told(r, "HALT,revoked") > 0);
		assert_int_equal(times_told(r, "twice"), 0);
		rig_pass(r, 5000);
		assert_int_equal(r->overs, 1);
		assert_int_equal(r->end, END_KILLED);
		rig_close(r);
	}
}

/* Its reset and our word cross. */
static void
who_begins_a_key_when_he_is_killed_hears_it_by_that(void **state)
{
	struct rig *r = connected();

	(void)state;
	session_kill(r->s, false, "revoked", r->now, rig_wall(r));
	client_rekey(&r->c, rig_wall(r));
	rig_exchange(r);
	assert_int_equal(times_told(r, "HALT,revoked"), 2);
	assert_false(server_gets_through(r));
	assert_int_equal(r->overs, 1);
	assert_int_equal(r->end, END_KILLED);
	rig_close(r);
}

static void
no_new_key_puts_the_end_off(void **state)
{
	struct rig *r = connected();
	struct rig_packet p;

	(void)state;
	session_kill(r->s, false, "revoked", r->now, rig_wall(r));
	r->to_client.count = 0;
	rig_pass(r, 4000);
	assert_int_equal(r->overs, 1); /* its word was said again, and heard */
	rig_close(r);
	r = connected();
	session_kill(r->s, false, "revoked", r->now, rig_wall(r));
	r->loss = 100;
	rig_pass(r, 4000);
	r->loss = 0;
	client_rekey(&r->c, rig_wall(r));
	while (rig_next(r, &r->to_server, &p))
		rig_server_takes(r, &p);
	assert_int_equal(r->overs, 0);
	r->loss = 100;
	rig_pass(r, 900);
	assert_int_equal(r->overs, 0);
	rig_pass(r, 100);
	assert_int_equal(r->overs, 1);
	assert_string_equal(r->why, "revoked");
	rig_close(r);
}

static void
a_key_that_is_never_made_puts_no_end_off(void **state)
{
	struct rig *r = connected();

	(void)state;
	session_rekey(r->s, r->now, rig_wall(r));
	r->loss = 100;
	session_kill(r->s, true, "stopping", r->now, rig_wall(r));
	assert_false(server_gets_through(r));
	rig_pass(r, 4900);
	assert_int_equal(r->overs, 0);
	rig_pass(r, 100);
	assert_int_equal(r->overs, 1);
	assert_int_equal(r->end, END_KILLED);
	assert_string_equal(r->why, "stopping");
	rig_close(r);
}

/* --- certificates */

/* Even if its owner lets it in. */
static void
a_certificate_that_has_expired_is_refused_in_words(void **state)
{
	struct rig *r = opened();

	(void)state;
	r->c.context = world.clients[RIG_EXPIRED];
	rig_connect(r);
	assert_int_equal(r->asked, 1);
	assert_int_equal(r->ups, 0);
	assert_true(client_was_told(&r->c, "AUTH_FAILED,this profile has expired"));
	assert_int_equal(r->end, END_REFUSED);
	rig_close(r);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_can_be_asked_answers_on_the_same_connection),
	    cmocka_unit_test(an_answer_may_take_as_long_as_a_person),
	    cmocka_unit_test(nobody_is_asked_twice_on_one_connection),
	    cmocka_unit_test(what_is_no_answer_is_refused),
	    cmocka_unit_test(an_answer_that_is_too_long_is_refused),
	    cmocka_unit_test(an_answer_that_nobody_asked_for_is_ignored),
	    cmocka_unit_test(who_cannot_be_asked_is_told_to_come_again),
	    cmocka_unit_test(older_clients_are_told_no_time),
	    cmocka_unit_test(what_does_not_fit_is_not_asked),
	    cmocka_unit_test(who_is_killed_while_he_makes_a_key_hears_it_by_that),
	    cmocka_unit_test(who_begins_a_key_when_he_is_killed_hears_it_by_that),
	    cmocka_unit_test(no_new_key_puts_the_end_off),
	    cmocka_unit_test(a_key_that_is_never_made_puts_no_end_off),
	    cmocka_unit_test(a_certificate_that_has_expired_is_refused_in_words),
	};

	return cmocka_run_group_tests(tests, make_world, end_world);
}
