/*
 * Lists of the audit log, newest or oldest first, of a million rows as of ten.
 *
 * The log is walked by id, from where the page before ended. What is looked for leads the walk by
 * its index where it can: "alice" has one, and a beginning ("user.") has as many as there are
 * different texts that begin so; an object's first word has one besides. Of several the one with
 * the fewest rows leads, and its rows are held against the others. Where nothing can lead, what is
 * looked for is frequent: the log is walked as it is.
 *
 * A search for a text within others has no index: it looks at some rows at a time, and says where
 * to look on, so that it holds nobody up however much there is.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "store/audit_row.h"

#define VALUES_MAX  32   /* different texts with the same beginning, to be led by */
#define COUNTED_MAX 1000 /* rows of each; whatever has more is as good as anything else */

/*
 * Rows are written in the order of their ids, but their times may be a bit out of that order:
 * each is of when its request came. So many rows about the edge of a time are looked at.
 */
#define TIME_EDGE "1000"

#define SEARCHED_MAX 8000 /* rows that a search looks at in one part of the list */

#define LAST_OF_ALL "\xf4\x8f\xbf\xbf" /* U+10FFFF */

/* What can be looked for, and what leads to it; `holds` keeps indexes out of where others lead. */
#define PART(column)                                                                               \
	"a." column, "SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM audit a WHERE a." column         \
		     " = ?1 LIMIT ?2) x), (SELECT MIN(a.id) FROM audit a WHERE a." column          \
		     " = ?1), (SELECT MAX(a.id) FROM audit a WHERE a." column " = ?1)"
#define BEGINNING(column)                                                                          \
	"substr(a." column ", 1, length(?)) = ?",                                                  \
	    "SELECT a." column " FROM audit a WHERE a." column " >= ? AND a." column               \
	    " < ? ORDER BY a." column " LIMIT 1"

static const struct part {
	size_t offset; /* in struct audit_filter */
	const char *column;
	const char *survey; /* how many rows, from which, to which */
	const char *holds;  /* NULL: another part does */
	const char *next;   /* the first text of those that begin so; NULL: whole texts alone */
	bool word;          /* it is about the first word alone */
} parts[] = {
    {offsetof(struct audit_filter, object), PART("object"), BEGINNING("object")},
    {offsetof(struct audit_filter, object), PART("kind"), NULL,
     "SELECT a.kind FROM audit a WHERE a.kind >= ? AND a.kind < ? ORDER BY a.kind LIMIT 1", true},
    {offsetof(struct audit_filter, address), PART("address"), "a.address || '' = ?", NULL},
    {offsetof(struct audit_filter, who), PART("who"), "a.who || '' = ?", NULL},
    {offsetof(struct audit_filter, action), PART("action"), BEGINNING("action")},
};

static const char *
looked_for(const struct audit_filter *filter, const struct part *part)
{
	return *(const char *const *)((const char *)filter + part->offset);
}

/* How many rows there are, up to COUNTED_MAX for each value, and the ids of the outermost. */
struct extent {
	int64_t rows, first, last;
};

/* What leads a walk: rows that have one of `values` in the part's column. */
struct lead {
	const struct part *part; /* NULL: nothing does */
	const char *values[VALUES_MAX];
	size_t count;
	struct extent extent;
};

struct looking {
	struct store *s;
	struct arena *memory;
	const struct audit_filter *filter;
	struct lead lead;
	int64_t first, last;    /* what there can be lies between these ids; 0: anywhere */
	struct sql_where where; /* all but what leads */
	bool oldest_first;
	bool nothing; /* there is no such row */
};

/* There is nothing before `first`, nor after `last`. */
static void
narrow(struct looking *l, int64_t first, int64_t last)
{
	l->nothing |= last <= 0;
	l->first = first > l->first ? first : l->first;
	l->last = l->last == 0 || last < l->last ? last : l->last;
}

static void
read_text(struct row *r, void *out)
{
	*(const char **)out = row_text(r);
}

static bool
has_few_rows(const struct lead *lead)
{
	return lead->part != NULL && lead->extent.rows < COUNTED_MAX;
}

/* The values that begin with `what`; with more than VALUES_MAX nothing is led. */
static enum store_result
find_values(const struct looking *l, const char *what, struct lead *lead)
{
	const char *end = arena_printf(l->memory, "%s" LAST_OF_ALL, what), *from = what, *value;
	const char *next = lead->part->next;

	for (;;) {
		enum store_result r =
		    sql_one(l->s, read_text, l->memory, &value, next, SQL(TEXT(from), TEXT(end)));

		if (r != STORE_DONE)
			return r == STORE_NONE ? STORE_DONE : r;
		if (lead->count == VALUES_MAX) {
			lead->part = NULL;
			return STORE_DONE;
		}
		lead->values[lead->count++] = value;
		from = arena_printf(l->memory, "%s\x01", value); /* the next that there could be */
	}
}

static void
read_extent(struct row *r, void *out)
{
	struct extent *e = out;

	e->rows = row_int(r);
	e->first = row_int(r);
	e->last = row_int(r);
}

/* How many rows have one of the values, and where these begin and end. */
static enum store_result
survey(const struct looking *l, struct lead *lead)
{
	enum store_result r = STORE_DONE;

	lead->extent.first = INT64_MAX;
	for (size_t i = 0; i < lead->count && r == STORE_DONE; i++) {
		struct extent e = {0};

		r = sql_one(l->s, read_extent, NULL, &e, lead->part->survey,
			    SQL(TEXT(lead->values[i]), INT(COUNTED_MAX)));
		if (e.rows == 0)
			continue;
		lead->extent.rows += e.rows;
		if (e.first < lead->extent.first)
			lead->extent.first = e.first;
		if (e.last > lead->extent.last)
			lead->extent.last = e.last;
	}
	return r;
}

/* What the part has of what is looked for; lead->part is NULL if it cannot lead to it. */
static enum store_result
find_part(const struct looking *l, const struct part *part, struct lead *lead)
{
	const char *what = looked_for(l->filter, part);
	size_t word = strcspn(what, " ");
	enum store_result r = STORE_DONE;

	*lead = (struct lead){.part = part, .values = {what}, .count = 1};
	if (part->word && what[word] != '\0') {
		lead->values[0] = arena_copy(l->memory, span_of(what, word));
	} else if (part->next != NULL) {
		lead->count = 0;
		r = find_values(l, what, lead);
	}
	return r == STORE_DONE && lead->part != NULL ? survey(l, lead) : r;
}

/* What leads, if anything does: the part with the fewest rows. None of them has a row beyond
 * where any begins or ends. */
static enum store_result
find_lead(struct looking *l)
{
	for (size_t i = 0; i < COUNT(parts); i++) {
		struct lead lead;
		enum store_result r;

		if (looked_for(l->filter, &parts[i]) == NULL)
			continue;
		r = find_part(l, &parts[i], &lead);
		if (r != STORE_DONE)
			return r;
		if (lead.part == NULL)
			continue;
		narrow(l, lead.extent.first, lead.extent.last);
		if (l->lead.part == NULL || lead.extent.rows < l->lead.extent.rows)
			l->lead = lead;
	}
	return STORE_DONE;
}

/* Once for all that narrows it: of two such terms SQLite goes by one alone. */
static void
hold_against_ids(struct looking *l)
{
	if (l->first != 0)
		sql_where(&l->where, "a.id >= ?", SQL(INT(l->first)));
	if (l->last != 0 && l->last != INT64_MAX)
		sql_where(&l->where, "a.id <= ?", SQL(INT(l->last)));
}

static void
hold_against_parts(struct looking *l)
{
	for (size_t i = 0; i < COUNT(parts); i++) {
		const char *what = looked_for(l->filter, &parts[i]);

		if (what == NULL || parts[i].holds == NULL || l->lead.part == &parts[i])
			continue;
		if (parts[i].next != NULL)
			sql_where(&l->where, parts[i].holds, SQL(TEXT(what), TEXT(what)));
		else
			sql_where(&l->where, parts[i].holds, SQL(TEXT(what)));
	}
}

/* A span of time is one of ids, but for its edges. */
static enum store_result
hold_against_times(struct looking *l)
{
	const struct audit_filter *f = l->filter;
	enum store_result r = STORE_DONE;
	int64_t id;

	if (f->since != 0) {
		r = sql_number(l->s, &id,
			       "SELECT MIN(id) FROM (SELECT id FROM audit WHERE time >= ? "
			       "ORDER BY time, id LIMIT " TIME_EDGE ") x",
			       SQL(INT(f->since)));
		narrow(l, id, id != 0 ? INT64_MAX : 0);
		sql_where(&l->where, "a.time + 0 >= ?", SQL(INT(f->since)));
	}
	if (r == STORE_DONE && f->until != 0) {
		r = sql_number(l->s, &id,
			       "SELECT MAX(id) FROM (SELECT id FROM audit WHERE time < ? "
			       "ORDER BY time DESC, id DESC LIMIT " TIME_EDGE ") x",
			       SQL(INT(f->until)));
		narrow(l, 0, id);
		sql_where(&l->where, "a.time + 0 < ?", SQL(INT(f->until)));
	}
	return r;
}

static bool
hold_against_after(struct looking *l, const char *after)
{
	uint64_t id;

	if (after == NULL)
		return true;
	if (!text_to_u64(span_str(after), INT64_MAX - 1, &id))
		return false;
	if (l->oldest_first)
		narrow(l, (int64_t)id + 1, INT64_MAX);
	else
		narrow(l, 0, (int64_t)id - 1);
	return true;
}

/* A search looks at the first rows of those that there can be. *edge: at none beyond this one; 0:
 * at all. */
static enum store_result
narrow_search(struct looking *l, int64_t *edge)
{
	int64_t oldest = l->first > 0 ? l->first : 1, newest = l->last;
	enum store_result r = STORE_DONE;

	*edge = 0;
	if (has_few_rows(&l->lead))
		return STORE_DONE;
	if (newest == 0 || newest == INT64_MAX)
		r = sql_number(l->s, &newest, "SELECT COALESCE(MAX(id), 0) FROM audit",
			       SQL_NOTHING);
	if (r != STORE_DONE || newest - oldest < SEARCHED_MAX)
		return r;
	if (l->oldest_first) {
		*edge = oldest + SEARCHED_MAX - 1;
		narrow(l, 0, *edge);
	} else {
		*edge = newest - SEARCHED_MAX + 1;
		narrow(l, *edge, INT64_MAX);
	}
	return r;
}

/* Where one text leads that is frequent, or none. */

static const struct sql_sort audit_sorts[] = {{"time", "a.id", SQL_INT}, {0}};
static const char *const audit_search[] = {"a.who", "a.object", "a.action", "a.address", NULL};
static const struct sql_list audit_pages = {
    .columns = AUDIT_COLUMNS,
    .from = "audit a",
    .id = "a.id",
    .sorts = audit_sorts,
    .search = audit_search,
    .read = audit_read,
    .size = sizeof(struct audit_row),
};

/* The page ends with row `id`: what follows is before it, or behind it with the oldest first. */
static void
leave_off(const struct looking *l, int64_t id, struct audit_row_list *out)
{
	out->next = arena_printf(l->memory, "%lld", (long long)id);
}

static enum store_result
walk(struct looking *l, const struct page *page, struct audit_row_list *out)
{
	const struct page part = {.search = page->search,
				  .sort = audit_sorts[0].name,
				  .descending = !l->oldest_first,
				  .limit = page->limit};
	enum store_result r;

	if (l->lead.part != NULL)
		sql_where(&l->where, arena_printf(l->memory, "%s = ?", l->lead.part->column),
			  SQL(TEXT(l->lead.values[0])));
	r = SQL_PAGE(l->s, &audit_pages, &part, &l->where, l->memory, out);
	if (r == STORE_DONE && out->next != NULL)
		leave_off(l, out->at[out->count - 1].id, out);
	return r;
}

/* Where several lead, or one that has few rows: the first ids of each, of which the first are
 * taken. */

struct found {
	int64_t ids[2 * (STORE_PAGE_MAX + 1)]; /* what there was, and what one text adds */
	size_t count;
};

static bool
add_id(void *owner, struct row *r)
{
	struct found *n = owner;

	n->ids[n->count++] = row_int(r);
	return n->count < COUNT(n->ids);
}

static int
newer_first(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x < y) - (x > y);
}

static int
older_first(const void *a, const void *b)
{
	return newer_first(b, a);
}

/* What has few rows is sorted by its own index: else PostgreSQL, which expects as many rows of one
 * text as of another, would walk the log for them. */
static const char *
ids_of_one_text(const struct looking *l)
{
	const char *column = l->lead.part->column, *way = l->oldest_first ? "ASC" : "DESC";
	bool few = has_few_rows(&l->lead);
	const char *sql = arena_printf(
	    l->memory, "SELECT a.id FROM audit a WHERE %s %s ? AND %s <= ? AND a.id %s ?", column,
	    few ? ">=" : "=", column, l->oldest_first ? "<" : ">");

	for (size_t i = 0; i < l->where.count; i++)
		sql = arena_printf(l->memory, "%s AND %s", sql, l->where.terms[i]);
	return few ? arena_printf(l->memory, "%s ORDER BY %s %s, a.id %s LIMIT ?", sql, column, way,
				  way)
		   : arena_printf(l->memory, "%s ORDER BY a.id %s LIMIT ?", sql, way);
}

static enum store_result
find_first(struct looking *l, size_t most, struct found *n)
{
	const char *sql = ids_of_one_text(l);
	struct sql_value values[SQL_WHERE_MAX + 4];
	size_t count = l->where.value_count + 4;
	int64_t beyond = l->oldest_first ? INT64_MAX : 0; /* all ids there can be */

	memcpy(values + 3, l->where.values, l->where.value_count * sizeof *values);
	values[count - 1] = INT((int64_t)most);
	for (size_t i = 0; i < l->lead.count; i++) {
		enum store_result r;

		values[0] = values[1] = TEXT(l->lead.values[i]);
		values[2] = INT(n->count == most ? n->ids[most - 1] : beyond);
		r = sql_each(l->s, add_id, n, sql, (struct sql_args){values, count});
		if (r != STORE_DONE)
			return r;
		qsort(n->ids, n->count, sizeof *n->ids,
		      l->oldest_first ? older_first : newer_first);
		n->count = n->count < most ? n->count : most;
	}
	return STORE_DONE;
}

#define TAKEN_AT_ONCE 16
#define ROWS_OF_IDS                                                                                \
	"SELECT " AUDIT_COLUMNS " FROM audit a WHERE a.id IN "                                     \
	"(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ORDER BY a.id"

/* The rows of these ids, some at a time: each time is a way to the database and back. */
static enum store_result
take_rows(const struct looking *l, const struct found *n, struct audit_row_list *out)
{
	enum store_result r = STORE_DONE;

	out->at = arena_get(l->memory, (n->count + 1) * sizeof *out->at);
	for (size_t i = 0; i < n->count && r == STORE_DONE; i += TAKEN_AT_ONCE) {
		struct sql_value ids[TAKEN_AT_ONCE];
		struct audit_row_list some;

		for (size_t k = 0; k < TAKEN_AT_ONCE; k++)
			ids[k] = INT(i + k < n->count ? n->ids[i + k] : 0);
		r = SQL_ALL(l->s, audit_read, l->memory, &some,
			    l->oldest_first ? ROWS_OF_IDS " ASC" : ROWS_OF_IDS " DESC",
			    ((struct sql_args){ids, COUNT(ids)}));
		for (size_t k = 0; r == STORE_DONE && k < some.count && out->count < n->count; k++)
			out->at[out->count++] = some.at[k];
	}
	return r;
}

static enum store_result
merge(struct looking *l, const struct page *page, struct audit_row_list *out)
{
	struct found n = {.count = 0};
	size_t limit = page->limit == 0               ? 1
		       : page->limit < STORE_PAGE_MAX ? page->limit
						      : STORE_PAGE_MAX;
	enum store_result r = find_first(l, limit + 1, &n);

	if (r == STORE_DONE && n.count > limit) {
		n.count = limit;
		leave_off(l, n.ids[limit - 1], out);
	}
	return r == STORE_DONE ? take_rows(l, &n, out) : r;
}

enum store_result
store_audit(struct store *s, const struct page *page, const struct audit_filter *filter,
	    struct arena *memory, struct audit_row_list *out)
{
	bool searched = page->search != NULL && page->search[0] != '\0';
	struct looking l = {.s = s,
			    .memory = memory,
			    .filter = filter,
			    .oldest_first = page->sort != NULL && !page->descending};
	enum store_result r;
	int64_t edge = 0;

	*out = (struct audit_row_list){0};
	if (page->sort != NULL && strcmp(page->sort, audit_sorts[0].name) != 0)
		return STORE_NO_SORT;
	if (!hold_against_after(&l, page->after))
		return STORE_NO_PLACE;
	r = hold_against_times(&l);
	if (r == STORE_DONE)
		r = find_lead(&l);
	if (r == STORE_DONE && searched && !l.nothing)
		r = narrow_search(&l, &edge);
	if (r != STORE_DONE || l.nothing)
		return r;
	if (searched && l.lead.count > 1)
		l.lead = (struct lead){0};
	hold_against_ids(&l);
	hold_against_parts(&l);
	if (!searched && (l.lead.count > 1 || has_few_rows(&l.lead)))
		return merge(&l, page, out);
	r = walk(&l, page, out);
	if (r == STORE_DONE && out->next == NULL && edge != 0)
		leave_off(&l, edge, out);
	return r;
}
