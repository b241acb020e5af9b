#include "http/h1_answer_parse.h"

#include "base/text.h"
#include "http/field.h"
#include "http/h1_parse.h"

#define OPTIONS_MAX 16 /* names in Connection fields: each is looked for among all fields */

static const struct span version_begins = SPAN_INIT("HTTP/1.");

struct meaning {
	struct h1_answer_head *head;
	struct span options[OPTIONS_MAX];
	size_t option_count;
	struct span upgrade;
	bool upgrades;
};

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

bool
h1_parse_status_line_begun(struct span begun)
{
	struct span seen = span_head(begun, version_begins.len);

	return span_equal(seen, span_head(version_begins, seen.len));
}

/* "HTTP/1.1 200 OK". The space before a reason that is not there is often left out. */
bool
h1_parse_status_line(struct span line, struct h1_status_line *out)
{
	size_t at = version_begins.len;

	if (!span_starts_with(line, version_begins) || line.len < at + 5)
		return false;
	const uint8_t *p = line.p + at;
	if (!is_digit(p[0]) || p[1] != ' ' || !is_digit(p[2]) || !is_digit(p[3]) ||
	    !is_digit(p[4]) || (line.len > at + 5 && p[5] != ' '))
		return false;
	out->version = p[0] == '0' ? 10 : 11;
	out->status = (unsigned)((p[2] - '0') * 100 + (p[3] - '0') * 10 + (p[4] - '0'));
	return out->status >= 100;
}

/* RFC 9112 §6.3, 5: a list of equal lengths may be taken for one. */
static const char *
take_length(struct meaning *m, struct span value)
{
	struct span list = value, one;
	uint64_t n;

	if (value.len == 0)
		return "a Content-Length without a number";
	while (list.len > 0) {
		size_t comma = span_find(list, ',');

		one = field_trim(span_head(list, comma));
		if (!text_to_u64(one, INT64_MAX, &n) || comma + 1 == list.len)
			return "a Content-Length that is no number";
		if (m->head->length >= 0 && m->head->length != (int64_t)n)
			return "two Content-Lengths that differ";
		m->head->length = (int64_t)n;
		list = span_tail(list, comma + 1);
	}
	return NULL;
}

/* RFC 9112 §6.1, §7: the one coding that every HTTP/1.1 has, once. */
static const char *
take_coding(struct meaning *m, struct span value)
{
	if (m->head->chunked || !span_equal_nocase(value, SPAN_OF("chunked")))
		return "a Transfer-Encoding other than chunked";
	m->head->chunked = true;
	return m->head->line.version < 11 ? "a Transfer-Encoding in HTTP/1.0" : NULL;
}

static const char *
take_connection(struct meaning *m, struct span value)
{
	struct span option;

	while (field_list_next(&value, &option)) {
		if (span_equal_nocase(option, SPAN_OF("close")))
			m->head->close = true;
		else if (span_equal_nocase(option, SPAN_OF("keep-alive")))
			m->head->keep_alive = true;
		else if (span_equal_nocase(option, SPAN_OF("upgrade")))
			m->upgrades = true;
		else if (m->option_count == OPTIONS_MAX)
			return "too many options in Connection";
		else
			m->options[m->option_count++] = option;
	}
	return NULL;
}

static const char *
take_upgrade(struct meaning *m, struct span value)
{
	m->upgrade = value;
	return NULL;
}

static const struct known {
	struct span name;
	const char *(*take)(struct meaning *m, struct span value);
} knowns[] = {
    {SPAN_INIT("content-length"), take_length},
    {SPAN_INIT("transfer-encoding"), take_coding},
    {SPAN_INIT("connection"), take_connection},
    {SPAN_INIT("upgrade"), take_upgrade},
};

static const char *
take_field(struct meaning *m, const struct field *f)
{
	for (size_t i = 0; i < COUNT(knowns); i++)
		if (span_equal(f->name, knowns[i].name))
			return knowns[i].take(m, f->value);
	return NULL;
}

static bool
is_option(const struct meaning *m, struct span name)
{
	for (size_t i = 0; i < m->option_count; i++)
		if (span_equal_nocase(m->options[i], name))
			return true;
	return false;
}

/* Leaves those that are for whoever asked. */
static void
drop_hops(const struct meaning *m)
{
	struct h1_answer_head *h = m->head;
	size_t kept = 0;

	for (size_t i = 0; i < h->field_count; i++)
		if (!field_is_hop(h->fields[i].name) && !is_option(m, h->fields[i].name))
			h->fields[kept++] = h->fields[i];
	h->field_count = kept;
}

static const char *
parse_fields(struct meaning *m, uint8_t *p, size_t len)
{
	struct h1_answer_head *h = m->head;
	const char *wrong;

	for (size_t at = 0; at < len;) {
		size_t line = span_find(span_of(p + at, len - at), '\r');
		struct field *f = &h->fields[h->field_count];

		if (h1_parse_field(p + at, line, f) != 0)
			return "a malformed header field";
		if ((wrong = take_field(m, f)) != NULL)
			return wrong;
		h->field_count++;
		at += line + 2;
	}
	return NULL;
}

const char *
h1_parse_answer(struct span head, size_t lines, struct arena *memory, struct h1_answer_head *out)
{
	size_t first = span_find(head, '\r') + 2;
	struct meaning m = {.head = out};
	const char *wrong;

	*out = (struct h1_answer_head){.length = LENGTH_NONE};
	if (!h1_parse_status_line(span_head(head, first - 2), &out->line))
		return "a malformed status line";
	/* A copy, as names are made lower case, and all move on but this. */
	uint8_t *p = (uint8_t *)arena_copy(memory, head);
	out->fields = arena_get(memory, lines * sizeof *out->fields);
	if ((wrong = parse_fields(&m, p + first, head.len - first - 2)) != NULL)
		return wrong;
	if (out->chunked && out->length >= 0)
		return "both Transfer-Encoding and Content-Length";
	if (m.upgrades)
		out->upgrade = m.upgrade;
	drop_hops(&m);
	return NULL;
}
