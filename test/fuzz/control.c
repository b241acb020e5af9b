/*
 * Control's two sockets: clients that say anything and go at any time, answers that come late or
 * not at all, streams of events, and no room. The input is a script of steps, a byte each, with
 * what they need behind it. When all is over, nothing is left of it.
 */
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "fuzz.h"
#include "os/sock.h"
#include "role/control_private.h"

#define CLIENTS   4
#define JOBS      64
#define STEPS_MAX 400

static const char config_text[] = "state_dir /tmp\nlisten 8443\nadmin { listen 9443 }\n";

static struct {
	struct control control;
	struct sockaddr_un names[2]; /* by enum api_door */
	socklen_t sizes[2];
	int clients[CLIENTS]; /* -1: not there */
	struct job *jobs[JOBS];
	size_t job_count;
	bool full;
} server;

/* A pool that does nothing by itself. */

void
job_free(struct job *j)
{
	buf_wipe(&j->body);
	arena_free(j->memory);
	control_config_release(j->config);
	free(j);
}

void
pool_ask(struct pool *p, struct job *j)
{
	struct outcome busy = outcome_new(OUTCOME_BUSY, "there is no room");

	(void)p;
	check(j->request.body.len <= API_BODY_LARGE && j->request.field_count <= 128);
	if (!server.full && server.job_count < JOBS) {
		server.jobs[server.job_count++] = j;
		return;
	}
	api_refuse_request(j->memory, j->config->config, &j->request, busy, &j->answer);
	loop_post(server.control.loop, j->done, j);
}

void
pool_waiting(struct pool *p, uint64_t *fast, uint64_t *slow)
{
	(void)p;
	*fast = *slow = 0;
}

struct err
pool_new(struct control *c, struct pool **out)
{
	(void)c;
	*out = NULL;
	return ERR_NONE;
}

bool
pool_stop(struct pool *p, const struct timespec *until)
{
	(void)p;
	(void)until;
	return true;
}

void
pool_free(struct pool *p)
{
	(void)p;
}

/* One turn of the loop, in which all that is ready has its say. */
static void
stop(void *arg)
{
	loop_stop(arg);
}

static void
turn(void)
{
	loop_post(server.control.loop, stop, server.control.loop);
	loop_run(server.control.loop);
}

/* What a client does. */

static void
client_connect(size_t n, enum api_door door)
{
	if (server.clients[n] >= 0)
		return;
	server.clients[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	check(server.clients[n] >= 0);
	check(connect(server.clients[n], (struct sockaddr *)&server.names[door],
		      server.sizes[door]) == 0);
}

static void
client_close(size_t n)
{
	if (server.clients[n] >= 0)
		close(server.clients[n]);
	server.clients[n] = -1;
}

static void
client_say(size_t n, struct span bytes)
{
	if (server.clients[n] >= 0 && bytes.len > 0)
		(void)sock_write(server.clients[n], bytes.p, bytes.len);
}

static void
client_hear(size_t n, size_t most)
{
	static uint8_t bytes[1 << 16];

	if (server.clients[n] >= 0 && most > 0)
		(void)sock_read(server.clients[n], bytes,
				most < sizeof bytes ? most : sizeof bytes);
}

static const struct span requests[] = {
    SPAN_INIT("GET /api/v1/events HTTP/1.1\r\nHost: a\r\n\r\n"),
    SPAN_INIT("HEAD /api/v1/events HTTP/1.1\r\nHost: a\r\n\r\n"),
    SPAN_INIT("GET /api/v1/users HTTP/1.1\r\nHost: a\r\nX-Sallyport-Client: 192.0.2.1\r\n\r\n"),
    SPAN_INIT("POST /api/v1/users HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"),
    SPAN_INIT("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
    SPAN_INIT(
	"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2097153\r\n\r\n"),
    SPAN_INIT("GET / HTTP/1.0\r\n\r\n"),
    SPAN_INIT("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n"
	      "GET /c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
};

/* What a thread does. */

static void
answer_body(struct job *j, size_t size)
{
	uint8_t *body = arena_get(j->memory, size + 1);

	memset(body, 'b', size);
	j->answer.status = 200;
	j->answer.fields[0] = (struct field){SPAN_OF("content-type"), SPAN_OF("text/plain")};
	j->answer.field_count = 1;
	j->answer.body = span_of(body, size);
}

static void
answer_one(size_t which, uint8_t how)
{
	static const unsigned statuses[] = {200, 204, 304, 409, 201};
	struct job *j;

	if (server.job_count == 0)
		return;
	which %= server.job_count;
	j = server.jobs[which];
	server.jobs[which] = server.jobs[--server.job_count];
	j->answer = (struct api_answer){.status = statuses[how % COUNT(statuses)]};
	if ((how & 0xC0) == 0x40)
		j->answer = (struct api_answer){.status = 200, .events = true};
	else if ((how & 0xC0) == 0x80)
		answer_body(j, (size_t)(how & 0x3F) << 12);
	else if ((how & 0xE0) == 0xC0)
		j->answer.unknown = true;
	else if ((how & 0xE0) == 0xE0)
		api_refuse_request(j->memory, j->config->config, &j->request,
				   outcome_new(OUTCOME_TAKEN, "it is there"), &j->answer);
	loop_post(server.control.loop, j->done, j);
}

/* The script. */

static uint8_t
next_byte(struct span *script)
{
	uint8_t byte = script->len > 0 ? script->p[0] : 0;

	*script = span_tail(*script, 1);
	return byte;
}

static void
happen(uint8_t what)
{
	static const enum access_event events[] = {EVENT_USER, EVENT_SESSION, EVENT_BAN,
						   EVENT_TOKEN, EVENT_CONFIG};

	events_happened(&server.control, events[what % COUNT(events)], what % 3 - 1);
}

static void
half_close(size_t n, uint8_t how)
{
	if (server.clients[n] >= 0)
		shutdown(server.clients[n], how % 2 == 0 ? SHUT_WR : SHUT_RD);
}

/* What to do, for which client, and in the highest bit whether the loop sees it only later. */
static void
step(struct span *script)
{
	uint8_t op = next_byte(script);
	size_t n = (op >> 4) % CLIENTS;
	struct span bytes;

	switch (op & 0x0F) {
	case 0:
	case 1:
		client_connect(n, (op & 1) != 0 ? API_MACHINE : API_EDGE);
		break;
	case 2:
	case 3:
	case 4:
		client_say(n, requests[next_byte(script) % COUNT(requests)]);
		break;
	case 5:
		bytes = span_head(*script, next_byte(script));
		bytes = span_tail(bytes, 1);
		*script = span_tail(*script, bytes.len);
		client_say(n, bytes);
		break;
	case 6:
		client_hear(n, (size_t)next_byte(script) << 8);
		break;
	case 7:
		client_close(n);
		break;
	case 8:
		half_close(n, next_byte(script));
		break;
	case 9:
		server.full = !server.full;
		break;
	case 10:
		happen(next_byte(script));
		break;
	default:
		answer_one(op >> 4 & 7, next_byte(script));
		break;
	}
	if ((op & 0x80) == 0)
		turn();
}

/* By a name that the kernel finds, in no directory. */
static int
open_door(enum api_door door)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_un *at = &server.names[door];

	*at = (struct sockaddr_un){.sun_family = AF_UNIX};
	server.sizes[door] = sizeof *at;
	check(fd >= 0 && bind(fd, (struct sockaddr *)at, sizeof at->sun_family) == 0);
	check(listen(fd, 8) == 0);
	check(getsockname(fd, (struct sockaddr *)at, &server.sizes[door]) == 0);
	return fd;
}

static struct shared_config *
make_config(void)
{
	const struct config_defaults defaults = {.file = "/tmp/a.conf"};
	struct shared_config *made = MEM_NEW(struct shared_config);
	struct buf errors = buf_with_cap(4096);

	atomic_init(&made->refs, 1);
	made->config = config_read(SPAN_OF(config_text), &defaults, &errors);
	check(made->config != NULL);
	buf_free(&errors);
	return made;
}

static void
start(void)
{
	static struct shared_config *config;
	static struct numbers *numbers;
	struct control *c = &server.control;

	signal(SIGPIPE, SIG_IGN);
	memset(&server, 0, sizeof server);
	for (size_t i = 0; i < CLIENTS; i++)
		server.clients[i] = -1;
	if (config == NULL)
		config = make_config();
	if (numbers == NULL)
		numbers = numbers_new();
	c->config = config;
	c->numbers = numbers;
	list_init(&c->doors);
	list_init(&c->clients);
	list_init(&c->watchers);
	check(!failed(loop_new(&c->loop)));
	c->engine = calls_new(c, "the VPN engine", 0);
	c->tunnel = tunnel_line_new(c);
	for (enum api_door door = API_EDGE; door <= API_MACHINE; door++)
		check(!failed(doors_open(c, open_door(door), door)));
}

/* Answers that are under way find nobody; what is not answered by then was asked again in vain. */
static void
finish(void)
{
	struct control *c = &server.control;

	for (size_t i = 0; i < CLIENTS; i++)
		client_close(i);
	server.full = true;
	turn();
	while (server.job_count > 0)
		answer_one(0, 0);
	turn();
	turn();
	check(c->client_count == 0 && c->machine_count == 0 && list_empty(&c->clients));
	check(c->watcher_count == 0 && list_empty(&c->watchers));
	check(atomic_load(&c->config->refs) == 1);
	events_stop(c);
	tunnel_line_free(c->tunnel);
	calls_free(c->engine);
	doors_close(c);
	loop_free(c->loop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span script = span_of(data, size);

	start();
	for (unsigned i = 0; i < STEPS_MAX && script.len > 0; i++) {
		step(&script);
	}
	finish();
	return 0;
}
