#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "role/warden_private.h"

#define NAME_MAX_SHOWN 200
#define STATUS_MS      5 /* for edge to say its counters, so often: */
#define STATUS_TRIES   200

/* A server that edge told of, as numbered in the configuration of that time. */
struct server {
	uint32_t backends, member;
	bool up;
	uint64_t counters[SERVER_COUNTERS];
};

struct edge_status {
	uint64_t counters[MESSAGE_COUNTERS];
	struct server *servers; /* all of them; those of a round that is being told are `coming` */
	struct server *coming;
	size_t count, coming_count;
	unsigned rounds;
};

struct edge_status *
status_new(void)
{
	return MEM_NEW(struct edge_status);
}

/* Until edge has told its counters; what it told before, when it does not come to it. */
static void
look_again(struct timer *t)
{
	struct status_wait *wait = container_of(t, struct status_wait, timer);
	bool fresh = wait->warden->status->rounds != wait->asked;

	if (fresh || wait->tries++ == STATUS_TRIES)
		wait->done(wait, fresh);
	else
		timer_set(wait->warden->loop, t, STATUS_MS, look_again);
}

void
status_await(struct warden *w, struct status_wait *wait,
	     void (*done)(struct status_wait *wait, bool fresh))
{
	const struct message ask = {.type = MESSAGE_ASK};

	*wait = (struct status_wait){.warden = w, .asked = w->status->rounds, .done = done};
	edge_tell(w, &ask);
	timer_set(w->loop, &wait->timer, STATUS_MS, look_again);
}

/* NULL for one that the configuration does not have (any more). */
static const struct backend *
backend_of(const struct warden *w, uint32_t backends, uint32_t member)
{
	const struct config *c = w->running != NULL ? w->running->config : NULL;

	if (c == NULL || backends >= c->backends_count || member >= c->backends[backends]->count)
		return NULL;
	return &c->backends[backends]->at[member];
}

static size_t
server_count(const struct warden *w)
{
	const struct config *c = w->running != NULL ? w->running->config : NULL;
	size_t n = 0;

	for (size_t i = 0; c != NULL && i < c->backends_count; i++)
		n += c->backends[i]->count;
	return n;
}

/* However much edge says, no more is kept than there are servers. */
static void
add_server(struct warden *w, const struct message *m)
{
	struct edge_status *s = w->status;

	if (backend_of(w, m->index, m->member) == NULL || s->coming_count >= server_count(w))
		return;
	struct server *to = MEM_PUSH(s->coming, s->coming_count);
	*to = (struct server){.backends = m->index, .member = m->member, .up = m->kind != 0};
	memcpy(to->counters, m->counters, sizeof to->counters);
}

void
status_add(struct warden *w, const struct message *m)
{
	struct edge_status *s = w->status;

	if (m->type == MESSAGE_SERVER) {
		add_server(w, m);
		return;
	}
	memcpy(s->counters, m->counters, sizeof s->counters);
	free(s->servers);
	s->servers = s->coming;
	s->count = s->coming_count;
	s->coming = NULL;
	s->coming_count = 0;
	s->rounds++;
}

/* What is shown, in order; `key` NULL begins a group. */
static const struct line {
	const char *key, *text;
	enum counter counter;
} lines[] = {
    {NULL, "connections", 0},
    {"open", "open connections", COUNTER_OPEN},
    {"http1", "of these speak HTTP/1.1", COUNTER_OPEN_HTTP1},
    {"http2", "of these speak HTTP/2", COUNTER_OPEN_HTTP2},
    {"relayed", "of these are relayed", COUNTER_OPEN_RELAY},
    {"accepted", "connections accepted", COUNTER_ACCEPTED},
    {"refused", "connections refused (no protocol of ours)", COUNTER_REFUSED},
    {"evicted", "waiting connections closed for room", COUNTER_EVICTED},
    {NULL, "tls", 0},
    {"handshakes", "TLS handshakes", COUNTER_TLS},
    {"v12", "of these TLS 1.2", COUNTER_TLS12},
    {"v13", "of these TLS 1.3", COUNTER_TLS13},
    {"resumed", "of these resumed", COUNTER_TLS_RESUMED},
    {"failed", "TLS handshakes failed", COUNTER_TLS_FAILED},
    {NULL, "requests", 0},
    {"total", "HTTP requests", COUNTER_REQUESTS},
    {"http2", "of these over HTTP/2", COUNTER_REQUESTS_HTTP2},
    {"proxied", "of these passed to a back end", COUNTER_PROXIED},
    {"proxy_failed", "of these not answered by it (502, 503, 504)", COUNTER_PROXY_FAILED},
    {"limited", "of these over a limit (429)", COUNTER_LIMITED},
    {"bytes_from_clients", "bytes of them, without TLS", COUNTER_HTTP_IN},
    {"bytes_to_clients", "bytes of answers, without TLS", COUNTER_HTTP_OUT},
    {"switched", "open now as another protocol (WebSocket)", COUNTER_OPEN_SWITCHED},
    {NULL, "rules", 0},
    {"tls", "connections were TLS for a site here, or by `tls`", COUNTER_RULE_TLS},
    {"sni", "by `sni`", COUNTER_RULE_SNI},
    {"alpn", "by `alpn`", COUNTER_RULE_ALPN},
    {"openvpn", "by `openvpn`", COUNTER_RULE_OPENVPN},
    {"ssh", "by `ssh`", COUNTER_RULE_SSH},
    {"http", "by `http`", COUNTER_RULE_HTTP},
    {"http2", "by `http2`", COUNTER_RULE_HTTP2},
    {"other", "by `other`, or none", COUNTER_RULE_OTHER},
    {"silent", "by `silent`", COUNTER_RULE_SILENT},
    {"admin", "came to the admin port", COUNTER_RULE_ADMIN},
    {"plain", "came to the plain port", COUNTER_RULE_PLAIN},
    {NULL, "relays", 0},
    {"total", "connections relayed", COUNTER_RELAYED},
    {"failed", "without a back end", COUNTER_RELAY_FAILED},
    {"bytes_from_clients", "bytes relayed from clients", COUNTER_RELAY_IN},
    {"bytes_to_clients", "bytes relayed to clients", COUNTER_RELAY_OUT},
    {"handed_over", "connections handed to sshd", COUNTER_HANDED},
};

static int64_t
uptime_s(const struct warden *w)
{
	return (loop_now(w->loop) - w->started_ms) / 1000;
}

static const char *
name_of(const struct warden *w, const struct server *s)
{
	return w->running->config->backends[s->backends]->name;
}

/* The widest of each of the two columns of names. */
static void
measure(const struct warden *w, int *name, int *server)
{
	const struct edge_status *s = w->status;

	*name = (int)strlen("back end");
	*server = (int)strlen("server");
	for (size_t i = 0; i < s->count; i++) {
		const struct backend *b =
		    backend_of(w, s->servers[i].backends, s->servers[i].member);

		if (b == NULL)
			continue;
		int a = (int)strnlen(name_of(w, &s->servers[i]), NAME_MAX_SHOWN);
		int c = (int)strnlen(b->text, NAME_MAX_SHOWN);
		*name = a > *name ? a : *name;
		*server = c > *server ? c : *server;
	}
}

static bool
put_server_row(const struct warden *w, const struct server *s, int name, int server,
	       struct buf *out)
{
	const struct backend *b = backend_of(w, s->backends, s->member);

	return b == NULL ||
	       buf_printf(out,
			  "%-*.200s  %-*.200s  %-5s  %9" PRIu64 "  %10" PRIu64 "  %8" PRIu64 "\n",
			  name, name_of(w, s), server, b->text, s->up ? "up" : "down",
			  s->counters[SERVER_ACTIVE], s->counters[SERVER_SERVED],
			  s->counters[SERVER_FAILURES]);
}

static bool
put_server_table(const struct warden *w, struct buf *out)
{
	const struct edge_status *s = w->status;
	int name, server;

	if (s->count == 0)
		return true;
	measure(w, &name, &server);
	bool fits = buf_printf(out, "\n%-*s  %-*s  state  under way      served  failures\n", name,
			       "back end", server, "server");
	for (size_t i = 0; fits && i < s->count; i++)
		fits = put_server_row(w, &s->servers[i], name, server, out);
	return fits;
}

/* As the configuration writes it. */
static const char *
endpoint_text(const struct endpoint *e, char text[ADDRESS_TEXT_MAX])
{
	if (!e->any)
		return address_text(&e->at, text);
	snprintf(text, ADDRESS_TEXT_MAX, "%u", e->at.port);
	return text;
}

/* By TCP at the ports that all share; `builtin` may have been left to another server. */
static bool
is_on_shared(const struct config *c)
{
	return c->share.openvpn.kind == DOOR_TUNNEL && c->listen_count > 0;
}

static bool
put_ways(const struct config *c, struct buf *out)
{
	char text[ADDRESS_TEXT_MAX];
	bool fits = true;

	for (size_t i = 0; fits && i < c->vpn.listen_count; i++)
		fits = buf_printf(out, ", by UDP at %s", endpoint_text(&c->vpn.listen[i], text));
	for (size_t i = 0; fits && is_on_shared(c) && i < c->listen_count; i++)
		fits = buf_printf(out, ", by TCP at %s", endpoint_text(&c->listen[i], text));
	return fits;
}

static bool
put_vpn(const struct warden *w, struct buf *out)
{
	struct tunnel_state vpn;
	bool fits = true;

	tunnel_describe(w, &vpn);
	if (!vpn.wanted)
		return true;
	if (vpn.device != NULL)
		fits = buf_printf(out, "\nthe VPN is %s", vpn.device) &&
		       put_ways(w->running->config, out) &&
		       buf_printf(out, "; tunnel is pid %d\n", (int)vpn.pid);
	else
		fits = buf_append(out, SPAN_OF("\nthere is no VPN\n"));
	return fits && (vpn.problem == NULL || buf_printf(out, "%s\n", vpn.problem));
}

bool
status_put_text(const struct warden *w, bool fresh, struct buf *out)
{
	bool fits = buf_printf(out, "serving %s for %" PRId64 " s, edge is pid %d\n", w->file,
			       uptime_s(w), (int)w->edge.pid);

	if (!fresh)
		fits =
		    fits &&
		    buf_append(out, SPAN_OF("edge does not answer: this is what it said before\n"));
	for (size_t i = 0; fits && i < COUNT(lines); i++) {
		const struct line *l = &lines[i];

		fits = l->key == NULL ? buf_byte(out, '\n')
				      : buf_printf(out, "%12" PRIu64 " %s\n",
						   w->status->counters[l->counter], l->text);
	}
	fits = fits && put_server_table(w, out);
	fits = fits && put_vpn(w, out);
	if (confirm_pending(w))
		fits = fits && buf_append(out, SPAN_OF("\nthe configuration awaits confirmation: "
						       "sallyport confirm\n"));
	return fits;
}

static bool
put_string(struct buf *out, const char *before, const char *text)
{
	return buf_append(out, span_str(before)) && buf_byte(out, '"') &&
	       text_put_escaped(out, span_str(text), SIZE_MAX, true) && buf_byte(out, '"');
}

static bool
put_string_or_null(struct buf *out, const char *before, const char *text)
{
	if (text != NULL)
		return put_string(out, before, text);
	return buf_append(out, span_str(before)) && buf_append(out, SPAN_OF("null"));
}

static bool
put_json_servers(const struct warden *w, struct buf *out)
{
	const struct edge_status *s = w->status;
	bool fits = buf_append(out, SPAN_OF(",\"servers\":["));
	const char *before = "{\"name\":";

	for (size_t i = 0; fits && i < s->count; i++) {
		const struct server *at = &s->servers[i];
		const struct backend *b = backend_of(w, at->backends, at->member);

		if (b == NULL)
			continue;
		fits = put_string(out, before, name_of(w, at)) &&
		       put_string(out, ",\"server\":", b->text) &&
		       buf_printf(out,
				  ",\"state\":\"%s\",\"active\":%" PRIu64 ",\"served\":%" PRIu64
				  ",\"failures\":%" PRIu64 "}",
				  at->up ? "up" : "down", at->counters[SERVER_ACTIVE],
				  at->counters[SERVER_SERVED], at->counters[SERVER_FAILURES]);
		before = ",{\"name\":";
	}
	return fits && buf_byte(out, ']');
}

static bool
put_json_counters(const struct warden *w, struct buf *out)
{
	const char *before = "";
	bool fits = true;

	for (size_t i = 0; fits && i < COUNT(lines); i++) {
		const struct line *l = &lines[i];

		if (l->key == NULL) {
			fits = buf_printf(out, "%s,\"%s\":{", i > 0 ? "}" : "", l->text);
			before = "";
			continue;
		}
		fits = buf_printf(out, "%s\"%s\":%" PRIu64, before, l->key,
				  w->status->counters[l->counter]);
		before = ",";
	}
	return fits && buf_byte(out, '}');
}

static bool
put_json_endpoints(const struct endpoint *list, size_t count, struct buf *out)
{
	char text[ADDRESS_TEXT_MAX];
	bool fits = buf_byte(out, '[');

	for (size_t i = 0; fits && i < count; i++)
		fits = put_string(out, i > 0 ? "," : "", endpoint_text(&list[i], text));
	return fits && buf_byte(out, ']');
}

static bool
put_json_vpn(const struct warden *w, struct buf *out)
{
	struct tunnel_state vpn;

	tunnel_describe(w, &vpn);
	if (!vpn.wanted)
		return buf_append(out, SPAN_OF(",\"vpn\":null"));
	const struct config *c = w->running->config;
	return buf_printf(out, ",\"vpn\":{\"pid\":%d,\"udp\":", (int)vpn.pid) &&
	       put_json_endpoints(c->vpn.listen, c->vpn.listen_count, out) &&
	       buf_append(out, SPAN_OF(",\"tcp\":")) &&
	       put_json_endpoints(c->listen, is_on_shared(c) ? c->listen_count : 0, out) &&
	       put_string_or_null(out, ",\"device\":", vpn.device) &&
	       put_string_or_null(out, ",\"problem\":", vpn.problem) && buf_byte(out, '}');
}

bool
status_put_json(const struct warden *w, bool fresh, struct buf *out)
{
	return put_string(out, "{\"configuration\":", w->file) &&
	       buf_printf(out,
			  ",\"uptime_s\":%" PRId64
			  ",\"edge_pid\":%d,\"fresh\":%s,\"awaits_confirmation\":%s"
			  ",\"confirm_s\":%" PRId64,
			  uptime_s(w), (int)w->edge.pid, fresh ? "true" : "false",
			  confirm_pending(w) ? "true" : "false", confirm_left_s(w)) &&
	       put_json_counters(w, out) && put_json_servers(w, out) && put_json_vpn(w, out) &&
	       buf_byte(out, '}');
}
