#include "role/edge_conn.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "os/sock.h"
#include "role/edge.h"
#include "role/edge_ask.h"
#include "role/edge_http.h"
#include "role/edge_relay.h"
#include "role/edge_worker.h"
#include "share/proxy_header.h"

#define LINGER_MS 2000

static void classify_more(struct conn *c, bool last);

static const struct config *
config_of(const struct conn *c)
{
	return c->view->snapshot->config;
}

/* Lets go of everything but the socket, where that was not closed before. */
static void
forget(struct conn *c)
{
	struct worker *w = c->worker;

	if (c->end != NULL)
		c->end(c);
	watch_stop(w->loop, &c->watch);
	timer_stop(&c->timer);
	list_remove(&c->link);
	list_remove(&c->evictable);
	list_remove(&c->asking);
	view_release(c->view);
	free(c);
	worker_ended(w);
}

void
conn_close(struct conn *c)
{
	struct worker *w = c->worker;
	int fd = c->fd;

	if (c->watch.fd < 0)
		close(fd);
	else
		watch_close(w->loop, &c->watch);
	forget(c);
}

int
conn_give_up(struct conn *c)
{
	int fd = c->fd;

	forget(c);
	return fd;
}

void
conn_keep(struct conn *c)
{
	list_remove(&c->evictable);
}

/* As the last of those in `queue`. */
static void
queue_up(struct conn *c, struct list *queue)
{
	conn_keep(c);
	list_append(queue, &c->evictable);
}

void
conn_may_go(struct conn *c)
{
	queue_up(c, &c->worker->evictable);
}

void
conn_may_go_last(struct conn *c)
{
	queue_up(c, &c->worker->stalled);
}

static void
linger_over(struct timer *t)
{
	conn_close(container_of(t, struct conn, timer));
}

static void
linger_ready(struct watch *watch, uint32_t events)
{
	struct conn *c = container_of(watch, struct conn, watch);
	ssize_t n;

	(void)events;
	do
		n = sock_read(c->fd, c->worker->scratch, SCRATCH_SIZE);
	while (n > 0);
	if (n != SOCK_AGAIN)
		conn_close(c);
}

void
conn_linger(struct conn *c)
{
	if (c->end != NULL)
		c->end(c);
	c->end = NULL;
	c->stage = NULL;
	c->lingering = true;
	conn_may_go(c);
	sock_half_close(c->fd);
	c->watch.ready = linger_ready;
	timer_set(c->worker->loop, &c->timer, LINGER_MS, linger_over);
	linger_ready(&c->watch, READY_IN);
}

static void
hand_to_inetd(struct conn *c)
{
	struct worker *w = c->worker;
	struct edge *edge = w->edge;
	struct address peer = c->peer;

	worker_count(w, COUNTER_HANDED, 1);
	edge_hand_over(edge, conn_give_up(c), &peer);
}

/* By the first word of the rule's name: "sni imap.example.org" is one of "sni". */
static enum counter
rule_counter(const char *rule)
{
	static const struct {
		struct span word;
		enum counter counter;
	} rules[] = {
	    {SPAN_INIT("tls"), COUNTER_RULE_TLS},
	    {SPAN_INIT("sni"), COUNTER_RULE_SNI},
	    {SPAN_INIT("alpn"), COUNTER_RULE_ALPN},
	    {SPAN_INIT("ssh"), COUNTER_RULE_SSH},
	    {SPAN_INIT("openvpn"), COUNTER_RULE_OPENVPN},
	    {SPAN_INIT("http"), COUNTER_RULE_HTTP},
	    {SPAN_INIT("http2"), COUNTER_RULE_HTTP2},
	    {SPAN_INIT("silent"), COUNTER_RULE_SILENT},
	    {SPAN_INIT("admin"), COUNTER_RULE_ADMIN},
	};
	struct span name = rule != NULL ? span_str(rule) : SPAN_NONE;

	name = span_head(name, span_find(name, ' '));
	for (size_t i = 0; i < COUNT(rules); i++)
		if (span_equal(name, rules[i].word))
			return rules[i].counter;
	return COUNTER_RULE_OTHER;
}

static void
begin_plain(struct conn *c)
{
	worker_count(c->worker, COUNTER_RULE_PLAIN, 1);
	http_begin_plain(c);
}

static void
follow(struct conn *c, const struct direction *d, bool is_http, const struct hello *hello)
{
	worker_count(c->worker, rule_counter(d->rule), 1);
	switch (d->kind) {
	case DIRECTION_TERMINATE:
		http_begin_tls(c, d->site, hello);
		break;
	case DIRECTION_RELAY:
		edge_relay_begin(c, d);
		break;
	case DIRECTION_INETD:
		hand_to_inetd(c);
		break;
	case DIRECTION_REFUSE:
		worker_count(c->worker, COUNTER_REFUSED, 1);
		http_refuse(c, is_http);
		break;
	}
}

static bool
is_plain(const struct conn *c)
{
	return c->kind == LISTENER_PLAIN;
}

/* On the admin port all TLS is for us: the name only says which certificate is shown. */
static struct direction
direct_conn(const struct conn *c, enum protocol protocol, const struct hello *hello)
{
	const struct config *config = config_of(c);
	struct span name = hello != NULL ? span_str(hello->name) : SPAN_NONE;

	if (c->kind != LISTENER_ADMIN)
		return direct(config, protocol, hello);
	return (struct direction){.kind = protocol == PROTOCOL_TLS ? DIRECTION_TERMINATE
								   : DIRECTION_REFUSE,
				  .rule = "admin",
				  .site = name.len > 0 ? config_site(config, name) : NULL};
}

/* The hello says which door; one that is not well-formed gets our own TLS's alert. */
static void
follow_tls(struct conn *c, struct span seen, bool last)
{
	struct hello hello;
	enum verdict verdict = hello_parse(seen, &hello);

	if (verdict == VERDICT_MORE && !last)
		return;
	const struct hello *known = verdict == VERDICT_YES ? &hello : NULL;
	struct direction d = direct_conn(c, PROTOCOL_TLS, known);
	follow(c, &d, false, known);
}

/* What is behind a PROXY header is classified anew, for the client that it names. */
static void
follow_proxy(struct conn *c, struct span seen, bool last)
{
	struct proxied proxied;
	enum verdict verdict = proxy_header_parse(seen, &proxied);

	if (verdict == VERDICT_MORE && !last)
		return;
	if (verdict != VERDICT_YES ||
	    sock_read(c->fd, c->worker->scratch, proxied.len) != (ssize_t)proxied.len) {
		conn_close(c);
		return;
	}
	c->proxied = true;
	c->spoke = false;
	if (proxied.client.family != 0) {
		c->peer = proxied.client;
		c->local = proxied.server;
	}
	if (is_plain(c))
		begin_plain(c);
	else
		classify_more(c, last);
}

static bool
may_send_proxy(const struct conn *c)
{
	const struct config *config = config_of(c);

	return !c->proxied &&
	       network_any_has(config->trust_proxy, config->trust_proxy_count, &c->peer);
}

static void
follow_protocol(struct conn *c, enum protocol protocol, struct span seen, bool last)
{
	if (protocol == PROTOCOL_PROXY) {
		follow_proxy(c, seen, last);
	} else if (protocol == PROTOCOL_TLS) {
		follow_tls(c, seen, last);
	} else {
		struct direction d = direct_conn(c, protocol, NULL);

		follow(c, &d, protocol == PROTOCOL_HTTP1 || protocol == PROTOCOL_HTTP2, NULL);
	}
}

/* Only what came first and in one read, as clients send it, can be OpenVPN's for us; with a back
 * end for it the classifier decides. */
static bool
asks_tunnel(struct conn *c, struct span seen)
{
	return c->kind == LISTENER_SHARED && !c->spoke &&
	       config_of(c)->share.openvpn.kind != DOOR_RELAY && ask_begin(c, seen);
}

static void
silence(struct timer *t)
{
	struct conn *c = container_of(t, struct conn, timer);
	struct direction d = direct_silent(config_of(c));

	if (c->kind != LISTENER_SHARED || d.kind == DIRECTION_REFUSE)
		conn_close(c);
	else
		follow(c, &d, false, NULL);
}

static void
too_slow(struct timer *t)
{
	classify_more(container_of(t, struct conn, timer), true);
}

/* The clock that runs: until the first byte, and from there to a verdict. */
static void
first_byte_came(struct conn *c)
{
	if (c->spoke)
		return;
	c->spoke = true;
	c->spoke_ms = loop_now(c->worker->loop);
	timer_set(c->worker->loop, &c->timer, config_of(c)->share.classify_timeout, too_slow);
}

/* What a connection on its port may be. On the admin port HTTP in clear is told, to be refused. */
static unsigned
among_of(const struct conn *c)
{
	switch (c->kind) {
	case LISTENER_ADMIN:
		return PROTOCOL_BIT(PROTOCOL_TLS) | PROTOCOL_BIT(PROTOCOL_HTTP1) |
		       PROTOCOL_BIT(PROTOCOL_HTTP2);
	case LISTENER_SHARED:
		return c->view->among;
	default:
		return 0;
	}
}

/* Looks at all that came so far. With `last`, decides. */
static void
classify_more(struct conn *c, bool last)
{
	enum protocol protocol = PROTOCOL_NONE;
	unsigned among = among_of(c);
	ssize_t n = sock_peek(c->fd, c->worker->scratch, CLASSIFY_MAX);

	if (n == SOCK_AGAIN && !last)
		return;
	if (n <= 0) {
		conn_close(c); /* nothing was said, so nothing is owed */
		return;
	}
	struct span seen = span_of(c->worker->scratch, (size_t)n);
	bool asked = list_linked(&c->asking) || asks_tunnel(c, seen);
	if (asked)
		return;
	first_byte_came(c);
	if (may_send_proxy(c))
		among |= PROTOCOL_BIT(PROTOCOL_PROXY);
	switch (classify(seen, among, last || seen.len == CLASSIFY_MAX, &protocol)) {
	case VERDICT_MORE:
		break;
	case VERDICT_YES:
		follow_protocol(c, protocol, seen, last || seen.len == CLASSIFY_MAX);
		break;
	case VERDICT_NO:
		if (is_plain(c))
			begin_plain(c);
		else
			follow_protocol(c, PROTOCOL_NONE, seen, last);
		break;
	}
}

void
conn_decided(struct conn *c)
{
	classify_more(c, c->fin);
}

static void
ready(struct watch *watch, uint32_t events)
{
	struct conn *c = container_of(watch, struct conn, watch);

	if (events & READY_RDHUP)
		c->fin = true;
	if (events & (READY_ERR | READY_HUP))
		conn_close(c);
	else
		classify_more(c, c->fin);
}

static struct conn *
conn_new(struct worker *w, int fd, const struct address *peer, enum listener_kind kind)
{
	struct conn *c = MEM_NEW(struct conn);

	*c = (struct conn){.watch = {.fd = -1},
			   .worker = w,
			   .view = view_share(w->view),
			   .fd = fd,
			   .kind = kind,
			   .accepted_ms = clock_ms(),
			   .peer = *peer};
	list_append(&w->conns, &c->link);
	conn_may_go(c);
	worker_opened(w);
	return c;
}

void
conn_begin(struct worker *w, int fd, const struct address *peer, enum listener_kind kind)
{
	struct conn *c = conn_new(w, fd, peer, kind);
	const struct share *share = &config_of(c)->share;
	bool waits = share->silent_after > 0 && kind == LISTENER_SHARED;

	sock_local(fd, &c->local);
	if (failed(watch_start(w->loop, &c->watch, fd, CONN_EVENTS, ready))) {
		conn_close(c);
		return;
	}
	if (is_plain(c) && !may_send_proxy(c))
		begin_plain(c);
	else
		timer_set(w->loop, &c->timer,
			  waits ? share->silent_after : share->first_byte_timeout, silence);
}
