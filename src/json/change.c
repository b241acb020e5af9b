/* What differs between two structs, for the audit log. */
#include <string.h>

#include "base/text.h"
#include "json/member.h"

static bool differs(const struct shape_member *m, const void *a, const void *b);

static bool
texts_differ(const char *const *a, const char *const *b)
{
	if (a == NULL || b == NULL)
		return a != b;
	for (; *a != NULL && *b != NULL; a++, b++)
		if (strcmp(*a, *b) != 0)
			return true;
	return *a != *b;
}

static bool
object_differs(const struct shape *s, const void *a, const void *b)
{
	for (size_t i = 0; i < s->count; i++)
		if (differs(&s->members[i], a, b))
			return true;
	return false;
}

static bool
list_differs(const struct shape_member *m, const void *a, const void *b)
{
	size_t count = member_count(a, m);

	if (count != member_count(b, m))
		return true;
	for (size_t i = 0; i < count; i++)
		if (object_differs(m->of, member_element(a, m, i), member_element(b, m, i)))
			return true;
	return false;
}

static bool
differs(const struct shape_member *m, const void *a, const void *b)
{
	switch (m->kind) {
	case SHAPE_TEXT:
	case SHAPE_RAW:
		return !text_equal(member_text(a, m), member_text(b, m));
	case SHAPE_TEXTS:
		return texts_differ(member_texts(a, m), member_texts(b, m));
	case SHAPE_BOOL:
		return member_bool(a, m) != member_bool(b, m);
	case SHAPE_NUMBER:
	case SHAPE_TIME:
		return member_number(a, m) != member_number(b, m);
	case SHAPE_REAL:
		return member_real(a, m) < member_real(b, m) ||
		       member_real(a, m) > member_real(b, m);
	case SHAPE_CHOICE:
		return member_choice(a, m) != member_choice(b, m);
	case SHAPE_OBJECT:
		return object_differs(m->of, member_at(a, m), member_at(b, m));
	case SHAPE_LIST:
		return list_differs(m, a, b);
	}
	return true;
}

static bool
write_differences(const struct shape *s, const void *from, const void *other, struct buf *out)
{
	bool first = true, written;

	if (!buf_byte(out, '{'))
		return false;
	for (const struct shape_member *m = s->members; m < s->members + s->count; m++) {
		if (other != NULL && !differs(m, from, other))
			continue;
		if (!member_put_name(m, &first, out))
			return false;
		if (other != NULL && m->kind == SHAPE_OBJECT)
			written =
			    write_differences(m->of, member_at(from, m), member_at(other, m), out);
		else
			written = member_write(m, from, true, out);
		if (!written)
			return false;
	}
	return buf_byte(out, '}');
}

bool
shape_write_change(const struct shape *s, const void *from, const void *other, struct buf *out)
{
	return write_differences(s, from, other, out);
}
