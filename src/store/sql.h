/*
 * SQL for both kinds of database, for the files of this folder alone.
 *
 *	return sql_run_one(s, "UPDATE users SET last_seen = ? WHERE id = ?", SQL(INT(when),
 *INT(id)));
 *
 * Texts of statements are static, or made of static parts: each is prepared once for a connection
 * and kept. Parameters are "?" in their order, or "?1", "?2" … by number. Write what SQLite and
 * PostgreSQL both take; "{LIKE}" is LIKE without regard to ASCII case. Ids come back by
 * RETURNING. A failed statement leaves the transaction around it as it was.
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include "base/address.h"
#include "base/mem.h"
#include "store/store.h"

/* Parameters. */

enum sql_kind { SQL_INT, SQL_TEXT, SQL_BLOB };

struct sql_value {
	enum sql_kind kind;
	bool null;
	int64_t number;
	struct span bytes;
};

struct sql_args {
	const struct sql_value *at;
	size_t count;
};

#define SQL(...)                                                                                   \
	(struct sql_args)                                                                          \
	{                                                                                          \
		(const struct sql_value[]){__VA_ARGS__},                                           \
		    COUNT(((struct sql_value[]){__VA_ARGS__}))                                     \
	}
#define SQL_NOTHING  ((struct sql_args){NULL, 0})
#define INT(n)       ((struct sql_value){.kind = SQL_INT, .number = (n)})
#define REF(id)      sql_ref(id)      /* an id; 0 is null */
#define TEXT(string) sql_text(string) /* NULL is null */
#define BLOB(span)   sql_blob(span)   /* without bytes: null */
#define HASH(array)  sql_blob(span_of((array), sizeof(array)))

static inline struct sql_value
sql_ref(int64_t id)
{
	return (struct sql_value){.kind = SQL_INT, .null = id == 0, .number = id};
}

static inline struct sql_value
sql_text(const char *text)
{
	return (struct sql_value){.kind = SQL_TEXT,
				  .null = text == NULL,
				  .bytes = text != NULL ? span_str(text) : SPAN_NONE};
}

static inline struct sql_value
sql_blob(struct span bytes)
{
	return (struct sql_value){.kind = SQL_BLOB, .null = bytes.len == 0, .bytes = bytes};
}

/* Statements without rows. */

MUST_CHECK enum store_result sql_run(struct store *s, const char *sql, struct sql_args args);
int64_t sql_changed(const struct store *s); /* how many rows the last sql_run…() touched */
MUST_CHECK enum store_result sql_run_one(struct store *s, const char *sql,
					 struct sql_args args); /* STORE_NONE: it touched none */

/* Rows. Columns are read in their order. */

struct row;

int64_t row_int(struct row *r); /* null is 0; cast a sum() to BIGINT, which it is not by itself */
bool row_bool(struct row *r);
const char *row_text(struct row *r);                    /* in the arena; null is NULL */
struct span row_blob(struct row *r);                    /* likewise; null is SPAN_NONE */
void row_hash(struct row *r, uint8_t *out, size_t len); /* zeros unless it has just that length */
struct address row_address(struct row *r);              /* of address_text(), or an IP alone */

typedef void (*sql_read)(struct row *r, void *out);

/* The first row's first column: of a count, or of RETURNING id. STORE_NONE: no row. */
MUST_CHECK enum store_result sql_number(struct store *s, int64_t *out, const char *sql,
					struct sql_args args);
/* The first row. STORE_NONE: there is none. */
MUST_CHECK enum store_result sql_one(struct store *s, sql_read read, struct arena *memory,
				     void *out, const char *sql, struct sql_args args);
/* Each row, until `each` says false; texts live until it returns. It asks the store for nothing.
 * PostgreSQL sends all of them at once: of what may be many, take some hundred at a time. */
MUST_CHECK enum store_result sql_each(struct store *s, bool (*each)(void *owner, struct row *r),
				      void *owner, const char *sql, struct sql_args args);

/* A change that gives a version: what it came to when no row had that id and version.
 * `exists`: "SELECT 1 FROM users WHERE id = ?". */
MUST_CHECK enum store_result sql_missed(struct store *s, enum store_result r, const char *exists,
					int64_t id);

/* A call that needs several statements is a transaction by itself, or part of the one around it:
 *
 *	bool own;
 *	enum store_result r = sql_enter(s, &own);
 *	if (r == STORE_DONE) …
 *	return sql_leave(s, own, r);	which commits, or gives up what was its own
 */
MUST_CHECK enum store_result sql_enter(struct store *s, bool *own);
MUST_CHECK enum store_result sql_leave(struct store *s, bool own, enum store_result r);

/* Lists, page by page: always by an index, never by an offset. */

struct sql_sort {
	const char *name;   /* as in struct page */
	const char *column; /* "u.name"; never null; indexed together with the id, but in what stays
			     * small */
	enum sql_kind kind;
};

struct sql_list {
	const char *columns; /* as `read` takes them: "u.id, u.name" */
	const char *from;    /* "users u LEFT JOIN groups g ON g.id = u.group_id" */
	/* "users u", where all conditions and sorts are about these alone: then a search finds
	 * their places first, and takes what belongs to them for the rows of the page alone. */
	const char *rows;
	const char *id;               /* "u.id" */
	const struct sql_sort *sorts; /* ends with a NULL name; the first is the usual one */
	bool newest_first;            /* the usual order is descending */
	const char *const *search;    /* columns, NULL-ended; NULL: there is nothing to search in */
	sql_read read;
	size_t size; /* of the struct that `read` fills */
};

/* What lists are sorted by where a column alone would not do: what never ends (0) does so last, and
 * what has no name comes before any. */
#define SQL_END(column)  "COALESCE(NULLIF(" column ", 0), 9223372036854775807)"
#define SQL_NAME(column) "COALESCE(" column ", '')"

#define SQL_WHERE_MAX 16

/* Conditions, all of which must hold. */
struct sql_where {
	const char *terms[SQL_WHERE_MAX]; /* static: "u.role = ?", with "?" only */
	struct sql_value values[SQL_WHERE_MAX];
	size_t count, value_count;
};
void sql_where(struct sql_where *w, const char *term, struct sql_args args);

/* `out`: a pointer to a STORE_LIST of what `read` fills. STORE_NO_SORT and STORE_NO_PLACE
 * are told before anything is asked of the database. */
#define SQL_PAGE(s, list, page, where, memory, out)                                                \
	sql_page((s), (list), (page), (where), (memory), (void **)&(out)->at, &(out)->count,       \
		 &(out)->next)
MUST_CHECK enum store_result sql_page(struct store *s, const struct sql_list *list,
				      const struct page *page, const struct sql_where *where,
				      struct arena *memory, void **at, size_t *count,
				      const char **next);

/* All rows at once, where they cannot be many. */
#define SQL_ALL(s, read, memory, out, sql, args)                                                   \
	sql_all((s), (read), sizeof *(out)->at, (memory), (void **)&(out)->at, &(out)->count,      \
		(sql), (args))
MUST_CHECK enum store_result sql_all(struct store *s, sql_read read, size_t size,
				     struct arena *memory, void **at, size_t *count,
				     const char *sql, struct sql_args args);

#endif
