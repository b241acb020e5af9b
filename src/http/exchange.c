#include "http/exchange.h"

#include <assert.h>

const struct span *
request_field(const struct request *r, struct span name)
{
	return field_find(r->fields, r->field_count, name);
}

static struct field *
apply_rules(struct exchange *ex, const struct field *fields, size_t *count)
{
	struct field *all = arena_get(ex->memory, (*count + ex->rule_count) * sizeof *all);
	size_t n = *count;

	if (n > 0)
		memcpy(all, fields, n * sizeof *all);
	for (size_t i = 0; i < ex->rule_count; i++) {
		const struct field_rule *rule = &ex->rules[i];

		if (rule->how == FIELD_SET || rule->how == FIELD_REMOVE)
			n = field_drop(all, n, rule->name);
		if (rule->how == FIELD_REMOVE ||
		    (rule->how == FIELD_DEFAULT && field_find(all, n, rule->name) != NULL))
			continue;
		all[n++] = (struct field){rule->name, rule->value};
	}
	*count = n;
	return all;
}

void
exchange_start(struct exchange *ex, unsigned status, const struct field *fields, size_t count,
	       int64_t length)
{
	assert(ex->status == 0);
	if (ex->rule_count > 0)
		fields = apply_rules(ex, fields, &count);
	ex->ops->start(ex, status, fields, count, length);
}

bool
exchange_is_bare(const struct exchange *ex, int64_t length)
{
	return ex->request.method == METHOD_HEAD || length == LENGTH_NONE || length == 0;
}

void
exchange_interim(struct exchange *ex, unsigned status, const struct field *fields, size_t count)
{
	assert(ex->status == 0);
	ex->ops->interim(ex, status, fields, count);
}

void
exchange_trailers(struct exchange *ex, const struct field *fields, size_t count)
{
	ex->ops->trailers(ex, fields, count);
}

void
exchange_switch(struct exchange *ex, const struct field *fields, size_t count)
{
	assert(ex->status == 0 && ex->request.protocol.len > 0);
	ex->switched = true;
	ex->ops->switched(ex, fields, count);
}

void
exchange_taken(struct exchange *ex, size_t n)
{
	ex->ops->taken(ex, n);
}

uint8_t *
exchange_room(struct exchange *ex, size_t *len)
{
	return ex->ops->room(ex, len);
}

void
exchange_sent(struct exchange *ex, size_t n, bool last)
{
	ex->ops->sent(ex, n, last);
}

void
exchange_hold(struct exchange *ex)
{
	ex->ops->hold(ex);
}

void
exchange_release(struct exchange *ex)
{
	ex->ops->release(ex);
}

void
exchange_abort(struct exchange *ex)
{
	exchange_hold(ex);
	ex->ops->abort(ex);
	exchange_release(ex);
}

/* The end of an answer that did not fit at once, and whoever handled the exchange before. */
struct rest {
	struct span bytes;
	const struct handler_ops *handler;
	void *handling;
};

/* Sends from *bytes what there is room for; false when some is left. */
static bool
pour(struct exchange *ex, struct span *bytes)
{
	size_t len;
	uint8_t *room;

	while ((room = exchange_room(ex, &len)) != NULL) {
		struct span piece = span_head(*bytes, len);

		memcpy(room, piece.p, piece.len);
		*bytes = span_tail(*bytes, piece.len);
		if (bytes->len == 0) {
			exchange_sent(ex, piece.len, true);
			return true;
		}
		exchange_sent(ex, piece.len, false);
	}
	return ex->answered;
}

static void
rest_writable(struct exchange *ex)
{
	struct rest *r = ex->handling;

	(void)pour(ex, &r->bytes);
}

static void
rest_gone(struct exchange *ex)
{
	struct rest *r = ex->handling;

	ex->handling = r->handling;
	if (r->handler != NULL && r->handler->gone != NULL)
		r->handler->gone(ex);
}

static const struct handler_ops rest_ops = {.writable = rest_writable, .gone = rest_gone};

/* While it is held. */
static void
respond(struct exchange *ex, unsigned status, const struct field *fields, size_t count,
	struct span body)
{
	exchange_start(ex, status, fields, count, (int64_t)body.len);
	if (ex->answered) {
		exchange_sent(ex, 0, true);
		return;
	}
	if (pour(ex, &body))
		return;
	struct rest *r = ARENA_NEW(ex->memory, struct rest);
	*r = (struct rest){arena_span(ex->memory, body), ex->handler, ex->handling};
	ex->handler = &rest_ops;
	ex->handling = r;
}

void
exchange_respond(struct exchange *ex, unsigned status, const struct field *fields, size_t count,
		 struct span body)
{
	exchange_hold(ex);
	respond(ex, status, fields, count, body);
	exchange_release(ex);
}

void
exchange_respond_bare(struct exchange *ex, unsigned status, const struct field *fields,
		      size_t count)
{
	exchange_hold(ex);
	exchange_start(ex, status, fields, count, LENGTH_NONE);
	exchange_sent(ex, 0, true);
	exchange_release(ex);
}

/* Once only: what goes wrong with that page is told by ours. */
static bool
respond_own_page(struct exchange *ex, unsigned status, const struct field *fields, size_t count)
{
	bool (*page)(struct exchange * ex, unsigned status, const struct field *fields,
		     size_t count) = ex->error_page;

	if (page == NULL || status < 400)
		return false;
	ex->error_page = NULL;
	return page(ex, status, fields, count);
}

static void
respond_our_page(struct exchange *ex, unsigned status, const struct field *fields, size_t count)
{
	struct span page = status_page(ex->memory, status, "");
	struct field *all = arena_get(ex->memory, (count + 1) * sizeof *all);

	all[0] = (struct field){SPAN_OF("content-type"), SPAN_OF("text/html; charset=utf-8")};
	for (size_t i = 0; i < count; i++)
		all[i + 1] = fields[i];
	respond(ex, status, all, count + 1, page);
}

void
exchange_respond_page(struct exchange *ex, unsigned status, const struct field *fields,
		      size_t count)
{
	exchange_hold(ex);
	if (!respond_own_page(ex, status, fields, count))
		respond_our_page(ex, status, fields, count);
	exchange_release(ex);
}

void
exchange_respond_status(struct exchange *ex, unsigned status, struct span location)
{
	struct field field = {SPAN_OF("location"), location};

	exchange_respond_page(ex, status, &field, location.len > 0);
}

struct span
status_page(struct arena *memory, unsigned status, const char *why)
{
	const char *reason = status_reason(status);
	const char *page =
	    arena_printf(memory,
			 "<!DOCTYPE html>\n"
			 "<html lang=\"en\">\n"
			 "<head><meta charset=\"utf-8\"><title>%u %s</title></head>\n"
			 "<body>\n<h1>%u %s</h1>\n%s</body>\n</html>\n",
			 status, reason, status, reason, why);

	return span_str(page);
}
