#include "role/edge_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "role/edge_log_mask.h"

#define HELD_MAX  (256 * 1024) /* past this, lines are lost rather than memory */
#define FLUSH_AT  (32 * 1024)
#define FIELD_MAX 512 /* bytes of a peer's own that a line shows of each field */

struct access_log {
	struct buf held;
	int fd;
	enum log_format format;
	bool masks;
	int64_t second;
	char combined_time[32], json_time[32];
	struct log_limit limit;
};

struct access_log *
access_log_new(void)
{
	struct access_log *log = MEM_NEW(struct access_log);

	*log = (struct access_log){.held = buf_with_cap(HELD_MAX), .fd = -1};
	return log;
}

void
access_log_free(struct access_log *log)
{
	if (log == NULL)
		return;
	access_log_to(log, -1, ACCESS_OFF);
	buf_free(&log->held);
	free(log);
}

void
access_log_to(struct access_log *log, int fd, enum log_format format)
{
	access_log_flush(log);
	if (log->fd >= 0)
		close(log->fd);
	log->fd = fd;
	log->format = format;
}

void
access_log_mask(struct access_log *log, bool masks)
{
	log->masks = masks;
}

void
access_log_flush(struct access_log *log)
{
	size_t len = buf_len(&log->held);

	if (len == 0)
		return;
	ssize_t n = write(log->fd, buf_span(&log->held).p, len);
	if (n < 0 || (size_t)n < len)
		log_peer(&log->limit, "the access log takes no more: lines are lost");
	buf_taken(&log->held, len);
}

/* The time as text, made anew once a second. */
static void
tick(struct access_log *log)
{
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm tm;

	if (now == log->second)
		return;
	log->second = now;
	gmtime_r(&now, &tm);
	strftime(log->combined_time, sizeof log->combined_time, "%d/%b/%Y:%H:%M:%S +0000", &tm);
	strftime(log->json_time, sizeof log->json_time, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static bool
put(struct access_log *log, const char *before, struct span bytes)
{
	return buf_append(&log->held, span_str(before)) &&
	       text_put_escaped(&log->held, bytes, FIELD_MAX, log->format == ACCESS_JSON);
}

static bool
put_without_keys(struct access_log *log, const char *before, struct span text)
{
	size_t at, len;

	for (; log->masks && log_mask_find_key(text, &at, &len); text = span_tail(text, at + len)) {
		if (!put(log, before, span_head(text, at)))
			return false;
		before = "***";
	}
	return put(log, before, text);
}

/* A target or a URL, of which a token is not shown. */
static bool
put_url(struct access_log *log, const char *before, struct span url)
{
	size_t at, len;

	if (!log->masks || !log_mask_find(url, &at, &len))
		return put_without_keys(log, before, url);
	return put_without_keys(log, before, span_head(url, at)) &&
	       put_without_keys(log, "***", span_tail(url, at + len));
}

/* As it came; one that only leads to a token once its dots are gone is shown without them. */
static bool
put_target(struct access_log *log, const char *before, const struct request *r)
{
	size_t at, len;
	bool hides =
	    log->masks && !log_mask_find(r->target, &at, &len) && log_mask_find(r->path, &at, &len);

	return put_url(log, before, hides ? r->path : r->target);
}

/* Ends a line, or takes back one that did not fit: half a line would spoil its neighbour. */
static void
finish(struct access_log *log, size_t before, bool whole)
{
	if (whole && buf_byte(&log->held, '\n')) {
		if (buf_len(&log->held) >= FLUSH_AT)
			access_log_flush(log);
		return;
	}
	log->held.end = log->held.start + before;
	log_peer(&log->limit, "the access log cannot keep up: lines are lost");
}

static struct span
field_or(const struct request *r, struct span name, struct span none)
{
	const struct span *value = request_field(r, name);

	return value != NULL ? *value : none;
}

/* A name with a space in it would be two words of the line. */
static bool
put_user(struct access_log *log, struct span user)
{
	size_t end;

	if (user.len == 0)
		return buf_byte(&log->held, '-');
	for (; (end = span_find(user, ' ')) < user.len; user = span_tail(user, end + 1))
		if (!put(log, "", span_head(user, end)) ||
		    !buf_append(&log->held, SPAN_OF("\\x20")))
			return false;
	return put(log, "", user);
}

static bool
put_combined(struct access_log *log, const struct exchange *ex)
{
	const struct request *r = &ex->request;
	char who[ADDRESS_TEXT_MAX];
	struct buf *b = &log->held;

	return buf_printf(b, "%s - ", address_ip_text(ex->who, who)) && put_user(log, ex->user) &&
	       buf_printf(b, " [%s] \"", log->combined_time) && put(log, "", r->method_name) &&
	       put_target(log, " ", r) &&
	       buf_printf(b, " HTTP/%u.%u\" %u %" PRIu64, r->version / 10, r->version % 10,
			  ex->status, ex->body_sent) &&
	       put_url(log, " \"", field_or(r, SPAN_OF("referer"), SPAN_OF("-"))) &&
	       put(log, "\" \"", field_or(r, SPAN_OF("user-agent"), SPAN_OF("-"))) &&
	       buf_byte(b, '"');
}

/* What most requests do not have: who came with a password, and the back end that answered. */
static bool
put_rest(struct access_log *log, const struct exchange *ex)
{
	const char *server = ex->served_by;

	return (ex->user.len == 0 || put(log, "\",\"user\":\"", ex->user)) &&
	       (server == NULL || put(log, "\",\"upstream\":\"", span_str(server)));
}

/* The port is the connection's; and its address, where that is not the client's own. */
static bool
put_client(struct buf *b, const struct exchange *ex)
{
	const struct address *peer = &ex->client->peer;
	char text[ADDRESS_TEXT_MAX];

	return buf_printf(b, ",\"client\":\"%s\"", address_ip_text(ex->who, text)) &&
	       (ex->who == peer || buf_printf(b, ",\"via\":\"%s\"", address_ip_text(peer, text))) &&
	       buf_printf(b, ",\"port\":%u", peer->port);
}

static bool
put_json(struct access_log *log, const struct exchange *ex, int64_t now_ms)
{
	const struct request *r = &ex->request;
	const char *tls = ex->client->tls_version;
	struct buf *b = &log->held;

	return buf_printf(b, "{\"time\":\"%s\"", log->json_time) && put_client(b, ex) &&
	       put(log, ",\"method\":\"", r->method_name) &&
	       put(log, "\",\"host\":\"", r->authority) && put_target(log, "\",\"target\":\"", r) &&
	       buf_printf(b,
			  "\",\"version\":\"%u.%u\",\"status\":%u,\"bytes\":%" PRIu64
			  ",\"ms\":%" PRId64 ",\"tls\":\"%s\"",
			  r->version / 10, r->version % 10, ex->status, ex->body_sent,
			  now_ms - ex->began_ms, tls != NULL ? tls : "") &&
	       put_url(log, ",\"referer\":\"", field_or(r, SPAN_OF("referer"), SPAN_NONE)) &&
	       put(log, "\",\"agent\":\"", field_or(r, SPAN_OF("user-agent"), SPAN_NONE)) &&
	       put_rest(log, ex) && buf_append(b, SPAN_OF("\"}"));
}

void
access_log_request(struct access_log *log, const struct exchange *ex, int64_t now_ms)
{
	size_t before = buf_len(&log->held);

	if (log->format == ACCESS_OFF)
		return;
	tick(log);
	finish(log, before,
	       log->format == ACCESS_JSON ? put_json(log, ex, now_ms) : put_combined(log, ex));
}

static bool
put_relay(struct access_log *log, const struct relayed *r, const char *format, const char *time)
{
	char client[ADDRESS_TEXT_MAX];

	return buf_printf(&log->held, format, time, address_ip_text(&r->client, client),
			  r->client.port, r->rule, r->backend, r->from_client, r->from_backend,
			  (double)r->duration_ms / 1000, r->end);
}

#define RELAY_JSON                                                                                 \
	"{\"time\":\"%s\",\"client\":\"%s\",\"port\":%u,\"rule\":\"%s\",\"backend\":\"%s\","       \
	"\"in\":%" PRIu64 ",\"out\":%" PRIu64 ",\"seconds\":%.3f,\"end\":\"%s\"}"
#define RELAY_COMBINED                                                                             \
	"[%s] %s port %u relayed by \"%s\" to %s in %" PRIu64 " out %" PRIu64                      \
	" seconds %.3f end \"%s\""

void
access_log_relay(struct access_log *log, const struct relayed *r)
{
	size_t before = buf_len(&log->held);

	if (log->format == ACCESS_OFF)
		return;
	tick(log);
	finish(log, before,
	       log->format == ACCESS_JSON ? put_relay(log, r, RELAY_JSON, log->json_time)
					  : put_relay(log, r, RELAY_COMBINED, log->combined_time));
}
