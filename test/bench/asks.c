/*
 * A client for the benchmarks of control: asks by a Unix socket, on kept connections.
 *
 *   bench-asks SOCKET SECONDS CONNECTIONS STATUS FILE...
 *
 * Each FILE is one request as bytes; every connection sends them in turn, the next one once the
 * answer is there, which has to be of STATUS. Prints "count N", "ns N" for how long it took, and
 * "us N" for each: from its last byte sent to its answer's last byte. What was asked within
 * SECONDS is waited for.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define REQUEST_MAX     4096
#define ANSWER_MAX      (1 << 20)
#define TIMES_MAX       4000000

struct text {
	char bytes[REQUEST_MAX];
	size_t len;
};

struct connection {
	int fd;
	size_t next; /* request */
	char *answer;
	size_t len;
	int64_t asked; /* nanoseconds; 0: it rests */
};

static struct text *requests;
static size_t request_count;
static const char *wanted; /* status */
static uint32_t *times;    /* microseconds */
static size_t count;

static void
must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "bench-asks: %s\n", what);
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
read_requests(char **names, size_t n)
{
	requests = calloc(n, sizeof *requests);
	must(requests != NULL && n > 0, "no requests");
	for (; request_count < n; request_count++) {
		struct text *r = &requests[request_count];
		FILE *f = fopen(names[request_count], "rb");

		must(f != NULL, "a request cannot be read");
		r->len = fread(r->bytes, 1, sizeof r->bytes, f);
		must(r->len > 0 && r->len < sizeof r->bytes, "a request is too long");
		fclose(f);
	}
}

static void
open_connection(struct connection *c, const char *path, size_t first)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	must(strlen(path) < sizeof to.sun_path, "too long a path");
	memcpy(to.sun_path, path, strlen(path));
	*c = (struct connection){.fd = socket(AF_UNIX, SOCK_STREAM, 0),
				 .next = first % request_count,
				 .answer = malloc(ANSWER_MAX + 1)};
	must(c->fd >= 0 && c->answer != NULL, "no memory");
	must(connect(c->fd, (struct sockaddr *)&to, sizeof to) == 0, "nobody listens");
}

static void
ask(struct connection *c)
{
	const struct text *r = &requests[c->next];

	must(write(c->fd, r->bytes, r->len) == (ssize_t)r->len, "a request was not taken");
	c->next = (c->next + 1) % request_count;
	c->len = 0;
	c->asked = now_ns();
}

/* Whether the answer is whole. */
static bool
is_whole(struct connection *c)
{
	char *end, *length;

	c->answer[c->len] = '\0';
	end = strstr(c->answer, "\r\n\r\n");
	if (end == NULL)
		return false;
	length = strcasestr(c->answer, "\r\ncontent-length: ");
	must(length != NULL && length < end, "an answer without its length");
	return c->len >= (size_t)(end + 4 - c->answer) + strtoul(length + 18, NULL, 10);
}

static void
take_answer(struct connection *c)
{
	ssize_t n = read(c->fd, c->answer + c->len, ANSWER_MAX - c->len);

	must(n > 0, "an answer broke off");
	c->len += (size_t)n;
	if (!is_whole(c))
		return;
	if (strncmp(c->answer + strlen("HTTP/1.1 "), wanted, 3) != 0) {
		fprintf(stderr, "%.2000s\n", c->answer);
		must(false, "an answer of another status");
	}
	must(count < TIMES_MAX, "too many answers");
	times[count++] = (uint32_t)((now_ns() - c->asked) / 1000);
	c->asked = 0;
}

/* Until `end`, and then until all has been answered. */
static void
run(struct connection *all, size_t n, int64_t end)
{
	struct pollfd polled[CONNECTIONS_MAX];
	size_t asked = 0;

	do {
		bool over = now_ns() >= end;

		asked = 0;
		for (size_t i = 0; i < n; i++) {
			if (all[i].asked == 0 && !over)
				ask(&all[i]);
			polled[i] = (struct pollfd){all[i].fd, POLLIN, 0};
			asked += all[i].asked != 0;
		}
		must(asked == 0 || poll(polled, n, -1) >= 0 || errno == EINTR, "poll");
		for (size_t i = 0; i < n && asked > 0; i++)
			if (polled[i].revents != 0)
				take_answer(&all[i]);
	} while (asked > 0);
}

int
main(int argc, char **argv)
{
	static struct connection all[CONNECTIONS_MAX];
	size_t n;
	int64_t begun;

	must(argc >= 6, "bench-asks SOCKET SECONDS CONNECTIONS STATUS FILE...");
	n = strtoul(argv[3], NULL, 10);
	must(n > 0 && n <= CONNECTIONS_MAX, "too many connections");
	wanted = argv[4];
	times = malloc(TIMES_MAX * sizeof *times);
	must(times != NULL, "no memory");
	read_requests(argv + 5, (size_t)argc - 5);
	for (size_t i = 0; i < n; i++)
		open_connection(&all[i], argv[1], i);
	begun = now_ns();
	run(all, n, begun + strtoll(argv[2], NULL, 10) * 1000000000);
	printf("count %zu\nns %lld\n", count, (long long)(now_ns() - begun));
	for (size_t i = 0; i < count; i++)
		printf("us %u\n", times[i]);
	return 0;
}
