#include "cli/entries.h"

#include <stdlib.h>

#include "base/mem.h"

static struct err
put_length(const struct entry_sink *to, size_t n, size_t bytes)
{
	uint8_t text[4];

	for (size_t i = 0; i < bytes; i++)
		text[i] = (uint8_t)(n >> 8 * (bytes - 1 - i));
	return to->put(to->owner, span_of(text, bytes));
}

struct err
entry_begin(const struct entry_sink *to, const char *name)
{
	struct span text = span_str(name);
	struct err e = put_length(to, text.len, 2);

	return failed(e) ? e : to->put(to->owner, text);
}

struct err
entry_put(const struct entry_sink *to, struct span bytes)
{
	while (bytes.len > 0) {
		struct span now = span_head(bytes, ENTRY_PIECE);
		struct err e = put_length(to, now.len, 4);

		if (!failed(e))
			e = to->put(to->owner, now);
		if (failed(e))
			return e;
		bytes = span_tail(bytes, now.len);
	}
	return ERR_NONE;
}

struct err
entry_end(const struct entry_sink *to)
{
	return put_length(to, 0, 4);
}

struct err
entry_whole(const struct entry_sink *to, const char *name, struct span bytes)
{
	struct err e = entry_begin(to, name);

	if (!failed(e))
		e = entry_put(to, bytes);
	return failed(e) ? e : entry_end(to);
}

struct err
entries_end(const struct entry_sink *to)
{
	return put_length(to, 0, 2);
}

static struct err
get_length(const struct entry_source *from, size_t bytes, size_t *out)
{
	uint8_t text[4];
	struct err e = from->get(from->owner, text, bytes);

	*out = 0;
	for (size_t i = 0; i < bytes && !failed(e); i++)
		*out = *out << 8 | text[i];
	return e;
}

struct err
entry_next(const struct entry_source *from, char name[ENTRY_NAME_MAX])
{
	size_t len;
	struct err e = get_length(from, 2, &len);

	name[0] = '\0';
	if (failed(e) || len == 0)
		return e;
	if (len >= ENTRY_NAME_MAX)
		return err_new("a name in it is too long");
	e = from->get(from->owner, name, len);
	name[failed(e) ? 0 : len] = '\0';
	for (size_t i = 0; i < len && !failed(e); i++)
		if (name[i] <= ' ' || name[i] >= 0x7F)
			return err_new("a name in it is none");
	return e;
}

struct err
entry_piece(const struct entry_source *from, uint8_t *room, struct span *piece)
{
	size_t len;
	struct err e = get_length(from, 4, &len);

	*piece = SPAN_NONE;
	if (!failed(e) && len > ENTRY_PIECE)
		e = err_new("a piece in it is too long");
	if (!failed(e))
		e = from->get(from->owner, room, len);
	if (!failed(e))
		*piece = span_of(room, len);
	return e;
}

struct err
entry_read(const struct entry_source *from, struct buf *out)
{
	uint8_t *room = mem_new(ENTRY_PIECE);
	struct span piece;
	struct err e;

	do {
		e = entry_piece(from, room, &piece);
		if (!failed(e) && !buf_append(out, piece))
			e = err_new("something in it is too large");
	} while (!failed(e) && piece.len > 0);
	explicit_bzero(room, ENTRY_PIECE);
	free(room);
	return e;
}
