/* The way of a request out: its head, then its body. */
#include "http/h1_caller_inner.h"

#include <assert.h>

#include "base/text.h"
#include "http/h1_put.h"
#include "http/h1_write.h"
#include "http/pool.h"
#include "tls/random.h"

#define KEY_BYTES 16 /* RFC 6455 §4.1: a nonce */
#define KEY_TEXT  24 /* in base64 */

static const struct span version = SPAN_INIT(" HTTP/1.1\r\nHost: "),
			 length_name = SPAN_INIT("Content-Length: "),
			 chunked = SPAN_INIT("Transfer-Encoding: chunked\r\n"),
			 expect = SPAN_INIT("Expect: 100-continue\r\n"),
			 te = SPAN_INIT("TE: trailers\r\nConnection: TE\r\n"),
			 upgrade = SPAN_INIT("Connection: Upgrade\r\nUpgrade: "),
			 key_name = SPAN_INIT("Sec-WebSocket-Key: "),
			 key_version = SPAN_INIT("Sec-WebSocket-Version: 13\r\n"),
			 line_end = SPAN_INIT("\r\n");

/* Enough for any head; what the fields do not need is given back at once. */
static size_t
head_size(const struct call_request *r)
{
	size_t size = r->method_name.len + 1 + r->target.len + version.len + r->authority.len +
		      line_end.len + length_name.len + TEXT_DECIMAL_MAX + line_end.len +
		      chunked.len + expect.len + te.len + upgrade.len + r->protocol.len +
		      line_end.len + key_name.len + KEY_TEXT + line_end.len + key_version.len +
		      line_end.len;

	return size + h1_fields_size(r->fields, r->field_count);
}

/* A WebSocket of HTTP/2 or 3 has no key (RFC 8441 §5), one of HTTP/1.1 must have. */
static bool
lacks_key(const struct call_request *r)
{
	return span_equal_nocase(r->protocol, SPAN_OF("websocket")) &&
	       field_find(r->fields, r->field_count, SPAN_OF("sec-websocket-key")) == NULL;
}

static void
put_base64(uint8_t to[KEY_TEXT], const uint8_t from[KEY_BYTES])
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t padded[18] = {0};

	memcpy(padded, from, KEY_BYTES);
	for (size_t i = 0; i < KEY_TEXT; i++) {
		size_t bit = i * 6, at = bit / 8;
		unsigned two = (unsigned)padded[at] << 8 | (at + 1 < 18 ? padded[at + 1] : 0);

		to[i] = (uint8_t)digits[(two >> (10 - bit % 8)) & 63];
	}
	memset(to + KEY_TEXT - 2, '=', 2);
}

static uint8_t *
put_key(uint8_t *to, const struct call_request *r)
{
	uint8_t key[KEY_BYTES], text[KEY_TEXT];

	random_bytes(key, sizeof key);
	put_base64(text, key);
	to = h1_put_line(span_put(to, key_name), span_of(text, sizeof text), SPAN_NONE);
	bool versioned =
	    field_find(r->fields, r->field_count, SPAN_OF("sec-websocket-version")) != NULL;
	return versioned ? to : span_put(to, key_version);
}

static uint8_t *
put_switch(uint8_t *to, const struct call_request *r)
{
	if (r->protocol.len == 0)
		return r->wants_trailers ? span_put(to, te) : to;
	to = h1_put_line(span_put(to, upgrade), r->protocol, SPAN_NONE);
	return lacks_key(r) ? put_key(to, r) : to;
}

/* RFC 9110 §8.6: a method that anticipates content says so even when there is none. */
static uint8_t *
put_framing(uint8_t *to, const struct call_request *r)
{
	bool anticipated =
	    r->method == METHOD_POST || r->method == METHOD_PUT || r->method == METHOD_PATCH;

	if (r->length == LENGTH_UNKNOWN)
		return span_put(to, chunked);
	if (r->length < 0 && !anticipated)
		return to;
	to = text_decimal(span_put(to, length_name), r->length > 0 ? (uint64_t)r->length : 0);
	return span_put(to, line_end);
}

static uint8_t *
put_head(uint8_t *to, const struct call_request *r)
{
	to = span_put(span_put(to, r->method_name), SPAN_OF(" "));
	to = span_put(span_put(to, r->target), version);
	to = h1_put_line(to, r->authority, SPAN_NONE);
	for (size_t i = 0; i < r->field_count; i++)
		if (!field_is_hop(r->fields[i].name))
			to = h1_put_field(to, r->fields[i].name, r->fields[i].value);
	to = put_framing(put_switch(to, r), r);
	if (r->expects_continue && r->length != 0 && r->length != LENGTH_NONE)
		to = span_put(to, expect);
	return span_put(to, line_end);
}

static void
queue(struct h1_caller *c, size_t n)
{
	buf_added(&c->out, n);
	c->queued += n;
}

bool
h1_caller_put_request(struct h1_caller *c, const struct call_request *r)
{
	size_t size = head_size(r);

	pool_fill(&c->out, size);
	uint8_t *room = buf_room(&c->out, size);
	if (room == NULL)
		return false;
	queue(c, (size_t)(put_head(room, r) - room));
	return true;
}

/* Around a piece of the body. */
static size_t
overhead(const struct h1_caller *c)
{
	return c->asking == ASKING_CHUNKED ? H1_CHUNK_AROUND : 0;
}

uint8_t *
h1_caller_room(struct call *call, size_t *len)
{
	struct h1_caller *c = h1_caller_of(call->caller);
	int64_t left = c->asking == ASKING_LENGTH ? (int64_t)c->left : LENGTH_UNKNOWN;

	*len = c->granted = 0;
	if (!c->busy || c->asked || c->stage == CALLING_DEAD || buf_len(&c->out) > H1_OUTPUT_FULL)
		return NULL;
	size_t size = h1_piece_size(&c->out, left), all = size + overhead(c);
	pool_fill(&c->out, all);
	uint8_t *to = buf_room(&c->out, all);
	if (to == NULL)
		return NULL;
	*len = c->granted = size;
	return c->asking == ASKING_CHUNKED ? to + H1_CHUNK_HEAD : to;
}

/* Outside of our own calls, nobody else will tell the host. */
static void
tell_host(struct h1_caller *c)
{
	if (c->depth == 0)
		c->host->output(c->owner);
}

/* The server waits for bytes that will never come: nothing more can be asked of it. */
static void
doom(struct h1_caller *c, const char *why)
{
	c->stage = CALLING_DEAD;
	c->doomed = why;
}

static bool
put_chunk(struct h1_caller *c, size_t n)
{
	uint8_t *to = buf_room(&c->out, n + H1_CHUNK_AROUND);

	if (to == NULL)
		return false;
	queue(c, h1_put_chunk(to, n));
	return true;
}

static bool
put_piece(struct h1_caller *c, size_t n)
{
	if (n == 0)
		return true;
	if (c->asking == ASKING_CHUNKED)
		return put_chunk(c, n);
	queue(c, n);
	if (c->asking == ASKING_LENGTH)
		c->left -= n;
	return true;
}

static bool
put_trailers(struct h1_caller *c, const struct field *fields, size_t count)
{
	uint8_t *room = buf_room(&c->out, h1_trailers_size(fields, count));

	if (room == NULL)
		return false;
	queue(c, (size_t)(h1_put_trailers(room, fields, count) - room));
	return true;
}

static void
end_request(struct h1_caller *c, const struct field *trailers, size_t count)
{
	c->asked = true;
	if (c->asking == ASKING_LENGTH && c->left > 0)
		doom(c, CALL_WHY_SHORT);
	else if (c->asking == ASKING_CHUNKED && !put_trailers(c, trailers, count))
		doom(c, CALL_WHY_MEMORY);
}

void
h1_caller_sent(struct call *call, size_t n, bool last)
{
	struct h1_caller *c = h1_caller_of(call->caller);

	assert(n <= c->granted);
	c->granted = 0;
	if (!c->busy || c->asked || c->stage == CALLING_DEAD)
		return;
	if (!put_piece(c, n))
		doom(c, CALL_WHY_MEMORY);
	else if (last || (c->asking == ASKING_LENGTH && c->left == 0))
		end_request(c, NULL, 0);
	tell_host(c);
}

void
h1_caller_trailers(struct call *call, const struct field *fields, size_t count)
{
	struct h1_caller *c = h1_caller_of(call->caller);

	if (!c->busy || c->asked || c->stage == CALLING_DEAD)
		return;
	end_request(c, fields, count);
	tell_host(c);
}
