#include "api/config_mask.h"

#include <stdlib.h>

#include "base/encode.h"
#include "base/text.h"
#include "base/utf8.h"
#include "config/option.h"
#include "http/field.h"

#define MARK     "***"
#define TAG_SIZE 6 /* bytes of a MAC, which says which secret it is and nothing about it */
#define TAG_TEXT (2 * TAG_SIZE)

/* A secret: bytes of the text. */
struct piece {
	size_t start, end;
};

struct pieces {
	struct piece *at;
	size_t count;
};

static size_t
line_end(struct span text, size_t from)
{
	return from + span_find(span_tail(text, from), '\n');
}

/* Where a place is in the text; columns count characters. */
static size_t
offset_of(struct span text, struct place at)
{
	static const struct span order_mark = SPAN_INIT("\xEF\xBB\xBF");
	size_t n = span_starts_with(text, order_mark) ? order_mark.len : 0;

	for (unsigned line = 1; line < at.line && n < text.len; line++)
		n = line_end(text, n) + 1;
	for (unsigned column = 1; column < at.column && n < text.len; column++)
		do
			n++;
		while (n < text.len && utf8_continues(text.p[n]));
	return n < text.len ? n : text.len;
}

static void
add(struct arena *memory, struct pieces *to, struct span text, size_t start, size_t end)
{
	while (end > start && text.p[end - 1] == '\r')
		end--;
	if (end > start)
		*ARENA_PUSH(memory, to->at, to->count) = (struct piece){start, end};
}

/* The first word of a directive that is secret; 0: none is. A user's name before it is not. */
static size_t
first_secret(const struct word *words, size_t count)
{
	if (count > 2 && span_equal_nocase(words[0].text, SPAN_OF("header")))
		return option_is_secret_header(words[1].text) ? 2 : 0;
	if (count < 2 || !option_is_secret(words[0].text))
		return 0;
	return count == 3 && span_find(words[1].text, ':') == words[1].text.len ? 2 : 1;
}

/* A directive that holds one. All that follows on its line goes with it: what a quote or a
 * backslash does there need not be understood to be hidden. */
static void
add_directive(struct arena *memory, struct pieces *to, struct span text, const struct word *words,
	      size_t count)
{
	size_t first = first_secret(words, count);

	if (first == 0)
		return;
	struct place last = {words[count - 1].at.line, 1};
	add(memory, to, text, offset_of(text, words[first].at),
	    line_end(text, offset_of(text, last)));
}

static void
find_directives(struct arena *memory, struct span text, struct pieces *to)
{
	struct faults faults = {.file = "", .text = text, .memory = memory};
	struct word *words = NULL;
	struct lexer lexer;
	struct token t;
	size_t count = 0;

	lex_start(&lexer, text, &faults, memory);
	do {
		lex_next(&lexer, &t);
		if (t.kind == TOKEN_WORD) {
			*ARENA_PUSH(memory, words, count) = t.word;
			continue;
		}
		add_directive(memory, to, text, words, count);
		words = NULL;
		count = 0;
	} while (t.kind != TOKEN_EOF);
}

/* A directive that was commented out: "# user NAME $y$…", "#store postgresql://…". */
static void
add_comment(struct arena *memory, struct pieces *to, struct span text, size_t start, size_t end)
{
	static const struct span url = SPAN_INIT("://");
	struct span line = span_of(text.p + start, end - start), name, rest;
	size_t n = 0;

	while (n < line.len && (line.p[n] == '#' || line.p[n] == ' ' || line.p[n] == '\t'))
		n++;
	name = span_tail(line, n);
	name = span_head(name, span_find(name, ' '));
	rest = span_tail(line, n + name.len);
	if (rest.len == 0 || !option_is_secret(name))
		return;
	if (span_find(rest, '$') < rest.len || memmem(rest.p, rest.len, url.p, url.len) != NULL)
		add(memory, to, text, start + n + name.len + 1, end);
}

static void
find_comments(struct arena *memory, struct span text, struct pieces *to)
{
	for (size_t start = 0; start < text.len;) {
		size_t end = line_end(text, start);
		struct span line = field_trim(span_of(text.p + start, end - start));

		if (line.len > 0 && line.p[0] == '#')
			add_comment(memory, to, text, start, end);
		start = end + 1;
	}
}

static int
by_start(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* In order, and none inside another. */
static void
find_all(struct arena *memory, struct span text, struct pieces *to)
{
	size_t kept = 0, end = 0;

	*to = (struct pieces){NULL, 0};
	find_directives(memory, text, to);
	find_comments(memory, text, to);
	if (to->count > 0)
		qsort(to->at, to->count, sizeof *to->at, by_start);
	for (size_t i = 0; i < to->count; i++) {
		if (to->at[i].start < end)
			continue;
		end = to->at[i].end;
		to->at[kept++] = to->at[i];
	}
	to->count = kept;
}

static bool
tag_of(const struct vault *v, struct span secret, char out[TAG_TEXT + 1])
{
	const struct span parts[] = {SPAN_OF("configuration"), SPAN_OF("\0"), secret};
	uint8_t mac[32];

	if (!vault_mac(v, parts, COUNT(parts), mac))
		return false;
	hex_write(span_of(mac, TAG_SIZE), out);
	return true;
}

bool
config_mask(const struct vault *v, struct arena *memory, struct span text, struct buf *out)
{
	char tag[TAG_TEXT + 1];
	struct pieces pieces;
	size_t from = 0;
	bool fits = true;

	find_all(memory, text, &pieces);
	for (size_t i = 0; fits && i < pieces.count; i++) {
		const struct piece *p = &pieces.at[i];

		fits = buf_append(out, span_of(text.p + from, p->start - from)) &&
		       tag_of(v, span_of(text.p + p->start, p->end - p->start), tag) &&
		       buf_printf(out, MARK "%s", tag);
		from = p->end;
	}
	return fits && buf_append(out, span_tail(text, from));
}

/* The secret with that tag, in any of the originals. */
static bool
find_secret(const struct vault *v, struct arena *memory, struct span tag,
	    const struct span *originals, size_t count, struct span *secret)
{
	char text[TAG_TEXT + 1];
	struct pieces pieces;

	for (size_t i = 0; i < count; i++) {
		find_all(memory, originals[i], &pieces);
		for (size_t j = 0; j < pieces.count; j++) {
			const struct piece *p = &pieces.at[j];

			*secret = span_of(originals[i].p + p->start, p->end - p->start);
			if (tag_of(v, *secret, text) && span_equal(tag, span_str(text)))
				return true;
		}
	}
	return false;
}

/* The tag of a mark that begins `s`. */
static bool
is_mark(struct span s, struct span *tag)
{
	struct span mark = SPAN_OF(MARK);

	*tag = span_head(span_tail(s, mark.len), TAG_TEXT);
	if (!span_starts_with(s, mark) || tag->len < TAG_TEXT)
		return false;
	for (size_t i = 0; i < TAG_TEXT; i++)
		if (text_hex_digit(tag->p[i]) < 0)
			return false;
	return true;
}

/* What was put back, and the line that its mark was in. */
struct restored {
	struct piece piece;
	unsigned line;
};

static bool
is_within(const struct pieces *pieces, const struct piece *p)
{
	for (size_t i = 0; i < pieces->count; i++)
		if (p->start >= pieces->at[i].start && p->end <= pieces->at[i].end)
			return true;
	return false;
}

/* The line of a secret that stands where none is looked for, and would be shown; 0: there is none.
 * Whoever may only see marks could else read one by moving its mark. */
static unsigned
misplaced(struct arena *memory, struct span text, const struct restored *at, size_t count)
{
	struct pieces pieces;

	find_all(memory, text, &pieces);
	for (size_t i = 0; i < count; i++)
		if (!is_within(&pieces, &at[i].piece))
			return at[i].line;
	return 0;
}

bool
config_unmask(const struct vault *v, struct arena *memory, struct span text,
	      const struct span *originals, size_t count, struct buf *out, unsigned *line)
{
	struct restored *restored = NULL;
	struct span tag, secret;
	size_t restored_count = 0;
	unsigned at = 1;
	bool fits = true;

	*line = 0;
	while (fits && text.len > 0) {
		size_t n = 1, start = buf_len(out);

		if (!is_mark(text, &tag)) {
			at += text.p[0] == '\n';
			fits = buf_byte(out, text.p[0]);
		} else if (find_secret(v, memory, tag, originals, count, &secret)) {
			n = sizeof MARK - 1 + TAG_TEXT;
			fits = buf_append(out, secret);
			*ARENA_PUSH(memory, restored, restored_count) =
			    (struct restored){{start, start + secret.len}, at};
		} else {
			*line = at;
			return true;
		}
		text = span_tail(text, n);
	}
	*line = misplaced(memory, buf_span(out), restored, restored_count);
	return fits;
}

static unsigned
line_at(struct span text, size_t offset)
{
	unsigned line = 1;

	for (size_t i = 0; i < offset; i++)
		line += text.p[i] == '\n';
	return line;
}

static bool
has_secret(const struct pieces *pieces, struct span text, unsigned line)
{
	for (size_t i = 0; i < pieces->count; i++)
		if (line >= line_at(text, pieces->at[i].start) &&
		    line <= line_at(text, pieces->at[i].end))
			return true;
	return false;
}

/* The line of the text that a message is about: "FILE:LINE:COLUMN: ..."; 0: it is no message. */
static unsigned
line_of_message(struct span message, struct span file)
{
	struct span rest = span_tail(message, file.len + 1);
	uint64_t line;

	if (!span_starts_with(message, file) || span_find(message, ':') != file.len ||
	    !text_to_u64(span_head(rest, span_find(rest, ':')), UINT32_MAX, &line))
		return 0;
	return (unsigned)line;
}

bool
config_mask_faults(struct arena *memory, struct span text, const char *file, struct span faults,
		   struct buf *out)
{
	struct pieces pieces;
	bool hidden = false, fits = true;

	find_all(memory, text, &pieces);
	while (fits && faults.len > 0) {
		struct span line = span_head(faults, line_end(faults, 0) + 1);
		unsigned about = line_of_message(line, span_str(file));

		if (about != 0)
			hidden = has_secret(&pieces, text, about);
		if (about != 0 || !hidden)
			fits = buf_append(out, line);
		faults = span_tail(faults, line.len);
	}
	return fits;
}
