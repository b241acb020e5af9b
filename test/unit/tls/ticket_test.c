#include "peer.h"

/* Two workers, each with its own library, both serving two sites. */
static struct worker {
	struct tls_library *lib;
	struct tls_context *org, *net;
} workers[2];

static struct tls_ticket_keys keys;

static int
set_up(void **state)
{
	struct pem pem = pem_ecdsa("example.org");
	struct tls_pair pair = pem_pair(&pem);

	(void)state;
	keys = (struct tls_ticket_keys){0};
	assert_ok(tls_ticket_keys_rotate(&keys));
	for (size_t i = 0; i < COUNT(workers); i++) {
		struct worker *w = &workers[i];

		w->lib = tls_library_new();
		tls_library_set_tickets(w->lib, &keys);
		assert_ok(tls_context_new(w->lib, "example.org", &pair, 1, &w->org));
		assert_ok(tls_context_new(w->lib, "example.net", &pair, 1, &w->net));
	}
	pem_free(&pem);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(workers); i++) {
		tls_context_free(workers[i].org);
		tls_context_free(workers[i].net);
		tls_library_free(workers[i].lib);
	}
	return 0;
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

struct visit {
	int version;
	const char *name;
	SSL_SESSION *session; /* brought along, or NULL */
	bool asks_ticket;
};

/* Says hello, takes an answer, and leaves; whether it resumed. *after is what it may resume. */
static bool
visit(struct tls_context *ctx, struct visit v, SSL_SESSION **after)
{
	struct peer p = {0};
	uint8_t got[6];

	peer_open(&p, ctx);
	SSL_set_min_proto_version(p.ssl, v.version);
	SSL_set_max_proto_version(p.ssl, v.version);
	SSL_set_tlsext_host_name(p.ssl, v.name);
	if (v.session != NULL)
		SSL_set_session(p.ssl, v.session);
	assert_true(peer_shake(&p));
	if (v.asks_ticket)
		tls_send_ticket(p.conn);
	assert_int_equal(peer_write(&p, SPAN_OF("answer")), TLS_DONE);
	assert_int_equal(peer_client_reads(&p, got, 6), 6);
	bool resumed = tls_resumed(p.conn);
	assert_int_equal(resumed, SSL_session_reused(p.ssl));
	if (after != NULL)
		*after = SSL_get1_session(p.ssl);
	SSL_shutdown(p.ssl);
	peer_close(&p);
	return resumed;
}

static SSL_SESSION *
first_visit(int version)
{
	SSL_SESSION *session;

	assert_false(
	    visit(workers[0].org, (struct visit){version, "example.org", NULL, true}, &session));
	assert_true(SSL_SESSION_is_resumable(session));
	return session;
}

static bool
comes_back(struct tls_context *ctx, int version, const char *name, SSL_SESSION *session)
{
	return visit(ctx, (struct visit){version, name, session, false}, NULL);
}

static void
a_ticket_is_good_at_every_worker(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(versions); i++) {
		SSL_SESSION *session = first_visit(versions[i]);

		assert_true(comes_back(workers[0].org, versions[i], "example.org", session));
		assert_true(comes_back(workers[1].org, versions[i], "example.org", session));
		SSL_SESSION_free(session);
	}
}

static void
a_ticket_of_one_site_is_none_at_another(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(versions); i++) {
		SSL_SESSION *session = first_visit(versions[i]);

		assert_false(comes_back(workers[0].net, versions[i], "example.net", session));
		assert_false(comes_back(workers[0].net, versions[i], "example.org", session));
		assert_true(comes_back(workers[0].org, versions[i], "example.org", session));
		SSL_SESSION_free(session);
	}
}

static void
no_ticket_unless_told(void **state)
{
	SSL_SESSION *session;

	(void)state;
	assert_false(visit(workers[0].org,
			   (struct visit){TLS1_3_VERSION, "example.org", NULL, false}, &session));
	assert_false(SSL_SESSION_has_ticket(session));
	SSL_SESSION_free(session);
}

static void
a_resumed_session_gets_a_new_ticket(void **state)
{
	SSL_SESSION *session = first_visit(TLS1_3_VERSION), *second;
	const unsigned char *a, *b;
	size_t a_len, b_len;

	(void)state;
	assert_true(visit(workers[1].org,
			  (struct visit){TLS1_3_VERSION, "example.org", session, true}, &second));
	SSL_SESSION_get0_ticket(session, &a, &a_len);
	SSL_SESSION_get0_ticket(second, &b, &b_len);
	assert_false(span_equal(span_of(a, a_len), span_of(b, b_len)));
	assert_true(comes_back(workers[0].org, TLS1_3_VERSION, "example.org", second));
	SSL_SESSION_free(session);
	SSL_SESSION_free(second);
}

static void
rotate_everywhere(void)
{
	assert_ok(tls_ticket_keys_rotate(&keys));
	for (size_t i = 0; i < COUNT(workers); i++)
		tls_library_set_tickets(workers[i].lib, &keys);
}

static void
an_old_key_opens_a_dropped_one_does_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(versions); i++) {
		SSL_SESSION *session = first_visit(versions[i]);

		for (int age = 1; age < TLS_TICKET_KEYS; age++) {
			rotate_everywhere();
			assert_true(
			    comes_back(workers[1].org, versions[i], "example.org", session));
		}
		rotate_everywhere();
		assert_false(comes_back(workers[1].org, versions[i], "example.org", session));
		SSL_SESSION_free(session);
	}
}

/* TLS 1.2 clients keep their ticket until they are given another. */
static void
an_old_ticket_is_renewed(void **state)
{
	SSL_SESSION *session = first_visit(TLS1_2_VERSION), *renewed;

	(void)state;
	rotate_everywhere();
	assert_true(visit(workers[0].org,
			  (struct visit){TLS1_2_VERSION, "example.org", session, false}, &renewed));
	for (int age = 1; age < TLS_TICKET_KEYS; age++)
		rotate_everywhere();
	assert_false(comes_back(workers[0].org, TLS1_2_VERSION, "example.org", session));
	assert_true(comes_back(workers[0].org, TLS1_2_VERSION, "example.org", renewed));
	SSL_SESSION_free(session);
	SSL_SESSION_free(renewed);
}

static void
without_keys_there_are_no_tickets(void **state)
{
	struct tls_ticket_keys none = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(versions); i++) {
		SSL_SESSION *session = first_visit(versions[i]), *after;

		tls_library_set_tickets(workers[0].lib, &none);
		assert_false(visit(workers[0].org,
				   (struct visit){versions[i], "example.org", session, true},
				   &after));
		assert_false(SSL_SESSION_has_ticket(after));
		tls_library_set_tickets(workers[0].lib, &keys);
		SSL_SESSION_free(session);
		SSL_SESSION_free(after);
	}
}

static void
rotation_moves_the_keys_along(void **state)
{
	struct tls_ticket_keys k = {0}, before;

	(void)state;
	for (size_t i = 1; i < TLS_TICKET_KEYS + 3; i++) {
		before = k;
		assert_ok(tls_ticket_keys_rotate(&k));
		assert_int_equal(k.count, i < TLS_TICKET_KEYS ? i : TLS_TICKET_KEYS);
		assert_memory_equal(&k.keys[1], &before.keys[0], sizeof k.keys - sizeof k.keys[0]);
		assert_memory_not_equal(&k.keys[0], &k.keys[1], sizeof k.keys[0]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_ticket_is_good_at_every_worker, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_ticket_of_one_site_is_none_at_another, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(no_ticket_unless_told, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_resumed_session_gets_a_new_ticket, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_old_key_opens_a_dropped_one_does_not, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(an_old_ticket_is_renewed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(without_keys_there_are_no_tickets, set_up, tear_down),
	    cmocka_unit_test(rotation_moves_the_keys_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
