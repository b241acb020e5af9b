#include "http/call_inner.h"

#include "base/text.h"
#include "http/field.h"

/* RFC 3986 has no more than ASCII, and HTTP no space in a request line. */
static bool
is_visible(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7F)
			return false;
	return s.len > 0;
}

bool
call_request_is_sound(const struct call_request *r)
{
	for (size_t i = 0; i < r->field_count; i++)
		if (!field_is_sound(&r->fields[i]))
			return false;
	return text_is_token(r->method_name) && is_visible(r->target) &&
	       (r->authority.len == 0 || is_visible(r->authority)) &&
	       (r->protocol.len == 0 || field_is_protocol(r->protocol));
}

void
call_request_copy(struct call_request *to, const struct call_request *from, struct arena *memory)
{
	*to = *from;
	to->method_name = arena_span(memory, from->method_name);
	to->authority = arena_span(memory, from->authority);
	to->target = arena_span(memory, from->target);
	to->protocol = arena_span(memory, from->protocol);
	to->fields = field_copy(memory, from->fields, from->field_count);
}

uint8_t *
call_room(struct call *c, size_t *len)
{
	return c->caller->kind->room(c, len);
}

void
call_sent(struct call *c, size_t n, bool last)
{
	c->caller->kind->sent(c, n, last);
}

void
call_trailers(struct call *c, const struct field *fields, size_t count)
{
	c->caller->kind->trailers(c, fields, count);
}

void
call_taken(struct call *c, size_t n)
{
	c->caller->kind->taken(c, n);
}

bool
call_awaits(const struct call *c)
{
	return c->caller->kind->awaits(c);
}

void
call_cancel(struct call *c)
{
	c->caller->kind->cancel(c);
}

void
caller_free(struct caller *c)
{
	if (c != NULL)
		c->kind->free(c);
}

struct call *
caller_begin(struct caller *c, const struct call_request *request, const struct call_ops *ops,
	     void *owner)
{
	return c->kind->begin(c, request, ops, owner);
}

size_t
caller_vacancies(const struct caller *c)
{
	return c->kind->vacancies(c);
}

bool
caller_is_dead(const struct caller *c)
{
	return c->kind->is_dead(c);
}

size_t
caller_receive(struct caller *c, struct span in)
{
	return c->kind->receive(c, in);
}

bool
caller_wants_input(const struct caller *c)
{
	return c->kind->wants_input(c);
}

void
caller_receive_end(struct caller *c)
{
	c->kind->receive_end(c);
}

void
caller_fail(struct caller *c, enum call_failure how, const char *why)
{
	c->kind->fail(c, how, why);
}

struct buf *
caller_output(struct caller *c)
{
	return c->kind->output(c);
}

bool
caller_output_ended(const struct caller *c)
{
	return c->kind->output_ended(c);
}

void
caller_output_sent(struct caller *c)
{
	c->kind->output_sent(c);
}
