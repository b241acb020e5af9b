#include "config/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/utf8.h"
#include "config/option.h"

#define TEXT_MAX    1024
#define WORD_SHOWN  64
#define LINE_SHOWN  160 /* bytes of a longer line that are shown */
#define LINE_BEFORE 80  /* of them before the caret */

static bool
is_before(struct place a, struct place b)
{
	return a.line != b.line ? a.line < b.line : a.column < b.column;
}

void
fault_add(struct faults *f, struct place at, const char *fmt, ...)
{
	char text[TEXT_MAX];
	size_t i = f->kept;
	va_list args;

	f->count++;
	while (i > 0 && is_before(at, f->first[i - 1].at))
		i--;
	if (i == CONFIG_FAULTS_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (f->kept < CONFIG_FAULTS_MAX)
		f->kept++;
	memmove(&f->first[i + 1], &f->first[i], (f->kept - i - 1) * sizeof f->first[0]);
	f->first[i] = (struct fault){at, arena_copy(f->memory, span_str(text))};
}

void
faults_hide_line(struct faults *f, unsigned line)
{
	*ARENA_PUSH(f->memory, f->hidden, f->hidden_count) = line;
}

static bool
is_hidden(const struct faults *f, unsigned line)
{
	for (size_t i = 0; i < f->hidden_count; i++)
		if (f->hidden[i] == line)
			return true;
	return false;
}

/* A URL with a name and a password, or a password for one (RFC 3986 §3.2.1). */
static bool
has_password(struct span s)
{
	static const struct span scheme = SPAN_INIT("://"), parameter = SPAN_INIT("password=");
	const uint8_t *at = s.len > 0 ? memmem(s.p, s.len, scheme.p, scheme.len) : NULL;

	if (s.len > 0 && memmem(s.p, s.len, parameter.p, parameter.len) != NULL)
		return true;
	return at != NULL && memchr(at, '@', (size_t)(s.p + s.len - at)) != NULL;
}

/* As crypt(5) writes them: "$y$…", "$2b$…". */
static bool
is_hash(struct span s)
{
	size_t n = 1;

	while (n < s.len && text_token_lower[s.p[n]] != 0 && s.p[n] != '$')
		n++;
	return n > 1 && n < s.len && s.p[0] == '$' && s.p[n] == '$';
}

static bool
ends_part(uint8_t c)
{
	return c <= ' ' || c == '"' || c == ';' || c == '{' || c == '}' || c == '#';
}

/* However broken it is: what is not understood may be a secret all the same. */
static bool
may_have_secret(struct span line)
{
	if (has_password(line))
		return true;
	for (size_t n; line.len > 0; line = span_tail(line, n + 1)) {
		for (n = 0; n < line.len && !ends_part(line.p[n]);)
			n++;
		struct span part = span_head(line, n);
		if (option_is_secret(part) || option_is_secret_header(part) || is_hash(part))
			return true;
	}
	return false;
}

static struct span
line_of(struct span text, unsigned line)
{
	while (--line > 0)
		text = span_tail(text, span_find(text, '\n') + 1);
	text.len = span_find(text, '\n');
	if (text.len > 0 && text.p[text.len - 1] == '\r')
		text.len--;
	return text;
}

/* The bytes of `line` before `column`. */
static size_t
bytes_before(struct span line, unsigned column)
{
	size_t n = 0;

	while (n < line.len && (column > 1 || utf8_continues(line.p[n])))
		column -= !utf8_continues(line.p[n++]);
	return n;
}

/* A terminal must not obey what stands in a file. */
static uint8_t
harmless(uint8_t byte)
{
	return (byte < 0x20 && byte != '\t') || byte == 0x7F ? '?' : byte;
}

MUST_CHECK static bool
print_line(struct span line, unsigned column, struct buf *out)
{
	size_t before = bytes_before(line, column);

	if (line.len > LINE_SHOWN) {
		size_t cut = before > LINE_BEFORE ? before - LINE_BEFORE : 0;

		line = span_head(span_tail(line, cut), LINE_SHOWN);
		before -= cut;
	}
	for (size_t i = 0; i < line.len; i++)
		if (!buf_byte(out, harmless(line.p[i])))
			return false;
	if (!buf_byte(out, '\n'))
		return false;
	for (size_t i = 0; i < before && i < line.len; i++)
		if (!utf8_continues(line.p[i]) && !buf_byte(out, line.p[i] == '\t' ? '\t' : ' '))
			return false;
	return buf_append(out, SPAN_OF("^\n"));
}

MUST_CHECK static bool
print_fault(const struct faults *f, const struct fault *fault, struct buf *out)
{
	struct place at = fault->at;

	if (at.line == 0)
		return buf_printf(out, "%s:1:1: %s\n", f->file, fault->text);
	struct span line = line_of(f->text, at.line);
	return buf_printf(out, "%s:%u:%u: %s\n", f->file, at.line, at.column, fault->text) &&
	       (is_hidden(f, at.line) || may_have_secret(line) || print_line(line, at.column, out));
}

void
faults_print(const struct faults *f, struct buf *out)
{
	bool fits = true;

	for (size_t i = 0; i < f->kept && fits; i++)
		fits = print_fault(f, &f->first[i], out);
	if (fits && f->count > f->kept)
		fits = buf_printf(out, "%s: and %zu more\n", f->file, f->count - f->kept);
}

const char *
fault_word(struct arena *memory, struct span word)
{
	struct buf b = buf_with_cap((size_t)WORD_SHOWN * 4 + 4);

	if (word.len == 0)
		return "";
	if (is_hash(word) || has_password(word))
		return "***";
	bool fits = text_put_escaped(&b, word, WORD_SHOWN, false);
	const char *shown = arena_copy(memory, fits ? buf_span(&b) : SPAN_NONE);

	buf_free(&b);
	return shown;
}
