#include "http/h1_parse.h"

#include "base/text.h"
#include "http/field.h"
#include "http/method.h"

#define OPTIONS_MAX 16 /* names in Connection fields: each is looked for among all fields */

enum h1_scanned
h1_scan(struct h1_scan *s, struct span in)
{
	uint32_t at = s->at;

	while (at < in.len && field_is_text(in.p[at]))
		at++;
	s->at = at;
	if (at >= in.len)
		return H1_SCAN_MORE;
	if (in.p[at] != '\r')
		return H1_SCAN_BAD;
	if (at + 1 == in.len)
		return H1_SCAN_MORE;
	if (in.p[at + 1] != '\n')
		return H1_SCAN_BAD;
	bool empty = at == s->line;
	s->at = s->line = at + 2;
	s->lines++;
	return empty ? H1_SCAN_END : H1_SCAN_LINE;
}

unsigned
h1_parse_line_begun(struct span begun)
{
	/* Bounded, as this is asked again with each byte that comes. */
	struct span seen = span_head(begun, METHOD_MAX + 1);

	return method_check(span_head(seen, span_find(seen, ' ')));
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* RFC 9112 §2.3. A higher minor version is answered as 1.1 (RFC 9110 §2.5). */
static unsigned
version_of(struct span s, uint16_t *version)
{
	if (s.len != 8 || !span_starts_with(s, SPAN_OF("HTTP/")) || !is_digit(s.p[5]) ||
	    s.p[6] != '.' || !is_digit(s.p[7]))
		return 400;
	if (s.p[5] != '1')
		return 505;
	*version = s.p[7] == '0' ? 10 : 11;
	return 0;
}

unsigned
h1_parse_line(struct span line, struct h1_line *out)
{
	size_t space = span_find(line, ' ');
	struct span method = span_head(line, space), rest = span_tail(line, space + 1);
	struct span target = span_head(rest, span_find(rest, ' '));
	unsigned wrong;

	*out = (struct h1_line){.known = METHOD_OTHER};
	if ((wrong = method_check(method)) != 0)
		return wrong;
	if (method.len == 0 || target.len == 0)
		return 400;
	out->method = (uint32_t)method.len;
	out->target = (uint32_t)target.len;
	out->known = (uint8_t)method_of(method);
	return version_of(span_tail(rest, target.len + 1), &out->version);
}

unsigned
h1_parse_field(uint8_t *line, size_t len, struct field *out)
{
	size_t name = 0;

	/* No white space before the name (obs-fold, §5.2) or before the colon (§5.1): no token. */
	while (name < len && text_token_lower[line[name]] != 0) {
		line[name] = text_token_lower[line[name]];
		name++;
	}
	if (name == 0 || name == len || line[name] != ':')
		return 400;
	out->name = span_of(line, name);
	out->value = field_trim(span_tail(span_of(line, len), name + 1));
	return 0;
}

unsigned
h1_parse_fields(uint8_t *p, size_t len, struct field *out, size_t *count)
{
	for (size_t at = 0; at < len;) {
		size_t line = span_find(span_of(p + at, len - at), '\r');
		unsigned wrong = h1_parse_field(p + at, line, &out[*count]);

		if (wrong != 0)
			return wrong;
		(*count)++;
		at += line + 2;
	}
	return 0;
}

static size_t
count_lines(struct span lines)
{
	size_t n = 0;

	for (size_t i = 0; i < lines.len; i++)
		n += lines.p[i] == '\n';
	return n;
}

unsigned
h1_parse_trailers(struct span lines, size_t most, struct arena *memory, struct field **fields,
		  size_t *count)
{
	size_t n = count_lines(lines), all = 0;

	*count = 0;
	if (n > most)
		return 431;
	*fields = arena_get(memory, n * sizeof **fields);
	unsigned wrong =
	    h1_parse_fields((uint8_t *)arena_copy(memory, lines), lines.len, *fields, &all);
	for (size_t i = 0; wrong == 0 && i < all; i++)
		if (field_may_trail((*fields)[i].name))
			(*fields)[(*count)++] = (*fields)[i];
	return wrong;
}

static unsigned
take_host(struct h1_meaning *m, struct span value, unsigned version)
{
	(void)version;
	m->host = value;
	m->hosts++;
	return 0;
}

/* RFC 9112 §6.3: lists of lengths, even of equal ones, are how requests are smuggled. */
static unsigned
take_length(struct h1_meaning *m, struct span value, unsigned version)
{
	uint64_t n;

	(void)version;
	if (m->has_length || !text_to_u64(value, INT64_MAX, &n))
		return 400;
	m->has_length = true;
	m->length = (int64_t)n;
	return 0;
}

/* RFC 9112 §6.1: a body that HTTP/1.0 cannot frame; codings that we do not have. */
static unsigned
take_coding(struct h1_meaning *m, struct span value, unsigned version)
{
	if (version < 11 || m->chunked)
		return 400;
	m->chunked = true;
	return span_equal_nocase(value, SPAN_OF("chunked")) ? 0 : 501;
}

static unsigned
take_connection(struct h1_meaning *m, struct span value, unsigned version)
{
	struct span option;

	(void)version;
	while (field_list_next(&value, &option)) {
		if (++m->options > OPTIONS_MAX)
			return 400;
		m->close |= span_equal_nocase(option, SPAN_OF("close"));
		m->keep_alive |= span_equal_nocase(option, SPAN_OF("keep-alive"));
		m->upgrades |= span_equal_nocase(option, SPAN_OF("upgrade"));
	}
	return 0;
}

/* RFC 9110 §10.1.1. */
static unsigned
take_expect(struct h1_meaning *m, struct span value, unsigned version)
{
	if (!span_equal_nocase(value, SPAN_OF("100-continue")))
		return 417;
	m->expects_continue = version >= 11;
	return 0;
}

/* The first that we leave to handlers; a field that makes no sense is ignored, as all may be. */
static unsigned
take_upgrade(struct h1_meaning *m, struct span value, unsigned version)
{
	struct span protocol;

	while (version >= 11 && m->protocol.len == 0 && field_list_next(&value, &protocol))
		if (field_is_protocol(protocol) && !field_is_http(protocol))
			m->protocol = protocol;
	return 0;
}

static const struct meaning {
	struct span name;
	unsigned (*take)(struct h1_meaning *m, struct span value, unsigned version);
} meanings[] = {
    {SPAN_INIT("host"), take_host},
    {SPAN_INIT("content-length"), take_length},
    {SPAN_INIT("transfer-encoding"), take_coding},
    {SPAN_INIT("connection"), take_connection},
    {SPAN_INIT("expect"), take_expect},
    {SPAN_INIT("upgrade"), take_upgrade},
};

static const struct meaning *
meaning_of(struct span name)
{
	for (size_t i = 0; i < COUNT(meanings); i++)
		if (span_equal(name, meanings[i].name))
			return &meanings[i];
	return NULL;
}

unsigned
h1_parse_meaning(const struct request *r, struct h1_meaning *out)
{
	unsigned wrong = 0;

	*out = (struct h1_meaning){.length = LENGTH_NONE};
	for (size_t i = 0; i < r->field_count; i++) {
		const struct meaning *m = meaning_of(r->fields[i].name);
		unsigned status = m != NULL ? m->take(out, r->fields[i].value, r->version) : 0;

		/* What makes the framing uncertain outweighs what is merely not supported. */
		if (status != 0 && (wrong == 0 || status == 400))
			wrong = status;
	}
	if (out->chunked && out->has_length)
		return 400;
	if (out->hosts > 1 || (out->hosts == 0 && r->version >= 11))
		return 400;
	if (out->chunked)
		out->length = LENGTH_UNKNOWN;
	/* Bytes of a body could not be told from what is said in the other protocol. */
	if (!out->upgrades || out->chunked || out->length > 0)
		out->protocol = SPAN_NONE;
	return wrong;
}
