#include "store/sql.h"

#include <assert.h>

#include "base/text.h"
#include "store/driver.h"
#include "store/list_place.h"

#define SEARCH_MAX 200

void
sql_where(struct sql_where *w, const char *term, struct sql_args args)
{
	assert(w->count < SQL_WHERE_MAX && w->value_count + args.count <= SQL_WHERE_MAX);
	w->terms[w->count++] = term;
	for (size_t i = 0; i < args.count; i++)
		w->values[w->value_count++] = args.at[i];
}

/* One page in the making. */
struct paging {
	const struct sql_list *list;
	const struct sql_sort *sort;
	bool descending;
	bool by_id; /* the id is what it is sorted by */
	struct arena *scratch, *memory;
	const char *sql;
	struct sql_value values[2 * SQL_WHERE_MAX];
	size_t value_count;
	size_t limit, count;
	void *at;
	const char *last; /* the last row's place */
	const char *next; /* the same, once it is known that there are more */
};

static void
add_value(struct paging *p, struct sql_value v)
{
	assert(p->value_count < COUNT(p->values));
	p->values[p->value_count++] = v;
}

static const struct sql_sort *
sort_of(const struct sql_list *list, const char *name)
{
	const struct sql_sort *sort = list->sorts;

	if (name == NULL)
		return sort;
	while (sort->name != NULL && strcmp(sort->name, name) != 0)
		sort++;
	return sort->name != NULL ? sort : NULL;
}

/* Where the page before ended. */
static bool
add_after(struct paging *p, const char *after)
{
	struct list_place place;
	const char *than = p->descending ? "<" : ">";

	if (!list_place_read(after, p->sort->kind == SQL_INT, p->scratch, &place))
		return false;
	p->sql = p->by_id ? arena_printf(p->scratch, "%s AND %s %s ?", p->sql, p->list->id, than)
			  : arena_printf(p->scratch, "%s AND (%s, %s) %s (?, ?)", p->sql,
					 p->sort->column, p->list->id, than);
	if (!p->by_id)
		add_value(p, p->sort->kind == SQL_INT ? INT(place.number) : TEXT(place.text));
	add_value(p, INT(place.id));
	return true;
}

/* "%a\_b%": what it looks for is text, not a pattern. */
static const char *
pattern_of(struct arena *memory, const char *search)
{
	struct span text = span_head(span_str(search), SEARCH_MAX);
	char *out = arena_get(memory, 2 * text.len + 3), *end = out;

	*end++ = '%';
	for (size_t i = 0; i < text.len; i++) {
		if (strchr("%_\\", text.p[i]) != NULL)
			*end++ = '\\';
		*end++ = (char)text.p[i];
	}
	*end = '%';
	return out;
}

static void
add_search(struct paging *p, const char *search)
{
	const char *pattern = pattern_of(p->scratch, search), *glue = " AND (";

	for (const char *const *column = p->list->search; *column != NULL; column++) {
		p->sql =
		    arena_printf(p->scratch, "%s%s%s {LIKE} ? ESCAPE '\\'", p->sql, glue, *column);
		add_value(p, TEXT(pattern));
		glue = " OR ";
	}
	p->sql = arena_printf(p->scratch, "%s)", p->sql);
}

/* What is asked of the rows that a page is made of, in its order. */
static enum store_result
compose_rows(struct paging *p, const struct page *page, const struct sql_where *where,
	     bool searches)
{
	const struct sql_list *list = p->list;
	const char *way = p->descending ? "DESC" : "ASC";

	for (size_t i = 0; where != NULL && i < where->count; i++)
		p->sql = arena_printf(p->scratch, "%s AND %s", p->sql, where->terms[i]);
	for (size_t i = 0; where != NULL && i < where->value_count; i++)
		add_value(p, where->values[i]);
	if (searches)
		add_search(p, page->search);
	if (page->after != NULL && !add_after(p, page->after))
		return STORE_NO_PLACE;
	p->sql = p->by_id
		     ? arena_printf(p->scratch, "%s ORDER BY %s %s LIMIT ?", p->sql, list->id, way)
		     : arena_printf(p->scratch, "%s ORDER BY %s %s, %s %s LIMIT ?", p->sql,
				    p->sort->column, way, list->id, way);
	add_value(p, INT((int64_t)p->limit + 1));
	return STORE_DONE;
}

static enum store_result
compose(struct paging *p, const struct page *page, const struct sql_where *where)
{
	const struct sql_list *list = p->list;
	const char *way = p->descending ? "DESC" : "ASC";
	bool searches = page->search != NULL && page->search[0] != '\0' && list->search != NULL;
	bool by_place = searches && list->rows != NULL;
	enum store_result r;

	p->sql = by_place
		     ? arena_printf(p->scratch, "SELECT %s AS place, %s AS id FROM %s WHERE 1 = 1",
				    p->sort->column, list->id, list->rows)
		     : arena_printf(p->scratch, "SELECT %s, %s, %s FROM %s WHERE 1 = 1",
				    p->sort->column, list->id, list->columns, list->from);
	r = compose_rows(p, page, where, searches);
	if (r == STORE_DONE && by_place)
		p->sql = arena_printf(p->scratch,
				      "SELECT found.place, found.id, %s FROM (%s) found, %s "
				      "WHERE %s = found.id ORDER BY found.place %s, found.id %s",
				      list->columns, p->sql, list->from, list->id, way, way);
	return r;
}

/* Where the row stands: what `after` is for the page that follows. */
static const char *
place_of(struct row *r, const struct paging *p)
{
	struct arena *memory = r->memory;
	struct list_place place = {.text = NULL};

	r->memory = p->scratch;
	if (p->sort->kind == SQL_INT)
		place.number = row_int(r);
	else
		place.text = row_text(r);
	place.id = row_int(r);
	r->memory = memory;
	return list_place_write(&place, p->scratch);
}

/* One row more than was asked for tells that there is more. */
static bool
take_row(void *owner, struct row *r)
{
	struct paging *p = owner;
	const char *place;

	if (p->count == p->limit) {
		p->next = p->last;
		return false;
	}
	place = place_of(r, p);
	if (p->count + 1 == p->limit)
		p->last = place;
	p->at = arena_grow(p->memory, p->at, p->count, p->list->size);
	p->list->read(r, (char *)p->at + p->count++ * p->list->size);
	return true;
}

static size_t
limit_of(const struct page *page)
{
	unsigned limit = page->limit < STORE_PAGE_MAX ? page->limit : STORE_PAGE_MAX;

	return limit > 0 ? limit : 1;
}

enum store_result
sql_page(struct store *s, const struct sql_list *list, const struct page *page,
	 const struct sql_where *where, struct arena *memory, void **at, size_t *count,
	 const char **next)
{
	struct paging p = {
	    .list = list,
	    .sort = sort_of(list, page->sort),
	    .descending = page->descending || (list->newest_first && page->sort == NULL),
	    .scratch = arena_new(),
	    .memory = memory,
	    .limit = limit_of(page),
	};
	enum store_result r = STORE_NO_SORT;

	if (p.sort != NULL) {
		p.by_id = strcmp(p.sort->column, list->id) == 0;
		r = compose(&p, page, where);
	}
	if (r == STORE_DONE)
		r = sql_rows(s, take_row, &p, memory, p.sql,
			     (struct sql_args){p.values, p.value_count});
	*at = p.at;
	*count = p.count;
	*next = p.next != NULL ? arena_copy(memory, span_str(p.next)) : NULL;
	arena_free(p.scratch);
	return r;
}
