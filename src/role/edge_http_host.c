#include "http/h1.h"
#include "http/h2.h"
#include "role/edge_http_inner.h"

/* Each request is answered by the configuration of its own time. */
static void
on_request(struct exchange *ex, void *owner)
{
	struct http *h = owner;
	struct conn *c = h->conn;

	h->timed = SESSION_ANSWERING; /* the next head has a deadline of its own */
	if (c->view != h->worker->view) {
		view_release(c->view);
		c->view = view_share(h->worker->view);
	}
	ex->of_host = view_share(c->view); /* others of this connection may outlive a reload */
	if (h->client.admin)
		serve_admin(&c->view->serve, ex);
	else if (h->client.secure)
		serve_secure(&c->view->serve, ex);
	else
		serve_plain(&c->view->serve, ex);
}

static void
on_over(struct exchange *ex, void *owner)
{
	struct http *h = owner;

	worker_count_request(h->worker, ex);
	access_log_request(h->worker->log, ex, loop_now(h->worker->loop));
	view_release(ex->of_host);
}

static void
on_switched(struct exchange *ex, void *owner)
{
	(void)ex;
	worker_count(((struct http *)owner)->worker, COUNTER_OPEN_SWITCHED, 1);
}

static void
on_output(void *owner)
{
	struct http *h = owner;

	if (!h->pumping)
		http_pump(h);
}

static struct span
on_date(void *owner)
{
	return worker_date(((struct http *)owner)->worker);
}

static int64_t
on_now(void *owner)
{
	return loop_now(((struct http *)owner)->worker->loop);
}

static const struct http_host host = {on_request, on_over, on_output, on_date, on_now, on_switched};

bool
http_make_session(struct http *h, bool is_http2)
{
	const struct http_settings *settings = &h->worker->http;

	h->http = is_http2 ? h2_new(&host, h, settings, &h->client)
			   : h1_new(&host, h, settings, &h->client);
	if (h->http == NULL)
		return false;
	h->open = is_http2 ? COUNTER_OPEN_HTTP2 : COUNTER_OPEN_HTTP1;
	worker_count(h->worker, h->open, 1);
	h->timed = SESSION_CLOSING;
	return true;
}

bool
http_may_be_http2(const struct conn *c)
{
	const struct config *config = c->view->snapshot->config;

	return network_any_has(config->plain_http2, config->plain_http2_count, &c->peer);
}

bool
http_decide(struct http *h)
{
	struct span preface = SPAN_OF(H2_PREFACE), begun = buf_span(&h->in);

	if (begun.len < preface.len && span_starts_with(preface, begun))
		return false;
	h->undecided = false;
	if (!span_starts_with(begun, preface))
		return true;
	worker_uncount(h->worker, h->open);
	session_free(h->http);
	return http_make_session(h, true);
}
