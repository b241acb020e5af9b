#include "cli/print.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "base/mem.h"
#include "os/terminal.h"
#include "json/shape.h"

#define CELL_MIN  6 /* columns get no narrower, however narrow the terminal */
#define GAP       2
#define VALUE_MAX (1 << 20)

/* --- characters */

/* UTF-8 whatever the environment says: it is what the server sends. */
static void
begin(void)
{
	static locale_t utf8;

	if (utf8 == (locale_t)0)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (utf8 != (locale_t)0)
		uselocale(utf8);
}

/* Characters that are not seen but change how others are: they can make a name look like another
 * (Unicode TR36). */
static bool
is_deceiving(wchar_t c)
{
	static const struct {
		wchar_t from, to;
	} ranges[] = {{0xAD, 0xAD},     {0x61C, 0x61C},   {0x180E, 0x180E},
		      {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F},
		      {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE0FFF}};

	for (size_t i = 0; i < COUNT(ranges); i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

/* The character at the front: its bytes, and how many columns it takes; -1: it is not shown. */
static size_t
next_character(struct span text, int *columns)
{
	mbstate_t state = {0};
	wchar_t c = 0;
	size_t n = mbrtowc(&c, (const char *)text.p, text.len, &state);

	*columns = -1;
	if (n == 0 || n > text.len)
		return 1; /* NUL, or no UTF-8 */
	if (!is_deceiving(c))
		*columns = wcwidth(c);
	return n;
}

/* Adds it cleaned; `lines`: with line ends and tabs. False when `out` is full. */
static bool
put_clean(struct span text, bool lines, struct buf *out)
{
	bool fits = true;

	begin();
	while (text.len > 0 && fits) {
		int columns;
		size_t n = next_character(text, &columns);

		if (columns >= 0 || (lines && (*text.p == '\n' || *text.p == '\t')))
			fits = buf_append(out, span_head(text, n));
		else
			fits = buf_byte(out, '?');
		text = span_tail(text, n);
	}
	return fits;
}

static void
print_put(FILE *to, struct span text, bool lines)
{
	struct buf out = buf_with_cap(4 * text.len + 64);

	if (put_clean(text, lines, &out) && buf_len(&out) > 0)
		fwrite(buf_span(&out).p, 1, buf_len(&out), to);
	buf_wipe(&out);
}

void
print_text(FILE *to, const char *text)
{
	print_put(to, span_str(text), false);
}

void
print_lines(FILE *to, const char *text)
{
	print_put(to, span_str(text), true);
}

static const char *
clean_copy(struct arena *memory, struct span text)
{
	struct buf out = buf_with_cap(4 * text.len + 64);
	const char *clean = put_clean(text, false, &out) ? arena_copy(memory, buf_span(&out)) : "";

	buf_wipe(&out);
	return clean;
}

static unsigned
columns_of(const char *text)
{
	struct span rest = span_str(text);
	unsigned all = 0;

	begin();
	while (rest.len > 0) {
		int columns;
		size_t n = next_character(rest, &columns);

		all += columns > 0 ? (unsigned)columns : 0;
		rest = span_tail(rest, n);
	}
	return all;
}

/* --- values */

/* "2026-11-21 16:52", where this machine is. False: it is no time. */
static bool
local_time(const char *text, char *out, size_t size)
{
	struct tm tm;
	int64_t ms;
	time_t seconds;

	if (strlen(text) < 20 || text[10] != 'T' || !time_parse(span_str(text), &ms))
		return false;
	seconds = (time_t)(ms / 1000);
	return localtime_r(&seconds, &tm) != NULL && strftime(out, size, "%Y-%m-%d %H:%M", &tm) > 0;
}

static const char *
text_value(struct arena *memory, const json_t *value)
{
	const char *text = json_string_value(value);
	char time[32];

	if (local_time(text, time, sizeof time))
		return arena_printf(memory, "%s", time);
	return clean_copy(memory, span_of(text, json_string_length(value)));
}

static const char *
list_value(struct arena *memory, const json_t *value)
{
	const char *all = "";
	const json_t *one;
	size_t i;

	json_array_foreach(value, i, one) all =
	    arena_printf(memory, "%s%s%s", all, i > 0 ? ", " : "", print_short(memory, one));
	return all[0] != '\0' ? all : "-";
}

static const char *
object_value(struct arena *memory, const json_t *value)
{
	char *json = json_dumps(value, JSON_COMPACT);
	const char *text = json != NULL ? clean_copy(memory, span_str(json)) : "?";

	free(json);
	return text;
}

const char *
print_short(struct arena *memory, const json_t *value)
{
	switch (value != NULL ? json_typeof(value) : JSON_NULL) {
	case JSON_STRING:
		return text_value(memory, value);
	case JSON_TRUE:
		return "yes";
	case JSON_FALSE:
		return "no";
	case JSON_INTEGER:
		return arena_printf(memory, "%lld", (long long)json_integer_value(value));
	case JSON_REAL:
		return arena_printf(memory, "%g", json_real_value(value));
	case JSON_ARRAY:
		return list_value(memory, value);
	case JSON_OBJECT:
		return object_value(memory, value);
	default:
		return "-";
	}
}

json_t *
print_member(const json_t *from, const char *name)
{
	char part[64];
	const char *dot;

	while ((dot = strchr(name, '.')) != NULL) {
		snprintf(part, sizeof part, "%.*s", (int)(dot - name), name);
		from = json_object_get(from, part);
		name = dot + 1;
	}
	return json_object_get(from, name);
}

/* --- tables */

struct table {
	const char ***cells; /* by row, the titles first */
	unsigned *widths;
	size_t rows, columns;
};

static void
measure(struct table *t)
{
	for (size_t c = 0; c < t->columns; c++)
		for (size_t r = 0; r < t->rows; r++) {
			unsigned n = columns_of(t->cells[r][c]);

			if (n > t->widths[c])
				t->widths[c] = n;
		}
}

/* The widest give way first. Whether one did. */
static bool
fit(struct table *t, unsigned width)
{
	unsigned all = (unsigned)(t->columns - 1) * GAP;
	bool cut = false;

	for (size_t c = 0; c < t->columns; c++)
		all += t->widths[c];
	while (width > 0 && all > width) {
		size_t widest = 0;

		for (size_t c = 1; c < t->columns; c++)
			if (t->widths[c] > t->widths[widest])
				widest = c;
		if (t->widths[widest] <= CELL_MIN)
			break;
		t->widths[widest]--;
		all--;
		cut = true;
	}
	return cut;
}

/* As much of it as there are columns for; what is cut ends in "…". */
static unsigned
print_cell(FILE *to, const char *text, unsigned width)
{
	struct span rest = span_str(text);
	bool cut = columns_of(text) > width;
	unsigned used = 0, room = cut ? width - 1 : width;

	while (rest.len > 0) {
		int columns;
		size_t n = next_character(rest, &columns);

		if (used + (unsigned)(columns > 0 ? columns : 0) > room)
			break;
		fwrite(rest.p, 1, n, to);
		used += columns > 0 ? (unsigned)columns : 0;
		rest = span_tail(rest, n);
	}
	if (cut)
		fputs("…", to);
	return used + cut;
}

static void
print_row(FILE *to, const struct table *t, size_t row)
{
	for (size_t c = 0; c < t->columns; c++) {
		unsigned used = print_cell(to, t->cells[row][c], t->widths[c]);

		if (c + 1 < t->columns)
			fprintf(to, "%*s", (int)(t->widths[c] - used + GAP), "");
	}
	fputc('\n', to);
}

static const char **
row_of(struct arena *memory, const struct column *columns, size_t count, const json_t *item)
{
	const char **cells = arena_get(memory, count * sizeof *cells);

	for (size_t c = 0; c < count; c++)
		cells[c] = item == NULL
			       ? columns[c].title
			       : print_short(memory, print_member(item, columns[c].member));
	return cells;
}

bool
print_table(FILE *to, unsigned width, const struct column *columns, size_t count,
	    const json_t *items)
{
	struct arena *memory = arena_new();
	struct table t = {.rows = json_array_size(items) + 1, .columns = count};

	begin();
	t.cells = arena_get(memory, t.rows * sizeof *t.cells);
	t.widths = arena_get(memory, count * sizeof *t.widths);
	for (size_t r = 0; r < t.rows; r++)
		t.cells[r] =
		    row_of(memory, columns, count, r == 0 ? NULL : json_array_get(items, r - 1));
	measure(&t);
	bool cut = fit(&t, width);
	for (size_t r = 0; r < t.rows; r++)
		print_row(to, &t, r);
	arena_free(memory);
	return cut;
}

void
print_on_terminal(const struct column *columns, size_t count, const json_t *items)
{
	if (!print_table(stdout, terminal_columns(STDOUT_FILENO), columns, count, items))
		return;
	fflush(stdout);
	fputs("Cut to fit this terminal; whole behind \"| cat\", or with --json.\n", stderr);
}

/* --- objects */

/* "devices_max" as "devices max", below what it is of. */
static const char *
label_of(struct arena *memory, const char *before, const char *name)
{
	char *label = arena_printf(memory, "%s%s%s", before, before[0] != '\0' ? ", " : "",
				   clean_copy(memory, span_str(name)));

	for (char *c = label; *c != '\0'; c++)
		if (*c == '_')
			*c = ' ';
	return label;
}

struct pairs {
	struct arena *memory;
	struct pair {
		const char *label, *value;
	} * at;
	size_t count;
};

static void
collect(struct pairs *p, const char *before, const json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)object, name, value)
	{
		const char *label = label_of(p->memory, before, name);

		if (json_is_object(value))
			collect(p, label, value);
		else
			*ARENA_PUSH(p->memory, p->at, p->count) =
			    (struct pair){label, print_short(p->memory, value)};
	}
}

void
print_object(FILE *to, const json_t *object)
{
	struct pairs p = {.memory = arena_new()};
	size_t widest = 0;

	collect(&p, "", object);
	for (size_t i = 0; i < p.count; i++)
		if (strlen(p.at[i].label) > widest)
			widest = strlen(p.at[i].label);
	for (size_t i = 0; i < p.count; i++)
		fprintf(to, "%-*s  %s\n", (int)widest, p.at[i].label, p.at[i].value);
	arena_free(p.memory);
}

/* C1 controls and their like are characters to JSON. */
void
print_json(FILE *to, const json_t *value)
{
	size_t flags = JSON_INDENT(2) | JSON_ENCODE_ANY;
	char *text = json_dumps(value, isatty(fileno(to)) ? flags | JSON_ENSURE_ASCII : flags);

	for (const char *c = text; c != NULL && *c != '\0'; c++)
		if (*c == 0x7F)
			fputs("\\u007F", to);
		else
			fputc(*c, to);
	fputc('\n', to);
	free(text);
}

static const char *
filled(const struct command_line *l, struct span braced, const json_t *answer)
{
	struct span name = span_head(braced, span_find(braced, '|'));
	size_t n = name.len == 1 && name.p[0] > '0' ? (size_t)(name.p[0] - '1') : ARGUMENTS_MAX;

	if (n < l->argument_count)
		return clean_copy(l->memory, span_str(l->arguments[n]));
	const json_t *value = print_member(answer, arena_copy(l->memory, name));
	if (json_is_null(value) && name.len < braced.len)
		return arena_copy(l->memory, span_tail(braced, name.len + 1));
	return print_short(l->memory, value);
}

const char *
print_sentence(const struct command_line *l, const char *sentence, const json_t *answer)
{
	struct buf out = buf_with_cap(VALUE_MAX);
	struct span rest = span_str(sentence);
	bool fits = true;
	const char *text;

	while (rest.len > 0 && fits) {
		size_t open = span_find(rest, '{');
		struct span tail = span_tail(rest, open + 1);
		size_t close = span_find(tail, '}');

		fits = buf_append(&out, span_head(rest, open));
		if (open < rest.len)
			fits =
			    fits &&
			    buf_append(&out, span_str(filled(l, span_head(tail, close), answer)));
		rest = span_tail(tail, close + 1);
	}
	text = arena_copy(l->memory, buf_span(&out));
	buf_wipe(&out);
	return text;
}
