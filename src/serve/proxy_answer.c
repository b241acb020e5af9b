#include "serve/proxy_answer.h"

#include "serve/control.h"

/*
 * Date and Server are said by our protocol, once. Sec-WebSocket-Accept belongs to HTTP/1.1
 * (RFC 8441 §5); elsewhere it proves nothing.
 */
static bool
passes(const struct exchange *ex, struct span name)
{
	if (span_equal(name, SPAN_OF("date")) || span_equal(name, SPAN_OF("server")) ||
	    control_owns_field(name))
		return false;
	return ex->request.version < 20 || !span_equal(name, SPAN_OF("sec-websocket-accept"));
}

struct field *
proxy_answer_fields(const struct exchange *ex, const struct field *fields, size_t *count)
{
	struct field *out = arena_get(ex->memory, (*count + 1) * sizeof *out);
	size_t n = 0;

	for (size_t i = 0; i < *count; i++)
		if (passes(ex, fields[i].name))
			out[n++] = fields[i];
	*count = n;
	return out;
}

/*
 * A body of known length has no place for trailers in HTTP/1.1: where the server announces
 * some to a client that wants them, the length goes.
 */
int64_t
proxy_answer_length(const struct exchange *ex, const struct call_answer *a, bool wants_trailers)
{
	if (status_is_bodiless(a->status))
		return LENGTH_NONE;
	if (a->length > 0 && wants_trailers && ex->request.method != METHOD_HEAD &&
	    field_find(a->fields, a->field_count, SPAN_OF("trailer")) != NULL)
		return LENGTH_UNKNOWN;
	return a->length;
}

/* An extended CONNECT is granted by any 2xx (RFC 8441 §5), so it must not get one by accident. */
bool
proxy_answer_fits(const struct exchange *ex, const struct call_answer *a)
{
	return a->switched || ex->request.method != METHOD_CONNECT || a->status < 200 ||
	       a->status > 299;
}

bool
proxy_answer_is_endless(const struct call_answer *a)
{
	static const struct span events = SPAN_INIT("text/event-stream");

	const struct span *type = field_find(a->fields, a->field_count, SPAN_OF("content-type"));

	return type != NULL && span_equal_nocase(span_head(*type, events.len), events);
}
