/* Structs as JSON. On the way of every answer: straight into the buffer. */
#include <inttypes.h>
#include <math.h>

#include "base/text.h"
#include "json/member.h"

const char *const shape_yes_no[] = {"false", "true", NULL};

static bool write_object(const struct shape *s, const void *from, bool audit, struct buf *out);

static bool
put_null(struct buf *out)
{
	return buf_append(out, SPAN_OF("null"));
}

static bool
put_bool(struct buf *out, bool yes)
{
	return yes ? buf_append(out, SPAN_OF("true")) : buf_append(out, SPAN_OF("false"));
}

static bool
put_number(struct buf *out, int64_t n)
{
	uint8_t text[TEXT_DECIMAL_MAX + 1], *to = text;

	if (n < 0)
		*to++ = '-';
	to = text_decimal(to, n < 0 ? -(uint64_t)n : (uint64_t)n);
	return buf_append(out, span_of(text, (size_t)(to - text)));
}

static bool
write_text(const struct shape_member *m, const void *from, struct buf *out)
{
	return json_put_text(out, member_text(from, m));
}

static bool
write_texts(const struct shape_member *m, const void *from, struct buf *out)
{
	const char *const *texts = member_texts(from, m);

	if (texts == NULL && member_is_optional(m))
		return put_null(out);
	if (!buf_byte(out, '['))
		return false;
	for (size_t i = 0; texts != NULL && texts[i] != NULL; i++)
		if ((i > 0 && !buf_byte(out, ',')) || !json_put_text(out, texts[i]))
			return false;
	return buf_byte(out, ']');
}

static bool
write_bool(const struct shape_member *m, const void *from, struct buf *out)
{
	return put_bool(out, member_bool(from, m));
}

static bool
write_number(const struct shape_member *m, const void *from, struct buf *out)
{
	int64_t n = member_number(from, m);

	return n == SHAPE_UNSET && member_is_optional(m) ? put_null(out) : put_number(out, n);
}

static bool
write_real(const struct shape_member *m, const void *from, struct buf *out)
{
	double real = member_real(from, m);

	return isfinite(real) ? buf_printf(out, "%.10g", real) : put_null(out);
}

static bool
write_choice(const struct shape_member *m, const void *from, struct buf *out)
{
	int choice = member_choice(from, m);

	for (int i = 0; choice >= 0 && m->choices[i] != NULL; i++)
		if (i == choice)
			return m->choices == shape_yes_no ? put_bool(out, choice != 0)
							  : json_put_text(out, m->choices[i]);
	return put_null(out);
}

static bool
write_time(const struct shape_member *m, const void *from, struct buf *out)
{
	return json_put_time(out, member_number(from, m));
}

static bool
write_raw(const struct shape_member *m, const void *from, struct buf *out)
{
	const char *json = member_text(from, m);

	return json != NULL ? buf_append(out, span_str(json)) : put_null(out);
}

static bool (*const write_plain[])(const struct shape_member *m, const void *from,
				   struct buf *out) = {
    [SHAPE_TEXT] = write_text,     [SHAPE_TEXTS] = write_texts, [SHAPE_BOOL] = write_bool,
    [SHAPE_NUMBER] = write_number, [SHAPE_REAL] = write_real,   [SHAPE_CHOICE] = write_choice,
    [SHAPE_TIME] = write_time,     [SHAPE_RAW] = write_raw,
};

static bool
write_list(const struct shape_member *m, const void *from, bool audit, struct buf *out)
{
	size_t count = member_count(from, m);

	if (!buf_byte(out, '['))
		return false;
	for (size_t i = 0; i < count; i++)
		if ((i > 0 && !buf_byte(out, ',')) ||
		    !write_object(m->of, member_element(from, m, i), audit, out))
			return false;
	return buf_byte(out, ']');
}

bool
member_put_name(const struct shape_member *m, bool *first, struct buf *out)
{
	struct span name = span_str(m->name);
	uint8_t *to = buf_room(out, name.len + 4);

	if (to == NULL)
		return false;
	uint8_t *start = to;
	if (!*first)
		*to++ = ',';
	*first = false;
	*to++ = '"';
	to = span_put(to, name);
	*to++ = '"';
	*to++ = ':';
	buf_added(out, (size_t)(to - start));
	return true;
}

static bool
is_set(const struct shape_member *m, const void *from)
{
	if (m->kind == SHAPE_TEXTS)
		return member_texts(from, m) != NULL && *member_texts(from, m) != NULL;
	return m->kind != SHAPE_TEXT || member_text(from, m) != NULL;
}

bool
member_write(const struct shape_member *m, const void *from, bool audit, struct buf *out)
{
	if (audit && (m->flags & SHAPE_WIPED) != 0)
		return is_set(m, from) ? buf_append(out, SPAN_OF("\"set\"")) : put_null(out);
	if (m->kind == SHAPE_OBJECT)
		return write_object(m->of, member_at(from, m), audit, out);
	if (m->kind == SHAPE_LIST)
		return write_list(m, from, audit, out);
	return write_plain[m->kind](m, from, out);
}

static bool
write_object(const struct shape *s, const void *from, bool audit, struct buf *out)
{
	bool first = true;

	if (!buf_byte(out, '{'))
		return false;
	for (const struct shape_member *m = s->members; m < s->members + s->count; m++)
		if ((audit || (m->flags & SHAPE_WRITE_ONLY) == 0) &&
		    (!member_put_name(m, &first, out) || !member_write(m, from, audit, out)))
			return false;
	return buf_byte(out, '}');
}

bool
shape_write(const struct shape *s, const void *from, struct buf *out)
{
	return write_object(s, from, false, out);
}
