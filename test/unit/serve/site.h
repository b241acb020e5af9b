/*
 * A site in a directory of its own, and requests to it through h1, in memory: what
 * comes back is the bytes that a client would see.
 */
#ifndef TEST_SERVE_SITE_H
#define TEST_SERVE_SITE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"
#include "http/h1.h"
#include "http/pool.h"
#include "os/fs.h"
#include "serve/encode.h"
#include "serve/policy.h"
#include "serve/serve.h"

#define SITE_LARGE 300000

struct site_test {
	char dir[64];
	struct config *config;
	int roots[1];
	struct serve serve;
	struct client client;
	struct http_settings settings;
	struct http_session *h1;
	struct buf out;
	bool plain;
};

static int64_t site_now; /* what the clock says */

static inline int64_t
site_clock(void)
{
	return site_now;
}

static inline int64_t
site_now_ms(void *owner)
{
	(void)owner;
	return site_now;
}

static inline void
site_request(struct exchange *ex, void *owner)
{
	struct site_test *t = owner;

	if (t->plain)
		serve_plain(&t->serve, ex);
	else
		serve_secure(&t->serve, ex);
}

static const struct http_host site_host = {site_request, host_over, host_output, host_date,
					   site_now_ms};

/* Writes a file below the test's directory; `when` is its time of modification. */
static inline void
site_write(const struct site_test *t, const char *name, struct span bytes, int64_t when)
{
	char path[256];
	struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};

	snprintf(path, sizeof path, "%s/%s", t->dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, bytes.p, bytes.len) != (ssize_t)bytes.len ||
	    futimens(fd, times) != 0)
		abort();
	close(fd);
}

static inline const char *
site_path(const struct site_test *t, const char *name)
{
	static char path[256];

	snprintf(path, sizeof path, "%s/%s", t->dir, name);
	return path;
}

static inline void
site_connect(struct site_test *t)
{
	session_free(t->h1);
	t->h1 = h1_new(&site_host, t, &t->settings, &t->client);
}

static inline struct config *
site_read(struct buf *text)
{
	const struct config_defaults defaults = {.file = "/etc/test.conf"};
	struct buf errors = buf_with_cap(4096);
	struct config *c = config_read(buf_span(text), &defaults, &errors);

	if (c == NULL)
		fprintf(stderr, "%.*s", (int)buf_len(&errors), (const char *)errors.data);
	buf_free(text);
	buf_free(&errors);
	return c;
}

static inline struct config *
site_configure(const char *dir)
{
	struct buf text = buf_with_cap(4096);

	if (!buf_printf(&text,
			"state_dir /tmp\n"
			"site one.example www.one.example {\n	index index.html index.htm\n"
			"	certificate self-signed\n	root %s\n}\n"
			"site two.example {\n"
			"	certificate self-signed\n"
			"	route /only { root %s }\n	route /sub/* { root %s }\n}\n"
			"site open.example {\n"
			"	certificate self-signed\n	plain_http on\n	root %s\n}\n",
			dir, dir, dir, dir))
		abort();
	return site_read(&text);
}

static inline void
site_start(struct site_test *t)
{
	*t = (struct site_test){.dir = "/tmp/serve-test-XXXXXX"};
	if (mkdtemp(t->dir) == NULL || chmod(t->dir, 0755) != 0)
		abort();
	/* Not fs_root_open(): a private mount would not show what is mounted or made later. */
	t->roots[0] = open(t->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	t->config = site_configure(t->dir);
	if (t->config == NULL)
		abort();
	site_now = 1000000;
	t->serve = (struct serve){.config = t->config,
				  .policies = policies_new(t->config),
				  .roots = t->roots,
				  .acme_root = -1,
				  .files = serve_files_new(8, 256 * 1024),
				  .redirect_port = 443,
				  .now_ms = site_clock};
	t->settings =
	    (struct http_settings){.header_bytes = 4096, .header_fields = 50, .body_bytes = 1000};
	t->client = (struct client){.secure = true, .server_name = SPAN_OF("one.example")};
	t->out = buf_with_cap(4u << 20);
	site_connect(t);
}

/* In place of the usual sites: one.example, with these lines, on the same directory. */
static inline void
site_use(struct site_test *t, const char *lines)
{
	struct buf text = buf_with_cap(4096);

	session_free(t->h1);
	t->h1 = NULL;
	policies_free(t->serve.policies);
	config_free(t->config);
	if (!buf_printf(&text,
			"state_dir /tmp\nsite one.example {\n	certificate self-signed\n"
			"	root %s\n%s\n}\n",
			t->dir, lines))
		abort();
	if ((t->config = site_read(&text)) == NULL)
		abort();
	t->serve.config = t->config;
	t->serve.policies = policies_new(t->config);
	serve_files_forget(t->serve.files);
}

static inline void
site_end(struct site_test *t)
{
	char command[128];

	session_free(t->h1);
	serve_files_free(t->serve.files);
	policies_free(t->serve.policies);
	config_free(t->config);
	buf_free(&t->out);
	close(t->roots[0]);
	snprintf(command, sizeof command, "chmod -R u+rwx %s; rm -rf %s", t->dir, t->dir);
	if (system(command) != 0)
		abort();
	pool_thread_end();
	encode_thread_end();
}

/* The end of a group of tests: what its setup made with calloc(). */
static inline int
site_teardown(void **state)
{
	site_end(*state);
	free(*state);
	return 0;
}

/* Sends what there is, then asks for more; `out` has it all, with a NUL after it. */
static inline const char *
site_collect(struct site_test *t)
{
	struct buf *out = session_output(t->h1);

	while (buf_len(out) > 0) {
		if (!buf_append(&t->out, buf_span(out)))
			abort();
		buf_taken(out, buf_len(out));
		session_sent(t->h1);
	}
	uint8_t *end = buf_room(&t->out, 1);
	if (end == NULL)
		abort();
	*end = '\0';
	return (const char *)buf_span(&t->out).p;
}

/* The whole answer to a request of this head, on a connection of its own. */
static inline const char *
site_ask(struct site_test *t, const char *head)
{
	site_connect(t);
	buf_taken(&t->out, buf_len(&t->out));
	(void)session_receive(t->h1, span_str(head));
	return site_collect(t);
}

/* "METHOD TARGET", and other fields, each with its CRLF. */
static inline const char *
site_get(struct site_test *t, const char *what, const char *fields)
{
	char head[2048];

	snprintf(head, sizeof head, "%s HTTP/1.1\r\nHost: one.example\r\n%s\r\n", what, fields);
	return site_ask(t, head);
}

static inline unsigned
site_status(const char *answer)
{
	return strlen(answer) > 12 ? (unsigned)atoi(answer + 9) : 0;
}

/* The value of a field into `value`; "" when there is none. */
static inline const char *
site_field(const char *answer, const char *name)
{
	static char value[256];
	char line[64];

	value[0] = '\0';
	snprintf(line, sizeof line, "\r\n%s: ", name);
	const char *at = strstr(answer, line);
	if (at != NULL)
		snprintf(value, sizeof value, "%.*s", (int)strcspn(at + strlen(line), "\r"),
			 at + strlen(line));
	return value;
}

static inline const char *
site_body(const char *answer)
{
	const char *end = strstr(answer, "\r\n\r\n");

	return end != NULL ? end + 4 : "";
}

#endif
