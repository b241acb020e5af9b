#include "http/field.h"

#include "base/text.h"

bool
field_is_sound(const struct field *f)
{
	for (size_t i = 0; i < f->value.len; i++)
		if (!field_is_text(f->value.p[i]))
			return false;
	return text_is_token(f->name);
}

bool
field_is_protocol(struct span s)
{
	size_t slash = span_find(s, '/');

	return text_is_token(span_head(s, slash)) &&
	       (slash == s.len || text_is_token(span_tail(s, slash + 1)));
}

bool
field_is_http(struct span protocol)
{
	static const struct span names[] = {SPAN_INIT("h2c"), SPAN_INIT("h2"), SPAN_INIT("http"),
					    SPAN_INIT("tls")};
	struct span name = span_head(protocol, span_find(protocol, '/'));

	for (size_t i = 0; i < COUNT(names); i++)
		if (span_equal_nocase(name, names[i]))
			return true;
	return false;
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

struct span
field_trim(struct span s)
{
	while (s.len > 0 && is_space(s.p[0]))
		s = span_tail(s, 1);
	while (s.len > 0 && is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

bool
field_list_next(struct span *list, struct span *element)
{
	while (list->len > 0) {
		size_t comma = span_find(*list, ',');

		*element = field_trim(span_head(*list, comma));
		*list = span_tail(*list, comma + 1);
		if (element->len > 0)
			return true;
	}
	return false;
}

bool
field_list_has(struct span list, struct span wanted)
{
	struct span element;

	while (field_list_next(&list, &element)) {
		element = field_trim(span_head(element, span_find(element, ';')));
		if (span_equal_nocase(element, wanted))
			return true;
	}
	return false;
}

const struct span *
field_find(const struct field *fields, size_t count, struct span name)
{
	for (size_t i = 0; i < count; i++)
		if (span_equal(fields[i].name, name))
			return &fields[i].value;
	return NULL;
}

size_t
field_drop(struct field *fields, size_t count, struct span name)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (!span_equal(fields[i].name, name))
			fields[kept++] = fields[i];
	return kept;
}

struct field *
field_copy(struct arena *memory, const struct field *fields, size_t count)
{
	struct field *copies = arena_get(memory, count * sizeof *copies);

	for (size_t i = 0; i < count; i++)
		copies[i] = (struct field){arena_span(memory, fields[i].name),
					   arena_span(memory, fields[i].value)};
	return copies;
}

static const struct span hops[] = {
    SPAN_INIT("connection"),
    SPAN_INIT("content-length"),
    SPAN_INIT("expect"),
    SPAN_INIT("host"),
    SPAN_INIT("http2-settings"),
    SPAN_INIT("keep-alive"),
    SPAN_INIT("proxy-connection"),
    SPAN_INIT("te"),
    SPAN_INIT("transfer-encoding"),
    SPAN_INIT("upgrade"),
};

bool
field_is_hop(struct span name)
{
	for (size_t i = 0; i < COUNT(hops); i++)
		if (span_equal(name, hops[i]))
			return true;
	return false;
}

/* What frames, routes or modifies a message, or says who sends it, must come before it. */
static const struct span never_trail[] = {
    SPAN_INIT("authorization"),
    SPAN_INIT("cache-control"),
    SPAN_INIT("connection"),
    SPAN_INIT("content-encoding"),
    SPAN_INIT("content-length"),
    SPAN_INIT("content-range"),
    SPAN_INIT("content-type"),
    SPAN_INIT("cookie"),
    SPAN_INIT("expect"),
    SPAN_INIT("forwarded"),
    SPAN_INIT("host"),
    SPAN_INIT("keep-alive"),
    SPAN_INIT("location"),
    SPAN_INIT("max-forwards"),
    SPAN_INIT("pragma"),
    SPAN_INIT("range"),
    SPAN_INIT("retry-after"),
    SPAN_INIT("set-cookie"),
    SPAN_INIT("te"),
    SPAN_INIT("trailer"),
    SPAN_INIT("transfer-encoding"),
    SPAN_INIT("upgrade"),
    SPAN_INIT("vary"),
    SPAN_INIT("www-authenticate"),
};

/* Whole families of such fields. */
static const struct span never_trail_with[] = {
    SPAN_INIT("if-"),
    SPAN_INIT("proxy-"),
    SPAN_INIT("x-forwarded-"),
    SPAN_INIT(":"),
};

bool
field_may_trail(struct span name)
{
	for (size_t i = 0; i < COUNT(never_trail); i++)
		if (span_equal(name, never_trail[i]))
			return false;
	for (size_t i = 0; i < COUNT(never_trail_with); i++)
		if (span_starts_with(name, never_trail_with[i]))
			return false;
	return true;
}

bool
field_is_trailer(const struct field *f)
{
	return field_is_sound(f) && !field_is_hop(f->name) && field_may_trail(f->name);
}
