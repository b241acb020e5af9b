/*
 * A client for the benchmarks: visits (connect, handshake, one request, close) that prove
 * that they resumed nothing, or that they did; downloads; connections that are only held.
 *
 *   bench-client full|resumed|fetch SECONDS PORT PATH SIZE [times]
 *   bench-client hold|hold2 COUNT PORT PATH SIZE
 *
 * PATH is that of a file of SIZE bytes on localhost:PORT. Prints "count N", "bytes N" and
 * "cipher NAME", with `times` also "us N" for each visit: from connect() to the answer's first
 * byte. `hold` prints "count N", then holds its connections until its standard input ends;
 * `hold2` does by HTTP/2 what `hold` does by HTTP/1.1.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX  8192
#define CHUNK     65536
#define TIMES_MAX 1000000

struct job {
	SSL_CTX *ctx;
	SSL_SESSION *session; /* to be resumed by each visit; NULL: none may be */
	int port;
	const char *path;
	size_t size;
	bool keep;  /* the connection stays open after the answer */
	bool http2; /* asks by HTTP/2 */
};

struct visit {
	SSL *ssl;
	int64_t begun, first_byte; /* nanoseconds */
	size_t body;
};

static void
must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "bench-client: %s\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int
connect_to(int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	must(fd >= 0, "no socket");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	must(connect(fd, (struct sockaddr *)&to, sizeof to) == 0, "nobody listens");
	return fd;
}

/* A new SSL each time; whether it resumed is what the job says, or the figures are worthless. */
static void
visit_open(struct visit *v, const struct job *job)
{
	*v = (struct visit){.begun = now_ns()};
	int fd = connect_to(job->port);
	v->ssl = SSL_new(job->ctx);
	must(v->ssl != NULL && SSL_set_fd(v->ssl, fd) == 1, "no memory");
	SSL_set_tlsext_host_name(v->ssl, "localhost");
	if (job->http2)
		SSL_set_alpn_protos(v->ssl, (const unsigned char *)"\2h2", 3);
	if (job->session != NULL)
		SSL_set_session(v->ssl, job->session);
	must(SSL_connect(v->ssl) == 1, "no handshake");
	must(SSL_session_reused(v->ssl) == (job->session != NULL),
	     job->session == NULL ? "a session was resumed" : "the session was not resumed");
}

static void
visit_close(struct visit *v)
{
	int fd = SSL_get_fd(v->ssl);

	SSL_shutdown(v->ssl);
	SSL_free(v->ssl);
	close(fd);
}

static void
ask(struct visit *v, const struct job *job)
{
	char request[1024];
	int n = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n",
			 job->path, job->keep ? "" : "Connection: close\r\n");

	must(n > 0 && (size_t)n < sizeof request, "too long a path");
	must(SSL_write(v->ssl, request, n) == n, "no request");
}

/* Reads once; false at the end. */
static bool
read_some(struct visit *v, char *to, size_t room, size_t *got)
{
	if (SSL_read_ex(v->ssl, to, room, got) == 1) {
		if (v->first_byte == 0)
			v->first_byte = now_ns();
		return true;
	}
	must(SSL_get_error(v->ssl, 0) == SSL_ERROR_ZERO_RETURN, "the answer broke off");
	return false;
}

/* The head, and how much of the body came with it. */
static void
read_head(struct visit *v)
{
	static char head[HEAD_MAX + 1];
	size_t len = 0, got;
	char *end = NULL;

	while (end == NULL) {
		must(len < HEAD_MAX && read_some(v, head + len, HEAD_MAX - len, &got), "no answer");
		len += got;
		head[len] = '\0';
		end = strstr(head, "\r\n\r\n");
	}
	must(strncmp(head, "HTTP/1.1 200 ", 13) == 0, "an answer other than 200");
	v->body = len - (size_t)(end + 4 - head);
}

static void
read_answer(struct visit *v, const struct job *job)
{
	static char chunk[CHUNK];
	size_t got;

	read_head(v);
	while ((!job->keep || v->body < job->size) && read_some(v, chunk, sizeof chunk, &got))
		v->body += got;
	must(v->body == job->size, "an answer of another size");
}

/* A literal that is not put into the table, its name from the static one (RFC 7541 §6.2.2). */
static size_t
put_literal(unsigned char *to, unsigned char name, const char *value)
{
	size_t len = strlen(value);

	must(len < 127, "too long for one byte");
	to[0] = name;
	to[1] = (unsigned char)len;
	memcpy(to + 2, value, len);
	return len + 2;
}

/* The preface, our settings, the acknowledgement of the server's, and stream 1 (RFC 9113 §3.4). */
static void
ask_http2(struct visit *v, const struct job *job)
{
	static const char begin[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
				    "\0\0\0\4\0\0\0\0\0"
				    "\0\0\0\4\1\0\0\0\0";
	unsigned char bytes[512], *fields = bytes + sizeof begin - 1 + 9;
	size_t len = 2;

	fields[0] = 0x82; /* :method GET */
	fields[1] = 0x87; /* :scheme https */
	len += put_literal(fields + len, 0x04, job->path);
	len += put_literal(fields + len, 0x01, "localhost");
	memcpy(bytes, begin, sizeof begin - 1);
	/* HEADERS with END_STREAM and END_HEADERS */
	memcpy(fields - 9, (unsigned char[9]){0, 0, (unsigned char)len, 1, 5, 0, 0, 0, 1}, 9);
	len += sizeof begin - 1 + 9;
	must(SSL_write(v->ssl, bytes, (int)len) == (int)len, "no request");
}

static void
read_whole(struct visit *v, unsigned char *to, size_t len)
{
	size_t got;

	for (; len > 0; to += got, len -= got)
		must(read_some(v, (char *)to, len, &got), "no whole frame");
}

static void
read_answer_http2(struct visit *v, const struct job *job)
{
	static unsigned char payload[1 << 14];
	unsigned char head[9];
	bool ended = false;

	while (!ended) {
		read_whole(v, head, sizeof head);
		size_t len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
		must(len <= sizeof payload, "a frame that is too large");
		read_whole(v, payload, len);
		bool data = head[3] == 0;
		v->body += data ? len : 0;
		ended = (data || head[3] == 1) && (head[4] & 1) != 0;
	}
	must(v->body == job->size, "an answer of another size");
}

static void
visit(struct visit *v, const struct job *job)
{
	visit_open(v, job);
	(job->http2 ? ask_http2 : ask)(v, job);
	(job->http2 ? read_answer_http2 : read_answer)(v, job);
}

/* One visit that stays for its ticket. */
static SSL_SESSION *
obtain_session(struct job job)
{
	struct visit v;

	job.keep = true;
	visit(&v, &job);
	SSL_SESSION *session = SSL_get1_session(v.ssl);
	must(session != NULL && SSL_SESSION_is_resumable(session), "no ticket came");
	visit_close(&v);
	return session;
}

static void
visit_for(const struct job *job, double seconds, bool times)
{
	static uint32_t micros[TIMES_MAX];
	int64_t end = now_ns() + (int64_t)(seconds * 1e9);
	size_t count = 0, bytes = 0;
	char cipher[64] = "";
	struct visit v;

	do {
		visit(&v, job);
		snprintf(cipher, sizeof cipher, "%s", SSL_get_cipher_name(v.ssl));
		visit_close(&v);
		if (count < TIMES_MAX)
			micros[count] = (uint32_t)((v.first_byte - v.begun) / 1000);
		count++;
		bytes += v.body;
	} while (now_ns() < end);
	printf("count %zu\nbytes %zu\ncipher %s\n", count, bytes, cipher);
	for (size_t i = 0; times && i < count && i < TIMES_MAX; i++)
		printf("us %u\n", micros[i]);
}

static void
hold(struct job job, int count)
{
	char byte;

	job.keep = true;
	for (int i = 0; i < count; i++) {
		struct visit v;

		visit(&v, &job); /* never closed: the process's end does that */
	}
	printf("count %d\n", count);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

static SSL_CTX *
client_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	must(ctx != NULL, "no context");
	SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	/* Servers differ in whether they say close_notify; here they are all heard out alike. */
	SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
	return ctx;
}

int
main(int argc, char **argv)
{
	must(argc >= 6, "full|resumed|fetch|hold|hold2 SECONDS|COUNT PORT PATH SIZE [times]");
	struct job job = {.ctx = client_context(),
			  .port = (int)strtol(argv[3], NULL, 10),
			  .path = argv[4],
			  .size = strtoul(argv[5], NULL, 10),
			  .http2 = strcmp(argv[1], "hold2") == 0};

	if (strncmp(argv[1], "hold", 4) == 0) {
		hold(job, (int)strtol(argv[2], NULL, 10));
		return 0;
	}
	if (strcmp(argv[1], "resumed") == 0)
		job.session = obtain_session(job);
	visit_for(&job, strtod(argv[2], NULL), argc > 6 && strcmp(argv[6], "times") == 0);
	SSL_SESSION_free(job.session);
	SSL_CTX_free(job.ctx);
	return 0;
}
