#include "http/accept.h"

#define WEIGHT_MAX 1000 /* q=1: thousandths, as fine as they come (RFC 9110 §12.4.2) */

/* In the order of our liking. */
static const struct known {
	struct span name;
	enum coding coding;
} known[] = {
    {SPAN_INIT("br"), CODING_BR},
    {SPAN_INIT("zstd"), CODING_ZSTD},
    {SPAN_INIT("gzip"), CODING_GZIP},
    {SPAN_INIT("x-gzip"), CODING_GZIP}, /* RFC 9110 §8.4.1.3 */
    {SPAN_INIT("identity"), CODING_IDENTITY},
};

struct span
coding_name(enum coding c)
{
	static const struct span names[] = {
	    [CODING_IDENTITY] = SPAN_INIT("identity"),
	    [CODING_GZIP] = SPAN_INIT("gzip"),
	    [CODING_ZSTD] = SPAN_INIT("zstd"),
	    [CODING_BR] = SPAN_INIT("br"),
	};

	return names[c];
}

/* 0 to 1 with up to three digits behind the dot; anything else is no weight. */
static bool
weight_of(struct span text, unsigned *weight)
{
	unsigned place = WEIGHT_MAX / 10;

	if (text.len == 0 || text.len > 5 || (text.p[0] != '0' && text.p[0] != '1') ||
	    (text.len > 1 && text.p[1] != '.'))
		return false;
	*weight = text.p[0] == '1' ? WEIGHT_MAX : 0;
	for (size_t i = 2; i < text.len; i++, place /= 10) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		*weight += (unsigned)(text.p[i] - '0') * place;
	}
	return *weight <= WEIGHT_MAX;
}

/* "gzip" or "gzip ; q=0.5" taken apart; false: none of the two. */
static bool
take_apart(struct span element, struct span *name, unsigned *weight)
{
	size_t semicolon = span_find(element, ';');
	struct span parameter = field_trim(span_tail(element, semicolon + 1));

	*name = field_trim(span_head(element, semicolon));
	*weight = WEIGHT_MAX;
	if (semicolon == element.len)
		return true;
	return span_equal_nocase(span_head(parameter, 2), SPAN_OF("q=")) &&
	       weight_of(span_tail(parameter, 2), weight);
}

/* Weights by coding; -1 for one that was not named. */
struct weights {
	int of[CODING_COUNT], rest; /* rest: "*" */
};

static void
note(struct weights *w, struct span name, unsigned weight)
{
	if (span_equal(name, SPAN_OF("*"))) {
		w->rest = (int)weight;
		return;
	}
	for (size_t i = 0; i < COUNT(known); i++)
		if (span_equal_nocase(name, known[i].name))
			w->of[known[i].coding] = (int)weight;
}

static void
note_list(struct weights *w, struct span list)
{
	struct span element, name;
	unsigned weight;

	while (field_list_next(&list, &element))
		if (take_apart(element, &name, &weight))
			note(w, name, weight);
}

/* Puts it behind those that the client likes as much, so that our order stands among them. */
static void
insert(struct codings *out, const struct weights *w, enum coding coding)
{
	size_t i = out->count++;

	for (; i > 0 && w->of[out->at[i - 1]] < w->of[coding]; i--)
		out->at[i] = out->at[i - 1];
	out->at[i] = (uint8_t)coding;
}

struct codings
codings_accepted(const struct field *fields, size_t count)
{
	static const struct span name = SPAN_INIT("accept-encoding");
	struct weights w = {.of = {-1, -1, -1, -1}, .rest = -1};
	struct codings out = {0};

	for (size_t i = 0; i < count; i++)
		if (span_equal(fields[i].name, name))
			note_list(&w, fields[i].value);
	for (enum coding c = CODING_BR; c != CODING_IDENTITY; c--) {
		if (w.of[c] < 0)
			w.of[c] = w.rest;
		/* As they are, bytes are welcome, if not as much as what was named (§12.5.3). */
		if (w.of[c] > 0 && w.of[c] >= w.of[CODING_IDENTITY])
			insert(&out, &w, c);
	}
	return out;
}

bool
codings_have(const struct codings *codings, enum coding c)
{
	for (size_t i = 0; i < codings->count; i++)
		if (codings->at[i] == c)
			return true;
	return false;
}
