#include "peer.h"

static struct {
	struct tls_library *lib;
	struct tls_context *ctx;
} world;

static int
set_up(void **state)
{
	struct pem pem = pem_ecdsa("example.org");
	struct tls_pair pair = pem_pair(&pem);
	struct tls_ticket_keys keys = {0};

	(void)state;
	world.lib = tls_library_new();
	assert_non_null(world.lib);
	assert_ok(tls_ticket_keys_rotate(&keys));
	tls_library_set_tickets(world.lib, &keys);
	assert_ok(tls_context_new(world.lib, "example.org", &pair, 1, &world.ctx));
	pem_free(&pem);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tls_context_free(world.ctx);
	tls_library_free(world.lib);
	return 0;
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static void
connect_with(struct peer *p, int version)
{
	peer_open(p, world.ctx);
	SSL_set_min_proto_version(p->ssl, version);
	SSL_set_max_proto_version(p->ssl, version);
}

static void
handshake_of_both_versions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(versions); i++) {
		struct peer p = {0};

		connect_with(&p, versions[i]);
		assert_true(peer_shake(&p));
		assert_string_equal(tls_version(p.conn),
				    versions[i] == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
		assert_non_null(strstr(tls_cipher(p.conn), "GCM"));
		assert_false(tls_resumed(p.conn));
		assert_int_equal(tls_alpn(p.conn).len, 0);
		peer_close(&p);
	}
}

static void
a_flight_is_one_send(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(versions); i++) {
		struct peer p = {0};

		connect_with(&p, versions[i]);
		assert_true(peer_shake(&p));
		assert_int_equal(p.sends, versions[i] == TLS1_2_VERSION ? 2 : 1);
		peer_close(&p);
	}
}

static void
fill(uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
}

static void
client_says(struct peer *p, const uint8_t *bytes, size_t len)
{
	size_t n;

	assert_int_equal(SSL_write_ex(p->ssl, bytes, len, &n), 1);
	assert_int_equal(n, len);
}

/* Until the server has `want` bytes, or says something but WANT_RECV more often than ever needed.
 */
static enum tls_result
server_reads(struct peer *p, uint8_t *to, size_t want, size_t *got)
{
	enum tls_result result = TLS_DONE;
	size_t n, patience = 4 * want + 100000;

	for (*got = 0; *got < want && patience > 0; patience--) {
		result = tls_read(p->conn, to + *got, want - *got, &n);
		*got += n;
		if (result != TLS_DONE && result != TLS_WANT_RECV)
			break;
	}
	return result;
}

static void
bytes_arrive_whole_however_they_are_cut(void **state)
{
	static const struct {
		size_t recv_max, send_max;
		bool hesitant;
	} cuts[] = {{0, 0, false}, {1, 1, false}, {1, 1, true}, {7, 3, true}, {0, 1000, true}};
	enum { LEN = 50000 };
	uint8_t *sent = malloc(LEN), *got = malloc(LEN);
	size_t n;

	(void)state;
	fill(sent, LEN);
	for (size_t i = 0; i < COUNT(cuts) * COUNT(versions); i++) {
		struct peer p = {.recv_max = cuts[i / 2].recv_max,
				 .send_max = cuts[i / 2].send_max,
				 .hesitant = cuts[i / 2].hesitant};

		connect_with(&p, versions[i % 2]);
		assert_true(peer_shake(&p));
		tls_send_ticket(p.conn);
		client_says(&p, sent, LEN);
		assert_int_equal(server_reads(&p, got, LEN, &n), TLS_DONE);
		assert_int_equal(n, LEN);
		assert_memory_equal(sent, got, LEN);
		memset(got, 0, LEN);
		assert_int_equal(peer_write(&p, span_of(sent, LEN)), TLS_DONE);
		assert_int_equal(peer_client_reads(&p, got, LEN), LEN);
		assert_memory_equal(sent, got, LEN);
		peer_close(&p);
	}
	free(sent);
	free(got);
}

static void
ticket_and_answer_are_one_send(void **state)
{
	struct peer p = {0};
	uint8_t got[5];

	(void)state;
	connect_with(&p, TLS1_3_VERSION);
	assert_true(peer_shake(&p));
	p.sends = 0;
	tls_send_ticket(p.conn);
	assert_int_equal(peer_write(&p, SPAN_OF("hello")), TLS_DONE);
	assert_int_equal(p.sends, 1);
	assert_int_equal(peer_client_reads(&p, got, 5), 5);
	assert_int_equal(SSL_SESSION_has_ticket(SSL_get_session(p.ssl)), 1);
	peer_close(&p);
}

/* The bytes are sealed once: while they wait they are not taken, and they are not sent twice. */
static void
a_full_socket_is_waited_for(void **state)
{
	struct peer p = {0};
	uint8_t got[64];
	size_t taken;

	(void)state;
	connect_with(&p, TLS1_3_VERSION);
	assert_true(peer_shake(&p));
	p.full = true;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(tls_write(p.conn, SPAN_OF("hello"), &taken), TLS_WANT_SEND);
		assert_int_equal(taken, 0);
	}
	p.full = false;
	assert_int_equal(tls_write(p.conn, SPAN_OF("hello"), &taken), TLS_DONE);
	assert_int_equal(taken, 5);
	assert_int_equal(tls_write(p.conn, SPAN_OF("world"), &taken), TLS_DONE);
	assert_int_equal(peer_client_reads(&p, got, 10), 10);
	assert_memory_equal(got, "helloworld", 10);
	assert_int_equal(peer_client_reads(&p, got, 1), 0);
	peer_close(&p);
}

static void
reading_goes_on_while_sending_cannot(void **state)
{
	struct peer p = {0};
	uint8_t got[8];
	size_t n;

	(void)state;
	connect_with(&p, TLS1_3_VERSION);
	assert_true(peer_shake(&p));
	p.full = true;
	assert_int_equal(tls_write(p.conn, SPAN_OF("hello"), &n), TLS_WANT_SEND);
	client_says(&p, (const uint8_t *)"ping", 4);
	assert_int_equal(tls_read(p.conn, got, sizeof got, &n), TLS_DONE);
	assert_int_equal(n, 4);
	assert_int_equal(tls_close(p.conn), TLS_WANT_SEND);
	p.full = false;
	assert_int_equal(tls_close(p.conn), TLS_DONE);
	assert_int_equal(peer_client_reads(&p, got, 8), 5);
	assert_int_equal(SSL_get_shutdown(p.ssl), SSL_RECEIVED_SHUTDOWN);
	peer_close(&p);
}

static void
has_more_only_what_can_be_read(void **state)
{
	struct peer p = {0};
	uint8_t got[2];
	size_t n;

	(void)state;
	connect_with(&p, TLS1_3_VERSION);
	assert_true(peer_shake(&p));
	client_says(&p, (const uint8_t *)"abcd", 4);
	client_says(&p, (const uint8_t *)"ef", 2);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(tls_read(p.conn, got, 2, &n), TLS_DONE);
		assert_int_equal(n, 2);
		assert_int_equal(tls_has_more(p.conn), i < 2);
	}
	/* Part of a record is nothing to read yet. */
	client_says(&p, (const uint8_t *)"gh", 2);
	p.recv_max = 9;
	BIO *all = p.to_server, *some = BIO_new(BIO_s_mem());
	uint8_t part[9];
	assert_int_equal(BIO_read(all, part, 9), 9);
	assert_int_equal(BIO_write(some, part, 9), 9);
	BIO_set_mem_eof_return(some, -1);
	p.to_server = some;
	assert_int_equal(tls_read(p.conn, got, 2, &n), TLS_WANT_RECV);
	assert_false(tls_has_more(p.conn));
	p.to_server = all;
	p.recv_max = 0;
	assert_int_equal(tls_read(p.conn, got, 2, &n), TLS_DONE);
	assert_memory_equal(got, "gh", 2);
	BIO_free(some);
	peer_close(&p);
}

/* What an answer frees must not be what a record half received still needs. */
static void
an_answer_amid_a_record_harms_nothing(void **state)
{
	uint8_t record[64], got[8];
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(versions); i++)
		for (int cut = 1; cut < 26; cut++) {
			struct peer p = {0};

			connect_with(&p, versions[i]);
			assert_true(peer_shake(&p));
			client_says(&p, (const uint8_t *)"ping", 4);
			int len = BIO_read(p.to_server, record, sizeof record);
			BIO_write(p.to_server, record, cut);
			assert_int_equal(tls_read(p.conn, got, sizeof got, &n), TLS_WANT_RECV);
			assert_int_equal(peer_write(&p, SPAN_OF("pong")), TLS_DONE);
			BIO_write(p.to_server, record + cut, len - cut);
			assert_int_equal(tls_read(p.conn, got, sizeof got, &n), TLS_DONE);
			assert_memory_equal(got, "ping", 4);
			peer_close(&p);
		}
}

static void
old_versions_are_refused(void **state)
{
	static const int old[] = {TLS1_VERSION, TLS1_1_VERSION};

	(void)state;
	for (size_t i = 0; i < COUNT(old); i++) {
		struct peer p = {0};

		connect_with(&p, old[i]);
		SSL_set_cipher_list(p.ssl, "ALL:@SECLEVEL=0");
		assert_false(peer_shake(&p));
		assert_int_equal(tls_handshake(p.conn), TLS_FAILED);
		assert_string_equal(tls_why(p.conn), "unsupported protocol");
		assert_int_equal(p.sends, 1); /* the alert */
		peer_close(&p);
	}
}

static void
weak_suites_are_refused(void **state)
{
	static const char *const weak[] = {"ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256",
					   "ECDHE-ECDSA-AES256-SHA384", "DHE-RSA-AES128-GCM-SHA256",
					   "ECDHE-ECDSA-AES128-CCM"};

	(void)state;
	for (size_t i = 0; i < COUNT(weak); i++) {
		struct peer p = {0};

		connect_with(&p, TLS1_2_VERSION);
		assert_int_equal(SSL_set_cipher_list(p.ssl, weak[i]), 1);
		assert_false(peer_shake(&p));
		tls_handshake(p.conn);
		assert_string_equal(tls_why(p.conn), "no shared cipher");
		peer_close(&p);
	}
}

static void
chacha_for_those_who_put_it_first(void **state)
{
	struct peer p = {0};

	(void)state;
	connect_with(&p, TLS1_3_VERSION);
	SSL_set_ciphersuites(p.ssl, "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384");
	assert_true(peer_shake(&p));
	assert_string_equal(tls_cipher(p.conn), "TLS_CHACHA20_POLY1305_SHA256");
	peer_close(&p);
	connect_with(&p, TLS1_3_VERSION);
	SSL_set_ciphersuites(p.ssl, "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
				    "TLS_AES_128_GCM_SHA256");
	assert_true(peer_shake(&p));
	assert_string_equal(tls_cipher(p.conn), "TLS_AES_128_GCM_SHA256");
	peer_close(&p);
}

static void
alpn_agrees_or_the_handshake_ends(void **state)
{
	static const uint8_t both[] = "\x08http/1.1\x02h2", old[] = "\x08http/1.1",
			     oldest[] = "\x08http/1.0", other[] = "\x04xmpp";
	struct peer p = {0};

	(void)state;
	connect_with(&p, TLS1_3_VERSION);
	SSL_set_alpn_protos(p.ssl, both, sizeof both - 1);
	assert_true(peer_shake(&p));
	assert_true(span_equal(tls_alpn(p.conn), SPAN_OF("h2")));
	peer_close(&p);
	connect_with(&p, TLS1_3_VERSION);
	SSL_set_alpn_protos(p.ssl, old, sizeof old - 1);
	assert_true(peer_shake(&p));
	assert_true(span_equal(tls_alpn(p.conn), SPAN_OF("http/1.1")));
	peer_close(&p);
	connect_with(&p, TLS1_3_VERSION);
	SSL_set_alpn_protos(p.ssl, oldest, sizeof oldest - 1);
	assert_true(peer_shake(&p));
	assert_true(span_equal(tls_alpn(p.conn), SPAN_OF("http/1.0")));
	peer_close(&p);
	connect_with(&p, TLS1_3_VERSION);
	SSL_set_alpn_protos(p.ssl, other, sizeof other - 1);
	assert_false(peer_shake(&p));
	assert_int_equal(tls_handshake(p.conn), TLS_FAILED);
	assert_string_equal(tls_why(p.conn), "no application protocol");
	ERR_clear_error();
	assert_int_equal(SSL_do_handshake(p.ssl), -1);
	assert_int_equal(ERR_GET_REASON(ERR_peek_error()),
			 SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
	peer_close(&p);
}

static void
close_notify_goes_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(versions); i++) {
		struct peer p = {0};
		uint8_t byte;
		size_t n;

		connect_with(&p, versions[i]);
		assert_true(peer_shake(&p));
		SSL_shutdown(p.ssl);
		assert_int_equal(tls_read(p.conn, &byte, 1, &n), TLS_CLOSED);
		/* The other half is open still. */
		assert_int_equal(peer_write(&p, SPAN_OF("bye")), TLS_DONE);
		assert_int_equal(tls_close(p.conn), TLS_DONE);
		assert_int_equal(tls_close(p.conn), TLS_DONE);
		assert_int_equal(peer_client_reads(&p, (uint8_t[3]){0}, 3), 3);
		assert_int_equal(SSL_read_ex(p.ssl, &byte, 1, &n), 0);
		assert_int_equal(SSL_get_error(p.ssl, 0), SSL_ERROR_ZERO_RETURN);
		peer_close(&p);
	}
}

/* More than one send carries, too. */
static void
the_last_bytes_and_the_goodbye_are_one_send(void **state)
{
	static const size_t lengths[] = {6, 16384, 65536, 300000};
	uint8_t *answer = calloc(1, 300000), byte;
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(lengths) * COUNT(versions); i++) {
		struct span left = span_of(answer, lengths[i / 2]);
		struct peer p = {0};

		connect_with(&p, versions[i % 2]);
		assert_true(peer_shake(&p));
		for (p.sends = 0; left.len > 0; left = span_tail(left, n))
			assert_int_equal(tls_write_last(p.conn, left, &n), TLS_DONE);
		assert_int_equal(p.sends, (lengths[i / 2] + 65535) / 65536);
		assert_int_equal(tls_close(p.conn), TLS_DONE);
		assert_int_equal(p.sends, (lengths[i / 2] + 65535) / 65536);
		assert_int_equal(peer_client_reads(&p, answer, lengths[i / 2]), lengths[i / 2]);
		assert_int_equal(SSL_read_ex(p.ssl, &byte, 1, &n), 0);
		assert_int_equal(SSL_get_error(p.ssl, 0), SSL_ERROR_ZERO_RETURN);
		peer_close(&p);
	}
	free(answer);
}

static void
the_last_bytes_wait_for_a_full_socket(void **state)
{
	struct peer p = {0};
	uint8_t got[8];
	size_t n;

	(void)state;
	connect_with(&p, TLS1_3_VERSION);
	assert_true(peer_shake(&p));
	p.full = true;
	assert_int_equal(tls_write_last(p.conn, SPAN_OF("answer"), &n), TLS_WANT_SEND);
	assert_int_equal(n, 0);
	assert_int_equal(tls_write_last(p.conn, SPAN_OF("answer"), &n), TLS_WANT_SEND);
	p.full = false;
	assert_int_equal(tls_write_last(p.conn, SPAN_OF("answer"), &n), TLS_DONE);
	assert_int_equal(n, 6);
	assert_int_equal(peer_client_reads(&p, got, 6), 6);
	assert_int_equal(SSL_read_ex(p.ssl, got, 1, &n), 0);
	assert_int_equal(SSL_get_error(p.ssl, 0), SSL_ERROR_ZERO_RETURN);
	peer_close(&p);
}

static void
end_between_records_is_a_goodbye(void **state)
{
	struct peer p = {0};
	uint8_t got[8];
	size_t n;

	(void)state;
	connect_with(&p, TLS1_3_VERSION);
	assert_true(peer_shake(&p));
	client_says(&p, (const uint8_t *)"ask", 3);
	p.ended = true;
	assert_int_equal(tls_read(p.conn, got, sizeof got, &n), TLS_DONE);
	assert_int_equal(n, 3);
	assert_int_equal(tls_read(p.conn, got, sizeof got, &n), TLS_CLOSED);
	assert_int_equal(n, 0);
	assert_int_equal(peer_write(&p, SPAN_OF("answer")), TLS_DONE);
	assert_int_equal(peer_client_reads(&p, got, 6), 6);
	peer_close(&p);
}

static void
end_within_a_record_is_a_failure(void **state)
{
	uint8_t record[64], got[8];
	size_t n;

	(void)state;
	for (int cut = 1; cut < 26; cut++) {
		struct peer p = {0};

		connect_with(&p, TLS1_3_VERSION);
		assert_true(peer_shake(&p));
		client_says(&p, (const uint8_t *)"ping", 4);
		assert_int_equal(BIO_read(p.to_server, record, sizeof record), 26);
		BIO_write(p.to_server, record, cut);
		p.ended = true;
		assert_int_equal(tls_read(p.conn, got, sizeof got, &n), TLS_FAILED);
		assert_string_equal(tls_why(p.conn), "peer closed within a record");
		assert_int_equal(tls_read(p.conn, got, sizeof got, &n), TLS_FAILED);
		peer_close(&p);
	}
}

static void
end_during_the_handshake_is_a_failure(void **state)
{
	struct peer p = {.ended = true};

	(void)state;
	connect_with(&p, TLS1_3_VERSION);
	assert_int_equal(tls_handshake(p.conn), TLS_FAILED);
	assert_string_equal(tls_why(p.conn), "peer closed during handshake");
	peer_close(&p);
	connect_with(&p, TLS1_3_VERSION);
	SSL_do_handshake(p.ssl);
	assert_int_equal(tls_handshake(p.conn), TLS_WANT_RECV);
	p.dead = true;
	assert_int_equal(tls_handshake(p.conn), TLS_FAILED);
	assert_string_equal(tls_why(p.conn), "connection lost");
	peer_close(&p);
}

static void
a_lost_connection_fails(void **state)
{
	struct peer p = {0};
	size_t n;

	(void)state;
	connect_with(&p, TLS1_3_VERSION);
	assert_true(peer_shake(&p));
	p.dead = true;
	assert_int_equal(tls_write(p.conn, SPAN_OF("hello"), &n), TLS_FAILED);
	assert_int_equal(n, 0);
	assert_string_equal(tls_why(p.conn), "connection lost");
	assert_int_equal(tls_close(p.conn), TLS_FAILED);
	assert_false(tls_has_more(p.conn));
	peer_close(&p);
}

static const char http[] = "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";
static const char noise[] = "\x9e\x01\x07\xff\xff\xff\xff what is this, then?";
static const char large[] = "\x16\x03\x01\xff\xff\x01\x00\xff\xfb\x03\x03 and so on and on";
static const char empty[] = "\x16\x03\x01\x00\x00";

static void
garbage_fails_with_a_reason(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *why;
	} samples[] = {
	    {http, sizeof http - 1, "http request"},
	    {noise, sizeof noise - 1, "wrong version number"},
	    {large, sizeof large - 1, "packet length too long"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct peer p = {0};

		peer_open(&p, world.ctx);
		BIO_write(p.to_server, samples[i].bytes, (int)samples[i].len);
		assert_int_equal(tls_handshake(p.conn), TLS_FAILED);
		if (strstr(tls_why(p.conn), samples[i].why) == NULL)
			fail_msg("\"%s\", not \"%s\"", tls_why(p.conn), samples[i].why);
		peer_close(&p);
	}
}

static void
records_without_data_are_not_taken_for_ever(void **state)
{
	struct peer p = {0};
	enum tls_result result;

	(void)state;
	peer_open(&p, world.ctx);
	for (int i = 0; i < 40000; i++)
		BIO_write(p.to_server, empty, sizeof empty - 1);
	result = tls_handshake(p.conn);
	assert_int_equal(result, TLS_FAILED);
	peer_close(&p);
}

static void
a_flood_of_key_updates_ends(void **state)
{
	struct peer p = {0};
	enum tls_result result = TLS_WANT_RECV;
	uint8_t got[8];
	size_t n;
	int rounds = 0;

	(void)state;
	connect_with(&p, TLS1_3_VERSION);
	assert_true(peer_shake(&p));
	for (; rounds < 10000 && result == TLS_WANT_RECV; rounds++) {
		for (int i = 0; i < 10; i++) {
			SSL_key_update(p.ssl, SSL_KEY_UPDATE_REQUESTED);
			SSL_do_handshake(p.ssl);
		}
		result = tls_read(p.conn, got, sizeof got, &n);
	}
	assert_in_range(rounds, 20, 1000);
	assert_int_equal(result, TLS_FAILED);
	assert_string_equal(tls_why(p.conn), "peer sends records without data");
	peer_close(&p);
}

static void
key_updates_among_data_are_followed(void **state)
{
	struct peer p = {0};
	uint8_t got[8];
	size_t n;

	(void)state;
	connect_with(&p, TLS1_3_VERSION);
	assert_true(peer_shake(&p));
	for (int i = 0; i < 4000; i++) {
		SSL_key_update(p.ssl, SSL_KEY_UPDATE_REQUESTED);
		client_says(&p, (const uint8_t *)"ping", 4);
		assert_int_equal(tls_read(p.conn, got, sizeof got, &n), TLS_DONE);
		assert_int_equal(n, 4);
	}
	assert_int_equal(peer_write(&p, SPAN_OF("pong")), TLS_DONE);
	assert_int_equal(peer_client_reads(&p, got, 4), 4);
	peer_close(&p);
}

static void
renegotiation_is_refused(void **state)
{
	struct peer p = {0};
	uint8_t got[8];
	size_t n;

	(void)state;
	connect_with(&p, TLS1_2_VERSION);
	assert_true(peer_shake(&p));
	assert_int_equal(SSL_renegotiate(p.ssl), 1);
	SSL_do_handshake(p.ssl);
	assert_int_not_equal(tls_read(p.conn, got, sizeof got, &n), TLS_DONE);
	SSL_do_handshake(p.ssl);
	assert_true(SSL_get_error(p.ssl, -1) == SSL_ERROR_SSL);
	peer_close(&p);
}

static void
a_changed_record_fails(void **state)
{
	struct peer p = {0};
	uint8_t record[64], got[8];
	size_t n;

	(void)state;
	connect_with(&p, TLS1_3_VERSION);
	assert_true(peer_shake(&p));
	client_says(&p, (const uint8_t *)"ping", 4);
	assert_int_equal(BIO_read(p.to_server, record, sizeof record), 26);
	record[7] ^= 1;
	BIO_write(p.to_server, record, 26);
	assert_int_equal(tls_read(p.conn, got, sizeof got, &n), TLS_FAILED);
	assert_int_equal(n, 0);
	assert_string_equal(tls_why(p.conn), "decryption failed or bad record mac");
	peer_close(&p);
}

/* An error left on the thread by one connection is not another's. */
static void
reasons_do_not_bleed(void **state)
{
	struct peer bad = {0}, good = {0};
	uint8_t got[8];
	size_t n;

	(void)state;
	connect_with(&good, TLS1_3_VERSION);
	assert_true(peer_shake(&good));
	peer_open(&bad, world.ctx);
	BIO_write(bad.to_server, http, sizeof http - 1);
	assert_int_equal(tls_handshake(bad.conn), TLS_FAILED);
	ERR_put_error(ERR_LIB_SSL, 0, SSL_R_NO_SHARED_CIPHER, __FILE__, __LINE__);
	assert_int_equal(tls_read(good.conn, got, sizeof got, &n), TLS_WANT_RECV);
	assert_string_equal(tls_why(good.conn), "");
	assert_string_equal(tls_why(bad.conn), "http request");
	peer_close(&bad);
	peer_close(&good);
}

static void
the_peers_alert_is_named(void **state)
{
	struct peer p = {0};

	(void)state;
	connect_with(&p, TLS1_3_VERSION);
	SSL_set_verify(p.ssl, SSL_VERIFY_PEER, NULL);
	assert_false(peer_shake(&p));
	assert_int_equal(tls_handshake(p.conn), TLS_FAILED);
	assert_string_equal(tls_why(p.conn), "peer sent alert unknown CA");
	peer_close(&p);
}

/* A context given up lives as long as its last connection. */
static void
connections_keep_their_context(void **state)
{
	struct pem pem = pem_ecdsa("example.net");
	struct tls_pair pair = pem_pair(&pem);
	struct tls_context *ctx;
	struct peer p = {0};

	(void)state;
	assert_ok(tls_context_new(world.lib, "example.net", &pair, 1, &ctx));
	peer_open(&p, ctx);
	tls_context_free(ctx);
	assert_true(peer_shake(&p));
	peer_close(&p);
	pem_free(&pem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(handshake_of_both_versions),
	    cmocka_unit_test(a_flight_is_one_send),
	    cmocka_unit_test(bytes_arrive_whole_however_they_are_cut),
	    cmocka_unit_test(ticket_and_answer_are_one_send),
	    cmocka_unit_test(a_full_socket_is_waited_for),
	    cmocka_unit_test(reading_goes_on_while_sending_cannot),
	    cmocka_unit_test(has_more_only_what_can_be_read),
	    cmocka_unit_test(an_answer_amid_a_record_harms_nothing),
	    cmocka_unit_test(old_versions_are_refused),
	    cmocka_unit_test(weak_suites_are_refused),
	    cmocka_unit_test(chacha_for_those_who_put_it_first),
	    cmocka_unit_test(alpn_agrees_or_the_handshake_ends),
	    cmocka_unit_test(close_notify_goes_both_ways),
	    cmocka_unit_test(the_last_bytes_and_the_goodbye_are_one_send),
	    cmocka_unit_test(the_last_bytes_wait_for_a_full_socket),
	    cmocka_unit_test(end_between_records_is_a_goodbye),
	    cmocka_unit_test(end_within_a_record_is_a_failure),
	    cmocka_unit_test(end_during_the_handshake_is_a_failure),
	    cmocka_unit_test(a_lost_connection_fails),
	    cmocka_unit_test(garbage_fails_with_a_reason),
	    cmocka_unit_test(records_without_data_are_not_taken_for_ever),
	    cmocka_unit_test(a_flood_of_key_updates_ends),
	    cmocka_unit_test(key_updates_among_data_are_followed),
	    cmocka_unit_test(renegotiation_is_refused),
	    cmocka_unit_test(a_changed_record_fails),
	    cmocka_unit_test(reasons_do_not_bleed),
	    cmocka_unit_test(the_peers_alert_is_named),
	    cmocka_unit_test(connections_keep_their_context),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
