#include "http/h1_write.h"

#include "base/text.h"
#include "http/field.h"
#include "http/h1_put.h"

#define PIECE_MAX   (64 * 1024)
#define UNKNOWN_MAX (16 * 1024) /* a piece of a body whose length nobody knows */

_Static_assert(UNKNOWN_MAX <= H1_CHUNK_MAX, "its length fits into a chunk's head");

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

size_t
h1_fields_size(const struct field *fields, size_t count)
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
		      a->date.len + server_name.len + a->server.len + length_name.len +
		      TEXT_DECIMAL_MAX + chunked.len + closing.len + keeping.len +
		      5 * line_end.len + switching.len + a->protocol.len;

	return size + h1_fields_size(a->fields, a->field_count);
}

static uint8_t *
put_status_line(uint8_t *to, unsigned status)
{
	const char *reason = status_reason(status);

	to = span_put(to, SPAN_OF("HTTP/1.1 "));
	to = span_put(text_decimal(to, status), SPAN_OF(" "));
	return h1_put_line(to, span_str(reason), SPAN_NONE);
}

uint8_t *
h1_put_head(uint8_t *to, const struct h1_answer *a)
{
	to = put_status_line(to, a->status);
	if (a->server.len > 0)
		to = h1_put_line(to, server_name, a->server);
	if (a->date.len > 0)
		to = h1_put_line(to, date_name, a->date);
	for (size_t i = 0; i < a->field_count; i++)
		to = h1_put_field(to, a->fields[i].name, a->fields[i].value);
	if (a->length >= 0)
		to = span_put(text_decimal(span_put(to, length_name), (uint64_t)a->length),
			      line_end);
	if (a->chunked)
		to = span_put(to, chunked);
	if (a->protocol.len > 0)
		to = h1_put_line(to, switching, a->protocol);
	else if (a->close)
		to = span_put(to, closing);
	else if (a->keep_alive)
		to = span_put(to, keeping);
	return span_put(to, line_end);
}

static const struct span last_chunk_head = SPAN_INIT("0\r\n");

size_t
h1_trailers_size(const struct field *fields, size_t count)
{
	return last_chunk_head.len + h1_fields_size(fields, count) + line_end.len;
}

uint8_t *
h1_put_trailers(uint8_t *to, const struct field *fields, size_t count)
{
	to = span_put(to, last_chunk_head);
	for (size_t i = 0; i < count; i++)
		if (field_is_trailer(&fields[i]))
			to = h1_put_field(to, fields[i].name, fields[i].value);
	return span_put(to, line_end);
}

size_t
h1_put_chunk(uint8_t *to, size_t length)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = length;

	for (int i = 3; i >= 0; i--, n >>= 4)
		to[i] = (uint8_t)digits[n & 15];
	(void)span_put(to + 4, line_end);
	(void)span_put(to + H1_CHUNK_HEAD + length, line_end);
	return H1_CHUNK_HEAD + length + line_end.len;
}

size_t
h1_piece_size(const struct buf *out, int64_t left)
{
	size_t most = H1_OUTPUT_MAX - buf_len(out);

	if (left < 0)
		return most < UNKNOWN_MAX ? most : UNKNOWN_MAX;
	most = most < PIECE_MAX ? most : PIECE_MAX;
	return (uint64_t)left < most ? (size_t)left : most;
}
