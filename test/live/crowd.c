/*
 * crowd SERVER:PORT DIRECTORY COUNT: so many clients of the VPN by UDP, in one process.
 *
 * Client N has the profile DIRECTORY/N.ovpn and the address 10.200.x.y, x = N % 256 and
 * y = N / 256 + 1: one of 256 networks, as a server counts them. All share a socket that sends from
 * each of these, so they must be local: ip route add local 10.200.0.0/16 dev lo.
 *
 * A line of standard input is a task, "TASK AT_ONCE", which all do, so many at a time; when all
 * are through, a line of JSON says how it went:
 *
 *   connect   comes in; who is told to come again does, a second later
 *   echo      sends a ping through the tunnel, and has its answer
 *   rekey     begins another key; and by that, echo
 *   renewed   waits for the server to begin another key; and by that, echo
 *   look      does nothing
 *
 * Meanwhile they keep their tunnels alive. Whoever is told to go, or hears nothing for as long as
 * it was told is too long, is lost for good, and counted in each answer with why the first was.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/mem.h"
#include "client.h"
#include "os/datagram.h"
#include "os/fs.h"
#include "os/loop.h"
#include "vpn/checksum.h"

#define PORT       40000
#define COUNT_MAX  (256 * 254)
#define PROFILE    (64 << 10)
#define SWEEP_MS   100
#define AGAIN_MS   1000  /* until a ping is taken for lost, or one comes again */
#define PATIENCE   90000 /* that one may take for a task */
#define ECHO_REQ   8
#define PING_BYTES 36 /* of IP, with 8 inside */

enum how { WAITS, AT_IT, DONE, FAILED };

struct member {
	struct client c;
	struct address from;
	struct engine_context *context;
	struct buf wrapped;
	enum how how;  /* its task is */
	int64_t begun; /* the task, in ms; and what follows */
	int64_t heard, sent, asked, comes_again;
	int64_t ping_ms, silence_ms; /* as the server told it; 0: it is not up yet */
	uint8_t inside[4], gateway[4];
	unsigned echoes, key; /* asked; its key's number before the task */
	bool answered, gone;  /* the ping; gone is gone */
};

struct task {
	const char *name;
	void (*begin)(struct member *m, int64_t now);
	void (*go_on)(struct member *m, int64_t now); /* after each packet, and now and then */
};

static struct {
	struct loop *loop;
	struct timer sweep;
	struct watch socket, input;
	struct datagrams *datagrams;
	struct address server;
	struct tls_library *tls;
	struct member *members;
	size_t count;
	const struct task *task; /* NULL: none */
	size_t next, at_it, at_most, done, failed;
	int64_t began, slowest;
	char why[128]; /* the first was lost; empty: nobody was */
} crowd;

static void
must(bool good, const char *why)
{
	if (good)
		return;
	fprintf(stderr, "crowd: %s\n", why);
	exit(1);
}

static void
must_work(struct err e)
{
	must(!failed(e), e.text);
}

/* --- their profiles */

/* What stands between <NAME> and </NAME>. */
static struct span
part_of(const struct buf *profile, const char *name)
{
	char begin[32], end[32];
	struct span all = buf_span(profile);
	const uint8_t *from, *to;

	snprintf(begin, sizeof begin, "<%s>\n", name);
	snprintf(end, sizeof end, "</%s>", name);
	from = memmem(all.p, all.len, begin, strlen(begin));
	to = memmem(all.p, all.len, end, strlen(end));
	must(from != NULL && to != NULL && from < to, "a profile lacks a part");
	from += strlen(begin);
	return span_of(from, (size_t)(to - from));
}

/* The base64 between the lines of a PEM file. */
static struct span
inside_pem(struct span pem)
{
	struct span body = span_tail(pem, span_find(pem, '\n') + 1);
	const uint8_t *end = memmem(body.p, body.len, "-----END", 8);

	must(end != NULL, "a profile's key is none");
	return span_head(body, (size_t)(end - body.p));
}

static void
read_profile(struct member *m, const char *directory, size_t number)
{
	struct buf text = buf_with_cap(PROFILE);
	char path[512];

	snprintf(path, sizeof path, "%s/%zu.ovpn", directory, number);
	must_work(fs_read_path(path, &text));
	const struct engine_material own = {part_of(&text, "ca"), part_of(&text, "cert"),
					    part_of(&text, "key")};
	must_work(engine_context_new(crowd.tls, &own, false, &m->context));
	m->wrapped = buf_with_cap(PROFILE);
	must(base64_read(inside_pem(part_of(&text, "tls-crypt-v2")), &m->wrapped) &&
		 buf_len(&m->wrapped) > WRAP_KEYS,
	     "a profile's key cannot be read");
	buf_wipe(&text);
}

static void
send_packet(void *owner, struct span packet)
{
	struct member *m = owner;

	m->sent = clock_wall_ms();
	datagram_send(crowd.socket.fd, packet, &crowd.server, &m->from);
}

static void
make_member(size_t number, const char *directory)
{
	struct member *m = &crowd.members[number];
	const uint8_t ip[] = {10, 200, (uint8_t)(number % 256), (uint8_t)(number / 256 + 1)};

	m->from = address_v4(ip, 0);
	read_profile(m, directory, number);
}

/* --- what becomes of them */

static void
conclude(struct member *m, enum how how, int64_t now)
{
	int64_t took = now - m->begun;

	m->how = how;
	crowd.at_it--;
	crowd.done += how == DONE;
	crowd.failed += how == FAILED;
	if (took > crowd.slowest)
		crowd.slowest = took;
}

static void
lose(struct member *m, const char *why, int64_t now)
{
	if (m->gone)
		return;
	m->gone = true;
	if (crowd.why[0] == '\0')
		snprintf(crowd.why, sizeof crowd.why, "%s", why);
	if (m->how == AT_IT)
		conclude(m, FAILED, now);
}

/* Told to go: a token may have any of these words in it. */
static const char *
end_told(const struct client *c)
{
	static const char *const ends[] = {"AUTH_FAILED", "RESTART", "HALT"};
	struct span all = buf_span(&c->told);

	for (; all.len > 0; all = span_tail(all, span_find(all, '\0') + 1))
		for (size_t i = 0; i < COUNT(ends); i++)
			if (span_starts_with(all, span_str(ends[i])))
				return ends[i];
	return NULL;
}

/* As a stock client judges it. */
static const char *
fault_of(const struct member *m, int64_t now)
{
	const struct client_key *const keys[] = {m->c.now, m->c.next};
	const char *end = end_told(&m->c);

	if (end != NULL)
		return end;
	for (size_t i = 0; i < COUNT(keys); i++)
		if (keys[i] != NULL && keys[i]->state == ENGINE_FAILED)
			return engine_why(keys[i]->tls);
	if (m->silence_ms > 0 && now - m->heard > m->silence_ms)
		return "nothing was heard";
	return NULL;
}

/* --- the tasks */

static int64_t
told_seconds(const struct client *c, const char *option)
{
	struct span all = buf_span(&c->told);
	const char *at = memmem(all.p, all.len, option, strlen(option));

	return at != NULL ? strtol(at + strlen(option), NULL, 10) * SECOND_MS : 0;
}

static void
told_address(const struct client *c, const char *option, uint8_t out[4])
{
	struct span all = buf_span(&c->told);
	const uint8_t *at = memmem(all.p, all.len, option, strlen(option));
	struct address a;

	must(at != NULL, "no address was told");
	struct span rest = span_tail(all, (size_t)(at - all.p) + strlen(option));
	size_t end = 0;
	while (end < rest.len && (rest.p[end] == '.' || (rest.p[end] >= '0' && rest.p[end] <= '9')))
		end++;
	must(address_parse_ip(span_head(rest, end), &a) && a.family == 4, "no address was told");
	span_put(out, span_of(a.ip, 4));
}

static void
begin_connect(struct member *m, int64_t now)
{
	m->c = (struct client){
	    .script = {.proto = CLIENT_PROTO, .ciphers = "AES-256-GCM:CHACHA20-POLY1305"},
	    .context = m->context,
	    .wrapped = span_tail(buf_span(&m->wrapped), WRAP_KEYS),
	    .send = send_packet,
	    .owner = m};
	memcpy(m->c.keys, buf_span(&m->wrapped).p, WRAP_KEYS);
	client_open(&m->c);
	client_tell_resends(&m->c, now);
	client_start(&m->c, now);
}

static void
go_on_connecting(struct member *m, int64_t now)
{
	if (!m->c.up)
		return;
	m->heard = now;
	m->ping_ms = told_seconds(&m->c, ",ping ");
	m->silence_ms = told_seconds(&m->c, ",ping-restart ");
	told_address(&m->c, ",ifconfig ", m->inside);
	told_address(&m->c, ",route-gateway ", m->gateway);
	buf_free(&m->c.told);
	conclude(m, DONE, now);
}

static void
put_sum(uint8_t *to, const uint8_t *bytes, size_t len)
{
	checksum_put(to, (uint16_t)~checksum_fold(checksum_add(0, bytes, len)));
}

/* RFC 792. */
static void
ask(struct member *m, int64_t now)
{
	uint8_t packet[DATA_HEAD + PING_BYTES] = {0}, *ip = packet + DATA_HEAD, *icmp = ip + 20;

	ip[0] = 0x45;
	ip[3] = PING_BYTES;
	ip[8] = 64;
	ip[9] = IPPROTO_ICMP;
	span_put(ip + 12, span_of(m->inside, 4));
	span_put(ip + 16, span_of(m->gateway, 4));
	put_sum(ip + 10, ip, 20);
	icmp[0] = ECHO_REQ;
	icmp[6] = (uint8_t)(++m->echoes >> 8);
	icmp[7] = (uint8_t)m->echoes;
	put_sum(icmp + 2, icmp, PING_BYTES - 20);
	m->asked = now;
	client_send_data(&m->c, m->c.now, ip, PING_BYTES);
}

static bool
is_answer(const struct member *m, struct span inner)
{
	return inner.len == PING_BYTES && inner.p[9] == IPPROTO_ICMP && inner.p[20] == 0 &&
	       memcmp(inner.p + 12, m->gateway, 4) == 0 &&
	       memcmp(inner.p + 16, m->inside, 4) == 0 &&
	       (unsigned)(inner.p[26] << 8 | inner.p[27]) == (m->echoes & 0xffff);
}

static void
begin_echo(struct member *m, int64_t now)
{
	m->answered = false;
	ask(m, now);
}

static void
go_on_asking(struct member *m, int64_t now)
{
	if (m->answered)
		conclude(m, DONE, now);
	else if (now - m->asked >= AGAIN_MS)
		ask(m, now);
}

static void
begin_renewed(struct member *m, int64_t now)
{
	(void)now;
	m->answered = false;
	m->asked = 0;
}

static void
begin_rekey(struct member *m, int64_t now)
{
	m->answered = false;
	m->asked = 0;
	if (m->c.next == NULL)
		client_rekey(&m->c, now);
}

/* By the new key alone is it asked. */
static void
go_on_renewing(struct member *m, int64_t now)
{
	if (m->c.now->id != m->key)
		go_on_asking(m, now);
}

static void
begin_nothing(struct member *m, int64_t now)
{
	conclude(m, DONE, now);
}

static const struct task tasks[] = {
    {"connect", begin_connect, go_on_connecting},
    {"echo", begin_echo, go_on_asking},
    {"rekey", begin_rekey, go_on_renewing},
    {"renewed", begin_renewed, go_on_renewing},
    {"look", begin_nothing, NULL},
};

static void
begin(struct member *m, int64_t now)
{
	m->how = AT_IT;
	m->begun = now;
	m->key = m->c.now != NULL ? m->c.now->id : 0;
	crowd.at_it++;
	if (m->gone)
		conclude(m, FAILED, now);
	else
		crowd.task->begin(m, now);
}

static void
answer(int64_t now)
{
	size_t lost = 0;

	for (size_t i = 0; i < crowd.count; i++)
		lost += crowd.members[i].gone;
	printf("{\"done\": %zu, \"failed\": %zu, \"ms\": %lld, \"slowest_ms\": %lld, "
	       "\"lost\": %zu, \"why\": \"%s\"}\n",
	       crowd.done, crowd.failed, (long long)(now - crowd.began), (long long)crowd.slowest,
	       lost, crowd.why);
	fflush(stdout);
	crowd.task = NULL;
}

/* As many at a time as may be. */
static void
go_on(int64_t now)
{
	if (crowd.task == NULL)
		return;
	while (crowd.at_it < crowd.at_most && crowd.next < crowd.count)
		begin(&crowd.members[crowd.next++], now);
	if (crowd.next == crowd.count && crowd.at_it == 0)
		answer(now);
}

/* Who is not in yet, and is told to come again. */
static bool
leaves_for_now(struct member *m, int64_t now)
{
	const char *end = m->c.up ? NULL : end_told(&m->c);

	if (end == NULL || strcmp(end, "RESTART") != 0)
		return false;
	client_close(&m->c);
	m->comes_again = now + AGAIN_MS;
	return true;
}

static void
look_at(struct member *m, int64_t now)
{
	const char *fault;

	if (leaves_for_now(m, now))
		return;
	if (!m->gone && (fault = fault_of(m, now)) != NULL)
		lose(m, fault, now);
	if (m->how == AT_IT)
		crowd.task->go_on(m, now);
	if (m->how == AT_IT && now - m->begun > PATIENCE)
		conclude(m, FAILED, now);
}

/* --- packets and time */

static struct member *
member_of(const struct address *local)
{
	size_t number = (size_t)(local->ip[3] - 1) * 256 + local->ip[2];

	return local->ip[3] > 0 && number < crowd.count ? &crowd.members[number] : NULL;
}

static void
take(const struct datagram *d, int64_t now)
{
	struct member *m = member_of(&d->local);

	if (m == NULL || m->gone || m->c.now == NULL || d->len == 0)
		return;
	unsigned before = m->c.received + m->c.datas, id = wire_key_id(d->bytes[0]);
	struct span inner = client_receive(&m->c, d->bytes, d->len, now);
	if (m->c.received + m->c.datas != before)
		m->heard = now;
	if (id == m->c.now->id && is_answer(m, inner))
		m->answered = true;
	look_at(m, now);
}

static void
socket_ready(struct watch *w, uint32_t events)
{
	const struct datagram *list;
	size_t n;

	(void)events;
	while ((n = datagrams_receive(crowd.datagrams, w->fd, &list)) > 0) {
		int64_t now = clock_wall_ms();

		for (size_t i = 0; i < n; i++)
			take(&list[i], now);
		go_on(now);
	}
}

static void
keep_alive(struct member *m, int64_t now)
{
	uint8_t packet[DATA_HEAD + sizeof data_ping];

	if (m->ping_ms == 0 || now - m->sent < m->ping_ms)
		return;
	span_put(packet + DATA_HEAD, span_of(data_ping, sizeof data_ping));
	client_send_data(&m->c, m->c.now, packet + DATA_HEAD, sizeof data_ping);
}

static void
sweep(struct timer *t)
{
	int64_t now = clock_wall_ms();

	timer_set(crowd.loop, t, SWEEP_MS, sweep);
	for (size_t i = 0; i < crowd.count; i++) {
		struct member *m = &crowd.members[i];

		if (m->comes_again != 0 && now >= m->comes_again) {
			m->comes_again = 0;
			begin_connect(m, now);
		}
		if (m->c.now == NULL || m->gone)
			continue;
		client_flush(&m->c, now);
		keep_alive(m, now);
		look_at(m, now);
	}
	go_on(now);
}

static void
input_ready(struct watch *w, uint32_t events)
{
	char line[128], name[16];
	int64_t now = clock_wall_ms();

	(void)w;
	(void)events;
	if (fgets(line, sizeof line, stdin) == NULL)
		exit(0);
	crowd.next = crowd.at_it = crowd.done = crowd.failed = 0;
	crowd.began = now;
	crowd.slowest = 0;
	must(crowd.task == NULL && sscanf(line, "%15s %zu", name, &crowd.at_most) == 2 &&
		 crowd.at_most > 0,
	     "no such line");
	for (size_t i = 0; i < COUNT(tasks); i++)
		if (strcmp(tasks[i].name, name) == 0)
			crowd.task = &tasks[i];
	must(crowd.task != NULL, "no such task");
	go_on(now);
}

int
main(int argc, char **argv)
{
	const uint8_t anywhere[4] = {0};
	struct address at = address_v4(anywhere, PORT);
	int fd;

	must(argc == 4 && address_parse(span_str(argv[1]), &crowd.server) &&
		 (crowd.count = strtoul(argv[3], NULL, 10)) <= COUNT_MAX,
	     "crowd SERVER:PORT DIRECTORY COUNT");
	must_work(loop_new(&crowd.loop));
	must_work(datagram_open(&at, &fd));
	must((crowd.tls = tls_library_new()) != NULL, "TLS cannot be set up");
	crowd.datagrams = datagrams_new();
	crowd.members = mem_new(crowd.count * sizeof *crowd.members);
	for (size_t i = 0; i < crowd.count; i++)
		make_member(i, argv[2]);
	must_work(watch_start(crowd.loop, &crowd.socket, fd, READY_IN, socket_ready));
	must_work(watch_start(crowd.loop, &crowd.input, 0, READY_IN, input_ready));
	printf("{\"ready\": %zu}\n", crowd.count);
	fflush(stdout);
	sweep(&crowd.sweep);
	loop_run(crowd.loop);
	return 0;
}
