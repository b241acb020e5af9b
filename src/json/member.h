/* Where a member of a struct is, and what it holds: for this folder alone. */
#ifndef JSON_MEMBER_H
#define JSON_MEMBER_H

#include "json/shape.h"

static inline const void *
member_at(const void *from, const struct shape_member *m)
{
	return (const char *)from + m->offset;
}

static inline const char *
member_text(const void *from, const struct shape_member *m)
{
	return *(const char *const *)member_at(from, m);
}

static inline const char *const *
member_texts(const void *from, const struct shape_member *m)
{
	return *(const char *const *const *)member_at(from, m);
}

static inline bool
member_bool(const void *from, const struct shape_member *m)
{
	return *(const bool *)member_at(from, m);
}

static inline int64_t
member_number(const void *from, const struct shape_member *m)
{
	return *(const int64_t *)member_at(from, m);
}

static inline double
member_real(const void *from, const struct shape_member *m)
{
	return *(const double *)member_at(from, m);
}

static inline int
member_choice(const void *from, const struct shape_member *m)
{
	return *(const int *)member_at(from, m);
}

static inline size_t
member_count(const void *from, const struct shape_member *m)
{
	return *(const size_t *)(const void *)((const char *)from + m->count);
}

/* The `i`th struct of a SHAPE_LIST. */
static inline const void *
member_element(const void *from, const struct shape_member *m, size_t i)
{
	return *(const char *const *)member_at(from, m) + i * m->of->size;
}

/* Whether a request of that use may have it at all. */
static inline bool
member_is_asked(const struct shape_member *m)
{
	return (m->flags & SHAPE_READ_ONLY) == 0 && m->kind != SHAPE_RAW && m->kind != SHAPE_REAL;
}

/* Both 0: any. */
static inline bool
member_has_range(const struct shape_member *m)
{
	return m->min != 0 || m->max != 0;
}

static inline bool
member_is_optional(const struct shape_member *m)
{
	return (m->flags & SHAPE_OPTIONAL) != 0;
}

/* Adds its name, with a comma before it unless it is the first. Names are plain words. */
MUST_CHECK bool member_put_name(const struct shape_member *m, bool *first, struct buf *out);

/* Adds its value; for the audit log secrets are but "set". */
MUST_CHECK bool member_write(const struct shape_member *m, const void *from, bool audit,
			     struct buf *out);

#endif
