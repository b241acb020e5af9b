#include "http/h1_write.h"

#include "http/field.h"

#define DIGITS_MAX 20

static const struct span chunked = SPAN_INIT("Transfer-Encoding: chunked\r\n"),
			 closing = SPAN_INIT("Connection: close\r\n"),
			 keeping = SPAN_INIT("Connection: keep-alive\r\n"),
			 switching = SPAN_INIT("Connection: Upgrade\r\nUpgrade: "),
			 length_name = SPAN_INIT("Content-Length: "),
			 date_name = SPAN_INIT("Date: "), server_name = SPAN_INIT("Server: "),
			 line_end = SPAN_INIT("\r\n");

static size_t
reason_length(unsigned status)
{
	return strlen(status_reason(status));
}

static size_t
fields_size(const struct field *fields, size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += fields[i].name.len + fields[i].value.len + 4;
	return size;
}

size_t
h1_head_size(const struct h1_answer *a)
{
	size_t size = sizeof "HTTP/1.1 200 \r\n" + reason_length(a->status) + date_name.len +
		      a->date.len + server_name.len + a->server.len + length_name.len + DIGITS_MAX +
		      chunked.len + closing.len + keeping.len + 5 * line_end.len + switching.len +
		      a->protocol.len;

	return size + fields_size(a->fields, a->field_count);
}

static uint8_t *
put(uint8_t *to, struct span bytes)
{
	if (bytes.len > 0)
		memcpy(to, bytes.p, bytes.len);
	return to + bytes.len;
}

static uint8_t *
put_decimal(uint8_t *to, uint64_t n)
{
	uint8_t digits[DIGITS_MAX];
	size_t at = sizeof digits;

	do
		digits[--at] = (uint8_t)('0' + n % 10);
	while ((n /= 10) > 0);
	return put(to, span_of(digits + at, sizeof digits - at));
}

/* "content-type" as HTTP/1.1 has always shown it: "Content-Type". */
static uint8_t *
put_name(uint8_t *to, struct span name)
{
	bool first = true;

	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.p[i];

		*to++ = first && c >= 'a' && c <= 'z' ? (uint8_t)(c & ~0x20) : c;
		first = c == '-';
	}
	return to;
}

static uint8_t *
put_line(uint8_t *to, struct span name, struct span value)
{
	return put(put(put(to, name), value), line_end);
}

static uint8_t *
put_field(uint8_t *to, const struct field *f)
{
	to = put(put_name(to, f->name), SPAN_OF(": "));
	return put_line(to, f->value, SPAN_NONE);
}

static uint8_t *
put_status_line(uint8_t *to, unsigned status)
{
	const char *reason = status_reason(status);

	to = put(to, SPAN_OF("HTTP/1.1 "));
	to = put(put_decimal(to, status), SPAN_OF(" "));
	return put_line(to, span_str(reason), SPAN_NONE);
}

uint8_t *
h1_put_head(uint8_t *to, const struct h1_answer *a)
{
	to = put_status_line(to, a->status);
	if (a->server.len > 0)
		to = put_line(to, server_name, a->server);
	if (a->date.len > 0)
		to = put_line(to, date_name, a->date);
	for (size_t i = 0; i < a->field_count; i++)
		to = put_field(to, &a->fields[i]);
	if (a->length >= 0)
		to = put(put_decimal(put(to, length_name), (uint64_t)a->length), line_end);
	if (a->chunked)
		to = put(to, chunked);
	if (a->protocol.len > 0)
		to = put_line(to, switching, a->protocol);
	else if (a->close)
		to = put(to, closing);
	else if (a->keep_alive)
		to = put(to, keeping);
	return put(to, line_end);
}

static const struct span last_chunk_head = SPAN_INIT("0\r\n");

size_t
h1_trailers_size(const struct field *fields, size_t count)
{
	return last_chunk_head.len + fields_size(fields, count) + line_end.len;
}

uint8_t *
h1_put_trailers(uint8_t *to, const struct field *fields, size_t count)
{
	to = put(to, last_chunk_head);
	for (size_t i = 0; i < count; i++)
		if (field_may_trail(fields[i].name))
			to = put_field(to, &fields[i]);
	return put(to, line_end);
}

void
h1_put_chunk_head(uint8_t to[H1_CHUNK_HEAD], size_t length)
{
	static const char digits[] = "0123456789ABCDEF";

	for (int i = 3; i >= 0; i--, length >>= 4)
		to[i] = (uint8_t)digits[length & 15];
	put(to + 4, line_end);
}
