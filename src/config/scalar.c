#include "config/scalar.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "config/reader.h"
#include "config/value.h"
#include "config/vpn_block.h"

#define FIELD_MAX 128 /* bytes of an OPTION_FIELD */

static const char *const on_off[] = {"off", "on", NULL};

static size_t
words_in(const char *const *list)
{
	size_t n = 0;

	while (list[n] != NULL)
		n++;
	return n;
}

static bool
find_choice(struct reader *r, const struct option *o, const char *const *choices,
	    const struct word *w, unsigned *out)
{
	size_t count = words_in(choices);

	for (*out = 0; *out < count; ++*out)
		if (span_equal(w->text, span_str(choices[*out])))
			return true;
	FAULT(r, w->at, "%s is %s, not \"%s\"", o->name, read_list_words(r, choices, count),
	      reader_shown(r, w));
	return false;
}

static void
read_flag(struct reader *r, const struct option *o, const struct word *w, void *field)
{
	unsigned n;

	if (find_choice(r, o, on_off, w, &n))
		*(bool *)field = n == 1;
}

static void
read_choice(struct reader *r, const struct option *o, const struct word *w, void *field)
{
	unsigned n;

	if (find_choice(r, o, o->choices, w, &n))
		memcpy(field, &n, sizeof n);
}

static void
read_chosen(struct reader *r, const struct option *o, const struct word *w, void *field)
{
	unsigned n;

	if (find_choice(r, o, o->choices, w, &n))
		*(const char **)field = o->choices[n];
}

/* Whether it is the option's word for 0. */
static bool
is_zero(const struct option *o, const struct word *w)
{
	return o->zero != NULL && span_equal(w->text, span_str(o->zero));
}

/* What a message adds to the range of an option that has such a word. */
static const char *
or_zero(struct reader *r, const struct option *o)
{
	return o->zero != NULL ? arena_printf(r->scratch, ", or is %s", o->zero) : "";
}

static void
read_number(struct reader *r, const struct option *o, const struct word *w, void *field)
{
	uint64_t n;

	if (is_zero(o, w))
		*(uint64_t *)field = 0;
	else if (!text_to_u64(w->text, UINT64_MAX, &n))
		FAULT(r, w->at, "\"%s\" is not a number", reader_shown(r, w));
	else if (n < o->min || n > o->max)
		FAULT(r, w->at, "%s goes from %" PRIu64 " to %" PRIu64 "%s, not %" PRIu64, o->name,
		      o->min, o->max, or_zero(r, o), n);
	else
		*(uint64_t *)field = n;
}

/* "goes from 1s to 1h", for sizes and durations. */
static void
range_fault(struct reader *r, const struct option *o, const struct word *w,
	    bool (*put)(struct buf *b, uint64_t n))
{
	struct buf b = buf_with_cap(128);
	bool fits = put(&b, o->min) && buf_append(&b, SPAN_OF(" to ")) && put(&b, o->max);

	if (fits)
		FAULT(r, w->at, "%s goes from %s%s, not \"%s\"", o->name,
		      arena_copy(r->scratch, buf_span(&b)), or_zero(r, o), reader_shown(r, w));
	buf_free(&b);
}

static void
read_size(struct reader *r, const struct option *o, const struct word *w, void *field)
{
	uint64_t n;

	if (!text_to_size(w->text, UINT64_MAX, &n))
		FAULT(r, w->at, "\"%s\" is not a size, like 64k or 1m", reader_shown(r, w));
	else if (n < o->min || n > o->max)
		range_fault(r, o, w, text_put_size);
	else
		*(uint64_t *)field = n;
}

static void
duration_fault(struct reader *r, const struct word *w)
{
	const char *shown = reader_shown(r, w);
	uint64_t n;

	if (text_to_u64(w->text, UINT32_MAX, &n))
		FAULT(r, w->at, "\"%s\" needs a unit: %sms, %ss, %sm, %sh or %sd", shown, shown,
		      shown, shown, shown, shown);
	else
		FAULT(r, w->at, "\"%s\" is not a duration, like 500ms, 30s, 5m, 2h or 7d", shown);
}

static void
read_duration(struct reader *r, const struct option *o, const struct word *w, void *field)
{
	uint64_t n;

	if (is_zero(o, w))
		*(uint64_t *)field = 0;
	else if (!text_to_duration(w->text, UINT64_MAX, &n))
		duration_fault(r, w);
	else if (n < o->min || n > o->max)
		range_fault(r, o, w, text_put_duration);
	else
		*(uint64_t *)field = n;
}

/* The value goes into a header field as it is (RFC 9110 §5.5). */
static void
read_field(struct reader *r, const struct option *o, const struct word *w, void *field)
{
	if (span_equal(w->text, SPAN_OF("off"))) {
		*(const char **)field = NULL;
		return;
	}
	for (size_t i = 0; i < w->text.len; i++)
		if (w->text.p[i] < 0x20 || w->text.p[i] >= 0x7F) {
			FAULT(r, w->at, "%s is printable ASCII only", o->name);
			return;
		}
	if (w->text.len == 0 || w->text.len > FIELD_MAX || w->text.p[0] == ' ' ||
	    w->text.p[w->text.len - 1] == ' ')
		FAULT(r, w->at, "%s has 1 to %d characters, no space first or last", o->name,
		      FIELD_MAX);
	else
		*(const char **)field = arena_copy(r->memory, w->text);
}

static void
read_path(struct reader *r, const struct option *o, const struct word *w, void *field)
{
	(void)o;
	*(const char **)field = value_path(r, w);
}

static void
read_word(struct reader *r, const struct option *o, const struct word *w, void *field)
{
	*(const char **)field = o->word(r, w);
}

static bool
put_flag(struct buf *out, const struct option *o, const void *field)
{
	(void)o;
	return buf_append(out, *(const bool *)field ? SPAN_OF("on") : SPAN_OF("off"));
}

/* The word for 0, where there is one and this is 0. */
static bool
put_zero(struct buf *out, const struct option *o, uint64_t n)
{
	return o->zero != NULL && n == 0 && buf_append(out, span_str(o->zero));
}

static bool
put_number(struct buf *out, const struct option *o, const void *field)
{
	uint64_t n = *(const uint64_t *)field;

	return put_zero(out, o, n) || buf_printf(out, "%" PRIu64, n);
}

static bool
put_size(struct buf *out, const struct option *o, const void *field)
{
	(void)o;
	return text_put_size(out, *(const uint64_t *)field);
}

static bool
put_duration(struct buf *out, const struct option *o, const void *field)
{
	uint64_t ms = *(const uint64_t *)field;

	return put_zero(out, o, ms) || text_put_duration(out, ms);
}

static bool
put_choice(struct buf *out, const struct option *o, const void *field)
{
	unsigned n;

	memcpy(&n, field, sizeof n);
	return buf_append(out, span_str(o->choices[n]));
}

static bool
put_text(struct buf *out, const struct option *o, const void *field)
{
	const char *text = *(const char *const *)field;

	(void)o;
	return buf_append(out, span_str(text != NULL ? text : "off"));
}

static const struct scalar {
	void (*read)(struct reader *r, const struct option *o, const struct word *w, void *field);
	bool (*put)(struct buf *out, const struct option *o, const void *field);
} scalars[] = {
    [OPTION_FLAG] = {read_flag, put_flag},       [OPTION_NUMBER] = {read_number, put_number},
    [OPTION_SIZE] = {read_size, put_size},       [OPTION_DURATION] = {read_duration, put_duration},
    [OPTION_CHOICE] = {read_choice, put_choice}, [OPTION_CHOSEN] = {read_chosen, put_text},
    [OPTION_FIELD] = {read_field, put_text},     [OPTION_PATH] = {read_path, put_text},
    [OPTION_WORD] = {read_word, put_text},
};

bool
scalar_is(enum option_type type)
{
	return type < COUNT(scalars);
}

void
scalar_read(struct reader *r, const struct option *o, const struct word *w, void *field)
{
	scalars[o->type].read(r, o, w, field);
}

/* The defaults need no memory, and a fault in one of them is ours. */
void
scalar_set_initial(const struct option *o, void *field)
{
	struct faults none = {.count = 0};
	struct reader r = {.faults = &none};
	struct word w = {.text = span_str(o->initial)};

	scalar_read(&r, o, &w, field);
	assert(none.count == 0);
}

bool
scalar_put(struct buf *out, const struct option *o, const void *field)
{
	return scalars[o->type].put(out, o, field);
}

bool
scalar_equal(const struct option *o, const void *a, const void *b)
{
	struct buf x = buf_with_cap((size_t)CONFIG_WORD_MAX * 2),
		   y = buf_with_cap((size_t)CONFIG_WORD_MAX * 2);
	bool same =
	    scalar_put(&x, o, a) && scalar_put(&y, o, b) && span_equal(buf_span(&x), buf_span(&y));

	buf_free(&x);
	buf_free(&y);
	return same;
}

bool
scalar_is_initial(const struct option *o, const void *field)
{
	union {
		uint64_t number;
		unsigned choice;
		bool flag;
		const char *text;
	} initial = {0};

	if (o->initial == NULL)
		return (o->type == OPTION_PATH || o->type == OPTION_WORD) &&
		       *(const char *const *)field == NULL;
	scalar_set_initial(o, &initial);
	return scalar_equal(o, field, &initial);
}

const char *
config_needs_restart(const struct config *running, const struct config *next)
{
	for (size_t i = 0; i < block_top.count; i++) {
		const struct option *o = &block_top.options[i];

		if (o->restart && !scalar_equal(o, (const char *)running + o->offset,
						(const char *)next + o->offset))
			return o->name;
	}
	return vpn_needs_restart(&running->vpn, &next->vpn);
}
