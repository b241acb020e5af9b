#include "config/lex.h"

#include "base/mem.h"
#include "base/utf8.h"

#define BYTE_ORDER_MARK SPAN_OF("\xEF\xBB\xBF")

void
lex_start(struct lexer *l, struct span text, struct faults *faults, struct arena *memory)
{
	if (span_starts_with(text, BYTE_ORDER_MARK))
		text = span_tail(text, BYTE_ORDER_MARK.len);
	*l = (struct lexer){.left = text, .at = {1, 1}, .faults = faults, .memory = memory};
}

/* The byte `n` places ahead; a new line past the end, where every word ends too. */
static uint8_t
ahead(const struct lexer *l, size_t n)
{
	return n < l->left.len ? l->left.p[n] : '\n';
}

static void
skip(struct lexer *l, size_t n)
{
	for (; n > 0 && l->left.len > 0; n--) {
		uint8_t c = l->left.p[0];

		if (c == '\n')
			l->at = (struct place){l->at.line + 1, 1};
		else if (!utf8_continues(c))
			l->at.column++;
		l->left = span_tail(l->left, 1);
	}
}

/* How many bytes end the line here: LF, or CR LF. */
static size_t
line_end(const struct lexer *l, size_t from)
{
	if (from >= l->left.len)
		return 0;
	if (ahead(l, from) == '\n')
		return 1;
	return ahead(l, from) == '\r' && from + 1 < l->left.len && ahead(l, from + 1) == '\n' ? 2
											      : 0;
}

static bool
is_control(uint8_t c)
{
	return c < 0x20 || c == 0x7F;
}

static bool
ends_word(uint8_t c)
{
	return c == ' ' || is_control(c) || c == '{' || c == '}' || c == ';' || c == '"';
}

/* White space, comments, and lines that go on after a backslash. */
static void
skip_blank(struct lexer *l)
{
	for (;;) {
		if (l->left.len == 0)
			return;
		if (ahead(l, 0) == ' ' || ahead(l, 0) == '\t')
			skip(l, 1);
		else if (ahead(l, 0) == '\\' && line_end(l, 1) > 0)
			skip(l, 1 + line_end(l, 1));
		else if (ahead(l, 0) == '#')
			skip(l, span_find(l->left, '\n'));
		else
			return;
	}
}

static void
bad(struct lexer *l, struct token *t, struct place at, const char *why)
{
	fault_add(l->faults, at, "%s", why);
	t->bad = true;
}

/* The bytes up to the closing quote, which is not among them; false if there is none. */
static bool
find_quote(struct lexer *l, size_t *len, bool *escapes)
{
	size_t n = 0;

	for (*escapes = false; n < l->left.len && l->left.p[n] != '\n'; n++) {
		if (l->left.p[n] == '"') {
			*len = n;
			return true;
		}
		if (l->left.p[n] == '\\' && n + 1 < l->left.len && l->left.p[n + 1] != '\n') {
			*escapes = true;
			n++;
		}
	}
	*len = n < l->left.len ? n : l->left.len;
	return false;
}

/* How long a placeholder is that begins `s`: "{path}" is part of a word and opens no block. */
static size_t
placeholder(struct span s)
{
	size_t n = 1;

	if (s.len == 0 || s.p[0] != '{')
		return 0;
	while (n < s.len && ((s.p[n] >= 'a' && s.p[n] <= 'z') || s.p[n] == '_'))
		n++;
	return n > 1 && n < s.len && s.p[n] == '}' ? n + 1 : 0;
}

/* How many bytes that begin `s` are taken together into a word; 0: it ends there. */
static size_t
word_bytes(struct span s)
{
	if (s.len == 0)
		return 0;
	return ends_word(s.p[0]) ? placeholder(s) : 1;
}

static void
plain_word(struct lexer *l, struct token *t)
{
	bool escapes;
	size_t n = 0;

	for (size_t more; (more = word_bytes(span_tail(l->left, n))) > 0; n += more)
		if (ahead(l, n) == '\\' && line_end(l, n + 1) > 0)
			break;
	t->word.text = span_head(l->left, n);
	skip(l, n);
	if (ahead(l, 0) == '"') {
		bad(l, t, l->at, "a quote can only begin a word: put all of it in quotes");
		skip(l, 1);
		skip(l, find_quote(l, &n, &escapes) ? n + 1 : n);
	}
}

static struct span
without_escapes(struct lexer *l, struct token *t, struct span quoted)
{
	uint8_t *to = arena_get(l->memory, quoted.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < quoted.len; i++) {
		/* A backslash is never the last byte: find_quote() took what follows along. */
		if (quoted.p[i] == '\\' && quoted.p[++i] != '"' && quoted.p[i] != '\\' && !t->bad)
			bad(l, t, t->word.at,
			    "in a string, a backslash stands before a quote or another");
		to[n++] = quoted.p[i];
	}
	return span_of(to, n);
}

static void
quoted_word(struct lexer *l, struct token *t)
{
	bool escapes;
	size_t n;

	skip(l, 1);
	if (!find_quote(l, &n, &escapes)) {
		bad(l, t, t->word.at, "this string has no closing quote on its line");
		skip(l, n);
		return;
	}
	t->word.text = span_head(l->left, n);
	for (size_t i = 0; i < n && !t->bad; i++)
		if (is_control(t->word.text.p[i]))
			bad(l, t, t->word.at, "this string has a control character in it");
	if (escapes)
		t->word.text = without_escapes(l, t, t->word.text);
	skip(l, n + 1);
	if (!ends_word(ahead(l, 0)) || ahead(l, 0) == '"')
		bad(l, t, l->at, "a space is missing after the closing quote");
}

static enum token_kind
mark_kind(uint8_t c)
{
	return c == '{' ? TOKEN_OPEN : c == '}' ? TOKEN_CLOSE : TOKEN_END;
}

void
lex_next(struct lexer *l, struct token *out)
{
	skip_blank(l);
	*out = (struct token){.kind = TOKEN_WORD, .word.at = l->at};
	uint8_t c = ahead(l, 0);
	if (l->left.len == 0) {
		out->kind = TOKEN_EOF;
	} else if (placeholder(l->left) > 0) {
		plain_word(l, out);
	} else if (line_end(l, 0) > 0 || c == ';' || c == '{' || c == '}') {
		out->kind = mark_kind(c);
		skip(l, line_end(l, 0) > 0 ? line_end(l, 0) : 1);
	} else if (c == '"') {
		quoted_word(l, out);
	} else if (is_control(c)) {
		bad(l, out, l->at, "a control character has no place in this file");
		skip(l, 1);
	} else {
		plain_word(l, out);
	}
	if (out->word.text.len > CONFIG_WORD_MAX)
		bad(l, out, out->word.at, "this word is too long");
}

bool
lex_is_plain(struct span word)
{
	size_t n = 0;

	for (size_t more; (more = word_bytes(span_tail(word, n))) > 0; n += more)
		if (word.p[n] == '\\')
			return false;
	return n > 0 && n == word.len && word.p[0] != '#';
}
