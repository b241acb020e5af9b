#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/driver.h"
#include "store/vfs.h"

static const char *const words[][2] = {
    {"{ID}", "INTEGER PRIMARY KEY AUTOINCREMENT"}, /* an id is never given twice */
    {"{INT}", "INTEGER"},
    {"{TEXT}", "TEXT"},
    {"{BLOB}", "BLOB"},
    {"{STRICT}", "STRICT"},
    {NULL, NULL},
};

static enum store_result
down(struct store *s)
{
	sqlite3 *db = s->connection;

	return store_down(s, "the database %s: %s", s->path,
			  db != NULL ? sqlite3_errmsg(db) : "out of memory");
}

static enum store_result
result_of(struct store *s, const char *sql, int code)
{
	switch (code) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return STORE_DONE;
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return STORE_TAKEN;
	case SQLITE_CONSTRAINT_FOREIGNKEY:
	case SQLITE_CONSTRAINT_TRIGGER: /* what ON DELETE RESTRICT is */
		return sql_unmatched(sql);
	case SQLITE_FULL:
		s->full = true;
		return down(s);
	default:
		return down(s);
	}
}

/* What the file holds decides nothing about what runs: it may be another's work. */
static bool
harden(sqlite3 *db)
{
	static const struct {
		int option, value;
	} settings[] = {
	    {SQLITE_DBCONFIG_DEFENSIVE, 1},   {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
	    {SQLITE_DBCONFIG_DQS_DML, 0},     {SQLITE_DBCONFIG_DQS_DDL, 0},
	    {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
	};

	for (size_t i = 0; i < COUNT(settings); i++)
		if (sqlite3_db_config(db, settings[i].option, settings[i].value, NULL) != SQLITE_OK)
			return false;
	return true;
}

/* Temporary tables in memory: the role has no directory for them. */
static const char pragmas[] = "PRAGMA journal_mode = WAL;"
			      "PRAGMA synchronous = FULL;"
			      "PRAGMA secure_delete = ON;"
			      "PRAGMA temp_store = MEMORY;"
			      "PRAGMA cell_size_check = ON;"
			      "PRAGMA cache_size = -16384;"
			      "PRAGMA wal_autocheckpoint = 256;" /* 1 MiB: a small disk is enough */
			      "PRAGMA journal_size_limit = 67108864;";

/*
 * So that nobody else may read it from its first moment on; -wal and -shm take after it. One that
 * is there is not even opened: POSIX locks belong to the process, and closing any descriptor of the
 * file would let go of those of all connections. Another process's SQLite would then take itself
 * for the last one, and the log away from under us (https://sqlite.org/howtocorrupt.html §2.2).
 */
static enum store_result
make_private(struct store *s)
{
	int fd;

	if (strcmp(s->path, ":memory:") == 0)
		return STORE_DONE;
	fd = open(s->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno != EEXIST)
		return store_down(s, "the database %s: %s", s->path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return STORE_DONE;
}

static void
shut(struct store *s)
{
	sqlite3_close_v2(s->connection);
	s->connection = NULL;
}

/*
 * The write-ahead log may be all that fills the disk: until it is written back and cut, nothing
 * gets over that. Pages are mostly written over, so there is room for it where there is none else.
 */
static void
make_room(struct store *s)
{
	if (!s->full || s->open)
		return;
	s->full = sqlite3_exec(s->connection, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL,
			       NULL) != SQLITE_OK;
}

static enum store_result
ready(struct store *s)
{
	sqlite3 *db = NULL;
	int code;

	if (s->connection != NULL) {
		make_room(s);
		return STORE_DONE;
	}
	if (make_private(s) != STORE_DONE)
		return STORE_DOWN;
	code = sqlite3_open_v2(s->path, &db,
			       SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
			       vfs_name());
	s->connection = db;
	if (code == SQLITE_OK && harden(db) &&
	    sqlite3_busy_timeout(db, (int)s->patience_ms) == SQLITE_OK &&
	    sqlite3_exec(db, pragmas, NULL, NULL, NULL) == SQLITE_OK)
		return STORE_DONE;
	(void)down(s);
	shut(s);
	return STORE_DOWN;
}

static bool
in_transaction(struct store *s)
{
	return s->connection != NULL && sqlite3_get_autocommit(s->connection) == 0;
}

static enum store_result
script(struct store *s, const char *sql)
{
	return result_of(s, sql, sqlite3_exec(s->connection, sql, NULL, NULL, NULL));
}

static void
give_up(struct store *s)
{
	if (in_transaction(s))
		sqlite3_exec(s->connection, "ROLLBACK", NULL, NULL, NULL);
}

static enum store_result
prepare(struct store *s, const char *sql, struct sql_args args, void **handle)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v3(s->connection, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);

	(void)args;
	*handle = st;
	return result_of(s, sql, code);
}

static void
forget(void *handle)
{
	sqlite3_finalize(handle);
}

static void
finish(void *handle)
{
	sqlite3_reset(handle);
	sqlite3_clear_bindings(handle); /* they are the caller's, and go */
}

static int
bind(sqlite3_stmt *st, int at, const struct sql_value *v)
{
	if (v->null)
		return sqlite3_bind_null(st, at);
	if (v->kind == SQL_INT)
		return sqlite3_bind_int64(st, at, v->number);
	if (v->kind == SQL_TEXT)
		return sqlite3_bind_text64(st, at, (const char *)v->bytes.p, v->bytes.len,
					   SQLITE_TRANSIENT, SQLITE_UTF8);
	return sqlite3_bind_blob64(st, at, v->bytes.p, v->bytes.len, SQLITE_TRANSIENT);
}

static enum store_result
start(struct store *s, void *handle, struct sql_args args)
{
	int code = SQLITE_OK;

	for (size_t i = 0; i < args.count && code == SQLITE_OK; i++)
		code = bind(handle, (int)i + 1, &args.at[i]);
	if (code == SQLITE_OK)
		return STORE_DONE;
	(void)down(s);
	finish(handle);
	return STORE_DOWN;
}

static bool
step(struct store *s, void *handle, enum store_result *r)
{
	int code = sqlite3_step(handle);

	*r = result_of(s, sqlite3_sql(handle), code);
	return code == SQLITE_ROW;
}

static int64_t
changed(struct store *s, void *handle)
{
	return sqlite3_stmt_readonly(handle) ? 0 : sqlite3_changes64(s->connection);
}

static size_t
width(void *handle)
{
	return (size_t)sqlite3_column_count(handle);
}

static const char *
name(void *handle, size_t column)
{
	return sqlite3_column_name(handle, (int)column);
}

static bool
is_null(void *handle, size_t column)
{
	return sqlite3_column_type(handle, (int)column) == SQLITE_NULL;
}

static enum sql_kind
kind(void *handle, size_t column)
{
	switch (sqlite3_column_type(handle, (int)column)) {
	case SQLITE_TEXT:
		return SQL_TEXT;
	case SQLITE_BLOB:
		return SQL_BLOB;
	default:
		return SQL_INT;
	}
}

static int64_t
number(void *handle, size_t column)
{
	return sqlite3_column_int64(handle, (int)column);
}

static struct span
bytes(void *handle, size_t column)
{
	const void *p = sqlite3_column_blob(handle, (int)column);

	return p != NULL ? span_of(p, (size_t)sqlite3_column_bytes(handle, (int)column))
			 : SPAN_NONE;
}

const struct sql_driver sqlite_driver = {
    .like = "LIKE",
    .words = words,
    .has_table = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?",
    .begin = {[SQL_WRITE] = "BEGIN IMMEDIATE", [SQL_SNAPSHOT] = "BEGIN"},
    .copy_ending = "sqlite",
    .ready = ready,
    .close = shut,
    .in_transaction = in_transaction,
    .abort = give_up,
    .script = script,
    .prepare = prepare,
    .forget = forget,
    .start = start,
    .step = step,
    .finish = finish,
    .changed = changed,
    .width = width,
    .name = name,
    .is_null = is_null,
    .kind = kind,
    .number = number,
    .bytes = bytes,
};
