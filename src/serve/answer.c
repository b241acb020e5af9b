#include "serve/answer.h"

#include <unistd.h>

#include "serve/range.h"
#include "serve/send.h"

#define MORE_FIELDS 2 /* besides the file's own: Cache-Control, Content-Range */

/* What every answer with a file has to know. */
struct answer {
	struct exchange *ex;
	const struct found *file;
	struct span cache_control;
	const char *const *types;
};

/* The fields of an answer: those of the file, copied only where there are more. */
struct fields {
	const struct field *at;
	size_t count;
	struct field copy[FACT_COUNT + MORE_FIELDS];
};

static void
add(struct fields *f, struct span name, struct span value)
{
	if (f->at != f->copy) {
		memcpy(f->copy, f->at, f->count * sizeof f->copy[0]);
		f->at = f->copy;
	}
	f->copy[f->count++] = (struct field){name, value};
}

static void
whole_fields(const struct answer *a, struct fields *f)
{
	f->at = facts_whole(a->file->facts, a->file->varies, &f->count);
	if (a->cache_control.len > 0)
		add(f, SPAN_OF("cache-control"), a->cache_control);
}

static struct span
content_range(struct arena *memory, const struct range *r, uint64_t size)
{
	const char *text;

	if (r != NULL)
		text = arena_printf(memory, "bytes %llu-%llu/%llu", (unsigned long long)r->first,
				    (unsigned long long)(r->first + r->length - 1),
				    (unsigned long long)size);
	else
		text = arena_printf(memory, "bytes */%llu", (unsigned long long)size);
	return span_str(text);
}

void
answer_let_go(const struct found *file)
{
	if (file->fd >= 0)
		close(file->fd);
}

static void
respond_nowhere(const struct answer *a)
{
	struct field field = {SPAN_OF("content-range"),
			      content_range(a->ex->memory, NULL, a->file->facts->size)};

	answer_let_go(a->file);
	exchange_respond_page(a->ex, 416, &field, 1);
}

/* A body made of parts of a file, wherever its bytes are. */
static void
respond_pieces(const struct answer *a, unsigned status, const struct fields *f,
	       const struct piece *pieces, size_t piece_count)
{
	struct exchange *ex = a->ex;
	size_t length = 0;

	if (a->file->fd >= 0) {
		send_pieces(ex, status, f->at, f->count, a->file->fd, pieces, piece_count);
		return;
	}
	for (size_t i = 0; i < piece_count; i++)
		length += pieces[i].text.len + (size_t)pieces[i].length;
	uint8_t *body = arena_get(ex->memory, length + 1), *to = body;
	for (size_t i = 0; i < piece_count; i++) {
		struct span bytes = span_head(span_tail(a->file->content, (size_t)pieces[i].offset),
					      (size_t)pieces[i].length);

		to = span_put(span_put(to, pieces[i].text), bytes);
	}
	exchange_respond(ex, status, f->at, f->count, span_of(body, (size_t)(to - body)));
}

static void
respond_whole(const struct answer *a, unsigned status, const struct fields *f)
{
	const struct found *file = a->file;

	if (file->fd < 0) {
		exchange_respond(a->ex, status, f->at, f->count, file->content);
		return;
	}
	if (a->types != NULL && file->facts->coding == CODING_IDENTITY)
		encode_answers(a->ex, a->types);
	struct piece *piece = ARENA_NEW(a->ex->memory, struct piece);
	piece->length = file->facts->size;
	send_pieces(a->ex, status, f->at, f->count, file->fd, piece, 1);
}

static void
respond_range(const struct answer *a, const struct range *r)
{
	struct piece *piece = ARENA_NEW(a->ex->memory, struct piece);
	struct fields f;

	whole_fields(a, &f);
	add(&f, SPAN_OF("content-range"), content_range(a->ex->memory, r, a->file->facts->size));
	*piece = (struct piece){SPAN_NONE, r->first, r->length};
	respond_pieces(a, 206, &f, piece, 1);
}

/* Parts end by their length, too; a number that differs from answer to answer will do. */
static const char *
boundary(const struct exchange *ex)
{
	static _Thread_local uint64_t number;

	number = number * 6364136223846793005u + (uint64_t)ex->began_ms + 1442695040888963407u;
	return arena_printf(ex->memory, "%020llu", (unsigned long long)number);
}

/* In place of the file's type; its coding is that of the parts (RFC 9110 §14.6). */
static void
multipart_fields(const struct answer *a, const char *mark, struct fields *f)
{
	const char *type = arena_printf(a->ex->memory, "multipart/byteranges; boundary=%s", mark);

	whole_fields(a, f);
	add(f, SPAN_OF("content-type"), span_str(type));
	for (size_t i = 0; i < f->count; i++)
		if (span_equal(f->copy[i].name, SPAN_OF("content-type"))) {
			f->copy[i] = f->copy[--f->count];
			break;
		}
}

static void
respond_ranges(const struct answer *a, const struct range *ranges, size_t count)
{
	struct arena *memory = a->ex->memory;
	const struct facts *facts = a->file->facts;
	struct piece *pieces = arena_get(memory, (count + 1) * sizeof *pieces);
	const char *mark = boundary(a->ex);
	struct fields f;

	for (size_t i = 0; i < count; i++) {
		struct span range = content_range(memory, &ranges[i], facts->size);
		const char *head = arena_printf(
		    memory, "\r\n--%s\r\nContent-Type: %.*s\r\nContent-Range: %.*s\r\n\r\n", mark,
		    (int)facts->type.len, facts->type.p, (int)range.len, range.p);

		pieces[i] = (struct piece){span_str(head), ranges[i].first, ranges[i].length};
	}
	pieces[count].text = span_str(arena_printf(memory, "\r\n--%s--\r\n", mark));
	multipart_fields(a, mark, &f);
	respond_pieces(a, 206, &f, pieces, count + 1);
}

/* Answers without the body, so without the file. */
static bool
respond_condition(const struct answer *a, const struct conditions *c)
{
	const struct found *file = a->file;
	enum condition verdict = condition_check(c, &file->facts->validators);
	struct fields f;

	if (verdict == CONDITION_SEND)
		return false;
	answer_let_go(file);
	if (verdict == CONDITION_FAILED) {
		exchange_respond_status(a->ex, 412, SPAN_NONE);
		return true;
	}
	f.at = facts_unchanged(file->facts, file->varies, &f.count);
	if (a->cache_control.len > 0)
		add(&f, SPAN_OF("cache-control"), a->cache_control);
	exchange_respond_bare(a->ex, 304, f.at, f.count);
	return true;
}

static void
respond_by_range(const struct answer *a, const struct conditions *c)
{
	struct range ranges[RANGES_MAX];
	enum range_verdict verdict = RANGE_WHOLE;
	size_t count = 0;
	struct fields f;

	if (condition_wants_range(c, &a->file->facts->validators))
		verdict = range_parse(c->range, a->file->facts->size, ranges, &count);
	if (verdict == RANGE_NOWHERE) {
		respond_nowhere(a);
	} else if (verdict == RANGE_WHOLE) {
		whole_fields(a, &f);
		respond_whole(a, 200, &f);
	} else if (count == 1) {
		respond_range(a, &ranges[0]);
	} else {
		respond_ranges(a, ranges, count);
	}
}

void
answer_file(struct exchange *ex, const struct found *file, struct span cache_control,
	    const char *const *types)
{
	const struct answer a = {ex, file, cache_control, types};
	struct conditions c;

	conditions_of(&ex->request, &c);
	if (!respond_condition(&a, &c))
		respond_by_range(&a, &c);
}

/* Neither part nor validator: what is answered here is not the file itself. */
void
answer_file_as(struct exchange *ex, const struct found *file, unsigned status,
	       const struct field *fields, size_t count)
{
	const struct answer a = {ex, file, SPAN_NONE, NULL};
	struct field *all = arena_get(ex->memory, (count + 1) * sizeof *all);
	struct fields f = {.at = all, .count = count + 1};

	all[0] = file->facts->fields[FACT_TYPE];
	for (size_t i = 0; i < count; i++)
		all[i + 1] = fields[i];
	respond_whole(&a, status, &f);
}
