#include "api/diff.h"

#define CELLS_MAX                                                                                  \
	(4u << 20) /* of the table: two texts of 2000 lines that have nothing in common            \
		    */

struct text {
	struct span *lines;
	size_t count;
	bool ends; /* in a new line, as texts do */
};

/* One line of the way from old to new. */
struct step {
	char mark;                 /* ' ', '-' or '+' */
	size_t old_line, new_line; /* how many of either were before it */
};

struct script {
	struct step *at;
	size_t count;
};

static void
split(struct arena *memory, struct span s, struct text *out)
{
	*out = (struct text){.ends = s.len == 0 || s.p[s.len - 1] == '\n'};
	while (s.len > 0) {
		struct span line = span_head(s, span_find(s, '\n'));
		struct span *to = ARENA_PUSH(memory, out->lines, out->count);

		*to = line;
		s = span_tail(s, line.len + 1);
	}
}

static bool
same(const struct text *a, size_t i, const struct text *b, size_t j)
{
	bool last_a = i + 1 == a->count && !a->ends, last_b = j + 1 == b->count && !b->ends;

	return last_a == last_b && span_equal(a->lines[i], b->lines[j]);
}

static size_t
common_head(const struct text *a, const struct text *b)
{
	size_t n = 0;

	while (n < a->count && n < b->count && same(a, n, b, n))
		n++;
	return n;
}

static size_t
common_tail(const struct text *a, const struct text *b, size_t head)
{
	size_t n = 0;

	while (n < a->count - head && n < b->count - head &&
	       same(a, a->count - 1 - n, b, b->count - 1 - n))
		n++;
	return n;
}

static void
step(struct arena *memory, struct script *s, char mark, size_t *i, size_t *j)
{
	*ARENA_PUSH(memory, s->at, s->count) = (struct step){mark, *i, *j};
	if (mark != '+')
		++*i;
	if (mark != '-')
		++*j;
}

/* Lengths of the longest common subsequences of all tails: table[i][j] of old from i, new from j.
 * NULL: it would be too large. */
static uint32_t *
lengths(struct arena *memory, const struct text *a, const struct text *b, size_t head, size_t n,
	size_t m)
{
	if ((n + 1) > CELLS_MAX / (m + 1))
		return NULL;
	uint32_t *table = arena_get(memory, (n + 1) * (m + 1) * sizeof *table);

	for (size_t i = n; i-- > 0;)
		for (size_t j = m; j-- > 0;) {
			uint32_t *cell = &table[i * (m + 1) + j];
			uint32_t down = cell[m + 1], right = cell[1];

			*cell = same(a, head + i, b, head + j) ? cell[m + 2] + 1
				: down > right                 ? down
							       : right;
		}
	return table;
}

/* What stands between the common head and tail. */
static void
script_middle(struct arena *memory, const struct text *a, const struct text *b, size_t head,
	      size_t tail, struct script *s)
{
	size_t n = a->count - head - tail, m = b->count - head - tail, i = head, j = head;
	const uint32_t *table = lengths(memory, a, b, head, n, m);

	while (i < head + n || j < head + m) {
		const uint32_t *cell =
		    table != NULL ? &table[(i - head) * (m + 1) + (j - head)] : NULL;

		if (i == head + n)
			step(memory, s, '+', &i, &j);
		else if (j == head + m || cell == NULL)
			step(memory, s, '-', &i, &j);
		else if (same(a, i, b, j))
			step(memory, s, ' ', &i, &j);
		else
			step(memory, s, cell[m + 1] >= cell[1] ? '-' : '+', &i, &j);
	}
}

static void
script_all(struct arena *memory, const struct text *a, const struct text *b, struct script *s)
{
	size_t head = common_head(a, b), tail = common_tail(a, b, head), i = 0, j = 0;

	while (i < head)
		step(memory, s, ' ', &i, &j);
	script_middle(memory, a, b, head, tail, s);
	i = a->count - tail;
	j = b->count - tail;
	while (i < a->count)
		step(memory, s, ' ', &i, &j);
}

/* From `*from` on the next steps that belong together: changes with less than twice the context
 * between them. False: there are no more. */
static bool
next_hunk(const struct script *s, size_t *from, size_t *to)
{
	size_t i = *from, first, last;

	while (i < s->count && s->at[i].mark == ' ')
		i++;
	if (i == s->count)
		return false;
	first = last = i;
	for (; i < s->count && i - last <= (size_t)2 * DIFF_CONTEXT; i++)
		if (s->at[i].mark != ' ')
			last = i;
	*from = first > *from + DIFF_CONTEXT ? first - DIFF_CONTEXT : *from;
	*to = last + DIFF_CONTEXT + 1 < s->count ? last + DIFF_CONTEXT + 1 : s->count;
	return true;
}

static bool
put_header(const struct script *s, size_t from, size_t to, struct buf *out)
{
	size_t old_count = 0, new_count = 0;

	for (size_t i = from; i < to; i++) {
		old_count += s->at[i].mark != '+';
		new_count += s->at[i].mark != '-';
	}
	/* A range of no lines is told by the line before it. */
	return buf_printf(out, "@@ -%zu,%zu +%zu,%zu @@\n", s->at[from].old_line + (old_count > 0),
			  old_count, s->at[from].new_line + (new_count > 0), new_count);
}

static bool
put_step(const struct text *a, const struct text *b, const struct step *at, struct buf *out)
{
	const struct text *of = at->mark == '+' ? b : a;
	size_t n = at->mark == '+' ? at->new_line : at->old_line;

	if (!buf_byte(out, (uint8_t)at->mark) || !buf_append(out, of->lines[n]) ||
	    !buf_byte(out, '\n'))
		return false;
	return n + 1 < of->count || of->ends ||
	       buf_append(out, SPAN_OF("\\ No newline at end of file\n"));
}

bool
diff_unified(struct arena *memory, const char *old_name, struct span old_text, const char *new_name,
	     struct span new_text, struct buf *out)
{
	struct script s = {NULL, 0};
	struct text a, b;
	bool fits = true;

	if (span_equal(old_text, new_text))
		return true;
	split(memory, old_text, &a);
	split(memory, new_text, &b);
	script_all(memory, &a, &b, &s);
	fits = buf_printf(out, "--- %s\n+++ %s\n", old_name, new_name);
	for (size_t from = 0, to; fits && next_hunk(&s, &from, &to); from = to) {
		fits = put_header(&s, from, to, out);
		for (size_t i = from; fits && i < to; i++)
			fits = put_step(&a, &b, &s.at[i], out);
	}
	return fits;
}
