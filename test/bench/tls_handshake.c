/*
 * What a handshake and the bytes after it cost the server's CPU, in this process:
 * only our own calls are timed, not the client's.
 */
#include <time.h>

#include "tls_pair.h"

static int64_t spent; /* nanoseconds, in the calls being timed */

static int64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

enum { TICKET = 1, RESUME = 2 };

/* One visit: handshake, a request, an answer. */
static void
visit(struct bench *b, int version, int flags, SSL_SESSION **session)
{
	struct pair p = {0};
	enum tls_result result = TLS_WANT_RECV;
	char to[64];
	size_t n;

	pair_open(&p, b, version);
	if (flags & RESUME && *session != NULL)
		SSL_set_session(p.client, *session);
	int64_t start = cpu_ns();
	p.server = tls_conn_new(b->ctx, &pair_io, &p);
	spent += cpu_ns() - start;
	for (int turn = 0; turn < 4 && result != TLS_DONE; turn++) {
		SSL_do_handshake(p.client);
		start = cpu_ns();
		result = tls_handshake(p.server);
		spent += cpu_ns() - start;
	}
	SSL_do_handshake(p.client);
	must(result == TLS_DONE, "no handshake");
	must(SSL_write(p.client, "ask", 3) == 3, "no request");
	start = cpu_ns();
	if (flags & TICKET)
		tls_send_ticket(p.server);
	must(tls_read(p.server, to, sizeof to, &n) == TLS_DONE, "no read");
	must(tls_write(p.server, SPAN_OF("answer"), &n) == TLS_DONE, "no write");
	spent += cpu_ns() - start;
	must(SSL_read(p.client, to, sizeof to) == 6, "no answer");
	must(tls_resumed(p.server) == (flags & RESUME && *session != NULL), "not as resumed");
	if (flags & RESUME) {
		SSL_SESSION_free(*session);
		*session = SSL_get1_session(p.client);
	}
	start = cpu_ns();
	tls_conn_free(p.server);
	spent += cpu_ns() - start;
	p.server = NULL;
	SSL_shutdown(p.client);
	pair_close(&p);
}

static void
measure(struct bench *b, const char *what, int version, int flags, int rounds)
{
	SSL_SESSION *session = NULL;

	for (int i = 0; i < rounds / 10 + 1; i++)
		visit(b, version, flags, &session);
	spent = 0;
	for (int i = 0; i < rounds; i++)
		visit(b, version, flags, &session);
	printf("%-32s %7.1f us\n", what, (double)spent / 1000 / rounds);
	SSL_SESSION_free(session);
}

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 3000;
	struct bench b;

	bench_open(&b);
	measure(&b, "TLS 1.3, no ticket", TLS1_3_VERSION, 0, rounds);
	measure(&b, "TLS 1.3, a ticket", TLS1_3_VERSION, TICKET, rounds);
	measure(&b, "TLS 1.3, resumed", TLS1_3_VERSION, TICKET | RESUME, rounds);
	measure(&b, "TLS 1.2", TLS1_2_VERSION, 0, rounds);
	measure(&b, "TLS 1.2, resumed", TLS1_2_VERSION, RESUME, rounds);
	bench_close(&b);
	return 0;
}
