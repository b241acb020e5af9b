/* What a kind of database must be able to do for sql.c; and the connection itself. */
#ifndef STORE_DRIVER_H
#define STORE_DRIVER_H

#include "store/sql.h"

#define SQL_BUCKETS 64

/* Prepared once; the number of different texts is ours to decide, so they are never dropped. */
struct statement {
	struct statement *next;
	uint64_t hash;
	char *sql;    /* as the caller wrote it */
	void *handle; /* the driver's; NULL: to be prepared (again) */
	bool busy;
};

enum sql_transaction { SQL_WRITE, SQL_SNAPSHOT };

struct sql_driver {
	const char *like;
	/* What stands for "{ID}" and so on in the schema, NULL-ended. */
	const char *const (*words)[2];
	const char *has_table; /* SQL that gives 1 where its parameter is a table */
	const char *begin[2];  /* by enum sql_transaction */
	const char *copy_ending;
	/* For a table whose ids were given by hand: SQL up to its name; "))" follows. Its parameter
	 * is the name too. NULL: not needed. */
	const char *count_on;

	/* Makes the connection usable, anew if it broke; STORE_DOWN if that cannot be. */
	enum store_result (*ready)(struct store *s);
	void (*close)(struct store *s);
	bool (*in_transaction)(struct store *s); /* false once the database has given it up */
	void (*abort)(struct store *s);          /* harmless without a transaction */

	enum store_result (*script)(struct store *s, const char *sql);
	enum store_result (*prepare)(struct store *s, const char *sql, struct sql_args args,
				     void **handle);
	void (*forget)(void *handle);
	enum store_result (*start)(struct store *s, void *handle, struct sql_args args);
	/* Whether there is a row; if not, *r is STORE_DONE at the end. */
	bool (*step)(struct store *s, void *handle, enum store_result *r);
	void (*finish)(void *handle);
	int64_t (*changed)(struct store *s, void *handle);

	size_t (*width)(void *handle);
	const char *(*name)(void *handle, size_t column);
	bool (*is_null)(void *handle, size_t column);
	enum sql_kind (*kind)(void *handle, size_t column);
	int64_t (*number)(void *handle, size_t column);
	struct span (*bytes)(void *handle, size_t column); /* until the next step */
};

extern const struct sql_driver sqlite_driver, postgres_driver;

struct store {
	const struct sql_driver *driver;
	void *connection; /* the driver's */
	char *url, *path, *copies;
	unsigned patience_ms;
	bool unhurried; /* a migration may take as long as it takes */
	bool open;      /* between begin and commit */
	bool full;      /* a write found no room: the driver's to see to */
	int64_t changed;
	struct statement *statements[SQL_BUCKETS];
	struct arena *scratch; /* for one call */
	char why[ERR_TEXT_MAX];
};

struct row {
	struct store *store;
	struct arena *memory;
	void *handle;
	size_t column;
};

/* Notes why, and is STORE_DOWN. */
enum store_result store_down(struct store *s, const char *fmt, ...) PRINTF(2, 3);

/* A foreign key did not hold: what was to go is in use, or what it refers to is not there. */
enum store_result sql_unmatched(const char *sql);

/* The connection is another one: what was prepared is to be prepared again. */
void sql_forget_statements(struct store *s);

/* Rows to `each`, until it says false; their texts live in `memory`. */
MUST_CHECK enum store_result sql_rows(struct store *s, bool (*each)(void *owner, struct row *r),
				      void *owner, struct arena *memory, const char *sql,
				      struct sql_args args);

MUST_CHECK enum store_result sql_script(struct store *s, const char *sql);
MUST_CHECK enum store_result sql_begin(struct store *s, enum sql_transaction kind);

/* A place's connection, before anything is known of its schema. */
MUST_CHECK struct err store_connect(const struct store_place *place, struct store **out);

#endif
