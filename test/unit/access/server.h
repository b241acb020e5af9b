/*
 * A server of this test's own on loopback, in a thread: it answers as it is told and keeps what it
 * was sent. HTTP or SMTP, with TLS from the start, by STARTTLS, or not at all.
 */
#ifndef TEST_ACCESS_SERVER_H
#define TEST_ACCESS_SERVER_H

#include "unit.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "tls/issue.h"

enum server_kind { SERVER_HTTP, SERVER_SMTP };
enum server_tls { SERVER_PLAIN, SERVER_TLS, SERVER_STARTTLS };

struct server {
	enum server_kind kind;
	enum server_tls tls;
	int status;         /* of HTTP; of SMTP for RCPT */
	const char *fields; /* more of HTTP's answer, each with its line end */
	int listener;
	unsigned port;
	pthread_t thread;
	SSL_CTX *context;
	char authority[4096]; /* PEM of its certificate, which signs itself */
	unsigned connections, plain_auths;
	char got[65536];
	size_t got_len;
};

/* One client. */
struct served {
	struct server *server;
	int fd;
	SSL *ssl;
};

static inline bool
served_read(struct served *c, char *byte)
{
	ssize_t n = c->ssl != NULL ? SSL_read(c->ssl, byte, 1) : read(c->fd, byte, 1);

	if (n != 1 || c->server->got_len + 1 >= sizeof c->server->got)
		return false;
	c->server->got[c->server->got_len++] = *byte;
	return true;
}

static inline void
served_say(struct served *c, const char *text)
{
	size_t len = strlen(text);
	ssize_t n = c->ssl != NULL ? SSL_write(c->ssl, text, (int)len)
				   : send(c->fd, text, len, MSG_NOSIGNAL);

	(void)n;
}

static inline bool
served_line(struct served *c, char *line, size_t size)
{
	size_t n = 0;

	for (char byte = 0; byte != '\n'; line[n] = '\0') {
		if (n + 1 >= size || !served_read(c, &byte))
			return false;
		line[n++] = byte;
	}
	return true;
}

static inline bool
served_tls(struct served *c)
{
	c->ssl = SSL_new(c->server->context);
	return SSL_set_fd(c->ssl, c->fd) == 1 && SSL_accept(c->ssl) == 1;
}

static inline void
serve_http(struct served *c)
{
	size_t length = 0;
	char line[4096], byte;

	do {
		if (!served_line(c, line, sizeof line))
			return;
		if (sscanf(line, "Content-Length: %zu", &length) == 1)
			continue;
	} while (strcmp(line, "\r\n") != 0);
	while (length-- > 0)
		if (!served_read(c, &byte))
			return;
	snprintf(line, sizeof line,
		 "HTTP/1.1 %d X\r\n%sContent-Length: 0\r\nConnection: close\r\n\r\n",
		 c->server->status, c->server->fields != NULL ? c->server->fields : "");
	served_say(c, line);
}

/* False: it is over. */
static inline bool
serve_command(struct served *c, const char *line)
{
	bool offers = c->server->tls == SERVER_STARTTLS && c->ssl == NULL;
	char answer[64];

	if (strncmp(line, "EHLO", 4) == 0) {
		served_say(c, offers ? "250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"
				     : "250-test\r\n250 AUTH PLAIN\r\n");
	} else if (strncmp(line, "STARTTLS", 8) == 0) {
		served_say(c, "220 go\r\n");
		return served_tls(c);
	} else if (strncmp(line, "AUTH", 4) == 0) {
		char secret[256];

		c->server->plain_auths += c->ssl == NULL;
		served_say(c, "334 \r\n");
		if (!served_line(c, secret, sizeof secret))
			return false;
		served_say(c, "235 yes\r\n");
	} else if (strncmp(line, "RCPT", 4) == 0) {
		snprintf(answer, sizeof answer, "%d so\r\n", c->server->status);
		served_say(c, answer);
	} else if (strncmp(line, "DATA", 4) == 0) {
		char text[4096] = "";

		served_say(c, "354 send\r\n");
		while (strcmp(text, ".\r\n") != 0)
			if (!served_line(c, text, sizeof text))
				return false;
		served_say(c, "250 taken\r\n");
	} else {
		served_say(c, "250 fine\r\n");
	}
	return strncmp(line, "QUIT", 4) != 0;
}

static inline void
serve_smtp(struct served *c)
{
	char line[4096];

	served_say(c, "220 test\r\n");
	while (served_line(c, line, sizeof line) && serve_command(c, line))
		;
}

static inline void *
server_work(void *arg)
{
	struct server *s = arg;

	for (;;) {
		struct served c = {.server = s, .fd = accept(s->listener, NULL, NULL)};

		if (c.fd < 0)
			return NULL;
		s->connections++;
		if (s->tls != SERVER_TLS || served_tls(&c)) {
			if (s->kind == SERVER_HTTP)
				serve_http(&c);
			else
				serve_smtp(&c);
		}
		SSL_free(c.ssl);
		close(c.fd);
	}
}

static inline void
server_certify(struct server *s)
{
	static const char *const names[] = {"localhost", NULL};
	struct buf key = buf_with_cap(8192), der = buf_with_cap(8192), pem = buf_with_cap(4095);
	const struct issue_request request = {.use = ISSUE_SERVER,
					      .name = "localhost",
					      .dns_names = names,
					      .not_before = clock_wall_ms() - 3600000,
					      .not_after = clock_wall_ms() + 3600000};
	char serial[ISSUE_SERIAL_MAX];

	assert_ok(issue_make_key(ISSUE_P256, &key));
	assert_ok(issue_certificate(&request, buf_span(&key), &der, serial));
	assert_true(issue_put_pem(&pem, "CERTIFICATE", buf_span(&der)));
	memcpy(s->authority, buf_span(&pem).p, buf_len(&pem));
	s->context = SSL_CTX_new(TLS_server_method());
	const unsigned char *at = buf_span(&key).p;
	EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &at, (long)buf_len(&key));
	assert_int_equal(
	    1, SSL_CTX_use_certificate_ASN1(s->context, (int)buf_len(&der), buf_span(&der).p));
	assert_int_equal(1, SSL_CTX_use_PrivateKey(s->context, pkey));
	EVP_PKEY_free(pkey);
	buf_wipe(&key);
	buf_free(&der);
	buf_free(&pem);
}

static inline void
server_begin(struct server *s, enum server_kind kind, enum server_tls tls)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof at;

	/* As control does, whose part is tested: OpenSSL has no MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	*s = (struct server){.kind = kind, .tls = tls, .status = kind == SERVER_HTTP ? 204 : 250};
	if (tls != SERVER_PLAIN)
		server_certify(s);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(0, bind(s->listener, (struct sockaddr *)&at, sizeof at));
	assert_int_equal(0, listen(s->listener, 16));
	assert_int_equal(0, getsockname(s->listener, (struct sockaddr *)&at, &len));
	s->port = ntohs(at.sin_port);
	assert_int_equal(0, pthread_create(&s->thread, NULL, server_work, s));
}

/* After it, what the server got is safe to look at. */
static inline void
server_end(struct server *s)
{
	shutdown(s->listener, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->listener);
	SSL_CTX_free(s->context);
	s->got[s->got_len] = '\0';
}

#endif
