#include "api/csv.h"

struct csv
csv_of(struct span text)
{
	struct span mark = SPAN_OF("\xEF\xBB\xBF");

	if (span_starts_with(text, mark))
		text = span_tail(text, mark.len);
	return (struct csv){.left = cursor_of(text), .line = 1};
}

static int
peek(const struct csv *c)
{
	return cursor_left(&c->left) > 0 ? *c->left.p : -1;
}

static int
take(struct csv *c)
{
	uint8_t byte;

	if (!cursor_u8(&c->left, &byte))
		return -1;
	c->line += byte == '\n';
	return byte;
}

/* CRLF, LF, or the end of all. */
static bool
take_line_end(struct csv *c)
{
	struct cursor after = c->left;
	uint8_t byte;

	if (!cursor_u8(&after, &byte))
		return true;
	if (byte == '\r' && !cursor_u8(&after, &byte))
		return false;
	if (byte != '\n')
		return false;
	c->left = after;
	c->line++;
	return true;
}

/* From behind the first quote to behind the last one; two in a row are one that is meant. */
static bool
take_quoted(struct csv *c, struct arena *memory, struct span *cell)
{
	size_t most = cursor_left(&c->left), len = 0;
	const uint8_t *end = most > 0 ? memchr(c->left.p, '"', most) : NULL;

	/* As long as up to the first quote that stands alone: found first, so that a text full of
	 * quoted cells is not copied over and over. */
	while (end != NULL && end + 1 < c->left.end && end[1] == '"')
		end = memchr(end + 2, '"', (size_t)(c->left.end - (end + 2)));
	if (end == NULL)
		return false;
	uint8_t *to = arena_get(memory, (size_t)(end - c->left.p));
	while (c->left.p < end) {
		int byte = take(c);

		if (byte == '"')
			byte = take(c);
		to[len++] = (uint8_t)byte;
	}
	*cell = span_of(to, len);
	return cursor_skip(&c->left, 1);
}

static bool
ends_cell(int byte)
{
	return byte < 0 || byte == ',' || byte == '\n' || byte == '\r';
}

static const char *
take_cell(struct csv *c, struct arena *memory, struct span *cell)
{
	const uint8_t *start;

	if (peek(c) == '"') {
		(void)take(c);
		if (!take_quoted(c, memory, cell))
			return "a quote is not closed";
		return ends_cell(peek(c)) ? NULL : "something follows a closing quote";
	}
	start = c->left.p;
	while (!ends_cell(peek(c)) && peek(c) != '"')
		(void)take(c);
	*cell = span_of(start, (size_t)(c->left.p - start));
	return ends_cell(peek(c)) ? NULL
				  : "a quote stands inside of a cell that does not begin with one";
}

static const char *
take_row(struct csv *c, struct arena *memory, struct csv_row *row)
{
	const char *why;

	for (;;) {
		if (row->count == CSV_CELLS_MAX)
			return "it has too many cells";
		if ((why = take_cell(c, memory, &row->cells[row->count++])) != NULL)
			return why;
		if (peek(c) != ',')
			return take_line_end(c) ? NULL : "a carriage return stands alone";
		(void)take(c);
	}
}

enum csv_result
csv_next(struct csv *c, struct arena *memory, struct csv_row *row, const char **why)
{
	while (cursor_left(&c->left) > 0 && take_line_end(c))
		;
	*row = (struct csv_row){.line = c->line};
	if (cursor_left(&c->left) == 0)
		return CSV_END;
	*why = take_row(c, memory, row);
	return *why == NULL ? CSV_ROW : CSV_BAD;
}
