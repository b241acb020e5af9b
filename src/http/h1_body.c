#include "http/h1_body.h"

#include "base/text.h"
#include "http/field.h"

/* Extensions and trailers of a whole body: what a peer may have us read for nothing. */
#define EXTRA_MAX  8192
#define DIGITS_MAX 16 /* of a 64-bit number */

/* A line of two bytes has two more that end it. */
_Static_assert(H1_TRAILERS_MAX >= 2 * EXTRA_MAX, "what is let through can be kept");

enum state {
	STATE_LENGTH, /* a body of known length */
	STATE_SIZE,
	STATE_EXTENSION,
	STATE_SIZE_LF,
	STATE_DATA,
	STATE_DATA_CR,
	STATE_DATA_LF,
	STATE_TRAILER, /* at the start of a line */
	STATE_TRAILER_NAME,
	STATE_TRAILER_VALUE,
	STATE_TRAILER_LF,
	STATE_LAST_LF,
	STATE_ENDED,
};

struct h1_body
h1_body_none(void)
{
	return (struct h1_body){.state = STATE_ENDED};
}

struct h1_body
h1_body_of_length(uint64_t length)
{
	return (struct h1_body){.left = length, .state = length > 0 ? STATE_LENGTH : STATE_ENDED};
}

struct h1_body
h1_body_chunked(uint64_t limit)
{
	return (struct h1_body){.allowed = limit, .state = STATE_SIZE};
}

bool
h1_body_ended(const struct h1_body *b)
{
	return b->state == STATE_ENDED;
}

static bool
go(struct h1_body *b, enum state next)
{
	b->state = (uint8_t)next;
	return true;
}

static bool
go_if(struct h1_body *b, bool fits, enum state next)
{
	return fits && go(b, next);
}

static bool
extra(struct h1_body *b)
{
	return ++b->extra <= EXTRA_MAX;
}

/* A byte of the trailer section. */
static bool
keep(struct h1_body *b, uint8_t c)
{
	return b->trailers == NULL || buf_byte(b->trailers, c);
}

/* Leading zeros are counted, too: a size needs no more digits than a number has. */
static bool
on_size(struct h1_body *b, uint8_t c)
{
	int digit = text_hex_digit(c);

	if (digit >= 0) {
		if (b->digits++ == DIGITS_MAX)
			return false;
		b->left = b->left << 4 | (unsigned)digit;
		return true;
	}
	if (b->digits == 0)
		return false;
	return c == '\r' ? go(b, STATE_SIZE_LF) : go_if(b, c == ';', STATE_EXTENSION);
}

static bool
on_extension(struct h1_body *b, uint8_t c)
{
	return c == '\r' ? go(b, STATE_SIZE_LF) : field_is_text(c) && extra(b);
}

static bool
on_size_lf(struct h1_body *b, uint8_t c)
{
	b->digits = 0;
	return go_if(b, c == '\n', b->left > 0 ? STATE_DATA : STATE_TRAILER);
}

static bool
on_data_cr(struct h1_body *b, uint8_t c)
{
	return go_if(b, c == '\r', STATE_DATA_LF);
}

static bool
on_data_lf(struct h1_body *b, uint8_t c)
{
	return go_if(b, c == '\n', STATE_SIZE);
}

static bool
on_trailer(struct h1_body *b, uint8_t c)
{
	if (c == '\r')
		return go(b, STATE_LAST_LF);
	return extra(b) && keep(b, c) && go_if(b, text_token_lower[c] != 0, STATE_TRAILER_NAME);
}

static bool
on_trailer_name(struct h1_body *b, uint8_t c)
{
	if (!extra(b) || !keep(b, c))
		return false;
	return c == ':' ? go(b, STATE_TRAILER_VALUE) : text_token_lower[c] != 0;
}

static bool
on_trailer_value(struct h1_body *b, uint8_t c)
{
	if (!keep(b, c))
		return false;
	return c == '\r' ? go(b, STATE_TRAILER_LF) : field_is_text(c) && extra(b);
}

static bool
on_trailer_lf(struct h1_body *b, uint8_t c)
{
	return keep(b, c) && go_if(b, c == '\n', STATE_TRAILER);
}

static bool
on_last_lf(struct h1_body *b, uint8_t c)
{
	return go_if(b, c == '\n', STATE_ENDED);
}

/* What each byte outside of the data does; false: it must not stand there. */
static bool (*const on_byte[])(struct h1_body *b, uint8_t c) = {
    [STATE_SIZE] = on_size,
    [STATE_EXTENSION] = on_extension,
    [STATE_SIZE_LF] = on_size_lf,
    [STATE_DATA_CR] = on_data_cr,
    [STATE_DATA_LF] = on_data_lf,
    [STATE_TRAILER] = on_trailer,
    [STATE_TRAILER_NAME] = on_trailer_name,
    [STATE_TRAILER_VALUE] = on_trailer_value,
    [STATE_TRAILER_LF] = on_trailer_lf,
    [STATE_LAST_LF] = on_last_lf,
};

static void
take_data(struct h1_body *b, struct cursor *c, struct span *data)
{
	size_t n = cursor_left(c) < b->left ? cursor_left(c) : (size_t)b->left;

	if (!cursor_span(c, n, data))
		return;
	b->left -= n;
	if (b->left == 0)
		b->state = b->state == STATE_LENGTH ? STATE_ENDED : STATE_DATA_CR;
}

/* At the start of a chunk's data: counted before any of it is waited for. */
static bool
chunk_fits(struct h1_body *b)
{
	if (b->left > b->allowed)
		return false;
	b->allowed -= b->left;
	return true;
}

enum h1_body_got
h1_body_take(struct h1_body *b, struct cursor *c, struct span *data)
{
	uint8_t byte;

	*data = SPAN_NONE;
	while (b->state != STATE_LENGTH && b->state != STATE_DATA && b->state != STATE_ENDED) {
		bool was_size = b->state == STATE_SIZE_LF;

		if (!cursor_u8(c, &byte))
			return H1_BODY_MORE;
		if (!on_byte[b->state](b, byte))
			return H1_BODY_BAD;
		if (was_size && !chunk_fits(b))
			return H1_BODY_LARGE;
	}
	if (b->state != STATE_ENDED)
		take_data(b, c, data);
	return b->state == STATE_ENDED ? H1_BODY_END : H1_BODY_MORE;
}
