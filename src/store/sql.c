#include "store/sql.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "store/driver.h"

enum store_result
store_down(struct store *s, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(s->why, sizeof s->why, fmt, args);
	va_end(args);
	s->why[strcspn(s->why, "\n")] = '\0';
	return STORE_DOWN;
}

enum store_result
sql_unmatched(const char *sql)
{
	return strncmp(sql, "DELETE", 6) == 0 ? STORE_TAKEN : STORE_NONE;
}

/* Statements. */

void
sql_forget_statements(struct store *s)
{
	for (size_t i = 0; i < SQL_BUCKETS; i++)
		for (struct statement *st = s->statements[i]; st != NULL; st = st->next) {
			if (st->handle != NULL)
				s->driver->forget(st->handle);
			st->handle = NULL;
			st->busy = false;
		}
}

static struct statement *
statement_of(struct store *s, const char *sql)
{
	struct span text = span_str(sql);
	uint64_t hash = hash_bytes(HASH_START, text);
	struct statement **at = &s->statements[hash % SQL_BUCKETS], *st = *at;

	while (st != NULL && (st->hash != hash || strcmp(st->sql, sql) != 0))
		st = st->next;
	if (st != NULL)
		return st;
	st = MEM_NEW(struct statement);
	*st = (struct statement){.next = *at, .hash = hash, .sql = mem_new(text.len + 1)};
	memcpy(st->sql, text.p, text.len);
	return *at = st;
}

/* "{LIKE}" as the database says it. */
static const char *
spelled(struct store *s, const char *sql)
{
	static const char word[] = "{LIKE}";
	const char *at = strstr(sql, word);

	if (at == NULL)
		return sql;
	return spelled(s, arena_printf(s->scratch, "%.*s%s%s", (int)(at - sql), sql,
				       s->driver->like, at + sizeof word - 1));
}

/* The database may have ended our transaction itself: a full disk, a lost connection. */
static enum store_result
usable(struct store *s)
{
	if (!s->open)
		return s->driver->ready(s);
	if (s->driver->in_transaction(s))
		return STORE_DONE;
	return s->why[0] != '\0' ? STORE_DOWN : store_down(s, "the transaction was lost");
}

/* PostgreSQL takes no text that is not UTF-8: what a peer sent as one is mended for both. */
static struct sql_args
mended(struct store *s, struct sql_args args)
{
	struct sql_value *copy = arena_get(s->scratch, (args.count + 1) * sizeof *copy);

	for (size_t i = 0; i < args.count; i++) {
		copy[i] = args.at[i];
		if (copy[i].kind == SQL_TEXT && !copy[i].null)
			copy[i].bytes = utf8_mended(s->scratch, copy[i].bytes);
	}
	return (struct sql_args){copy, args.count};
}

static enum store_result
start(struct store *s, const char *sql, struct sql_args args, struct statement **out)
{
	enum store_result r = usable(s);
	struct statement *st;

	*out = NULL;
	if (r != STORE_DONE)
		return r;
	arena_reset(s->scratch);
	s->changed = 0;
	st = statement_of(s, sql);
	assert(!st->busy);
	if (st->handle == NULL)
		r = s->driver->prepare(s, spelled(s, sql), args, &st->handle);
	if (r == STORE_DONE)
		r = s->driver->start(s, st->handle, mended(s, args));
	if (r != STORE_DONE)
		return r;
	st->busy = true;
	*out = st;
	return STORE_DONE;
}

static void
finish(struct store *s, struct statement *st)
{
	if (st->handle != NULL)
		s->driver->finish(st->handle);
	st->busy = false;
}

enum store_result
sql_rows(struct store *s, bool (*each)(void *owner, struct row *r), void *owner,
	 struct arena *memory, const char *sql, struct sql_args args)
{
	struct statement *st;
	enum store_result r = start(s, sql, args, &st);
	bool more = true;

	if (r != STORE_DONE)
		return r;
	while (more && s->driver->step(s, st->handle, &r)) {
		struct row row = {s, memory, st->handle, 0};

		more = each == NULL || each(owner, &row);
	}
	s->changed = r == STORE_DONE ? s->driver->changed(s, st->handle) : 0;
	finish(s, st);
	return r;
}

enum store_result
sql_run(struct store *s, const char *sql, struct sql_args args)
{
	return sql_rows(s, NULL, NULL, NULL, sql, args);
}

int64_t
sql_changed(const struct store *s)
{
	return s->changed;
}

enum store_result
sql_run_one(struct store *s, const char *sql, struct sql_args args)
{
	enum store_result r = sql_run(s, sql, args);

	return r == STORE_DONE && s->changed == 0 ? STORE_NONE : r;
}

/* Columns. */

int64_t
row_int(struct row *r)
{
	return r->store->driver->number(r->handle, r->column++);
}

bool
row_bool(struct row *r)
{
	return row_int(r) != 0;
}

const char *
row_text(struct row *r)
{
	const struct sql_driver *driver = r->store->driver;
	size_t column = r->column++;

	if (driver->is_null(r->handle, column))
		return NULL;
	return arena_copy(r->memory, driver->bytes(r->handle, column));
}

struct span
row_blob(struct row *r)
{
	struct span bytes = r->store->driver->bytes(r->handle, r->column++);

	return bytes.len > 0 ? arena_span(r->memory, bytes) : SPAN_NONE;
}

void
row_hash(struct row *r, uint8_t *out, size_t len)
{
	struct span bytes = r->store->driver->bytes(r->handle, r->column++);

	memset(out, 0, len);
	if (bytes.len == len)
		span_put(out, bytes);
}

struct address
row_address(struct row *r)
{
	struct span text = r->store->driver->bytes(r->handle, r->column++);
	struct address a = {0};

	if (!address_parse(text, &a) && !address_parse_ip(text, &a))
		a = (struct address){0};
	return a;
}

/* Rows. */

struct one {
	sql_read read;
	void *out;
	size_t count;
};

static bool
take_first(void *owner, struct row *r)
{
	struct one *one = owner;

	if (one->count++ == 0)
		one->read(r, one->out);
	return true;
}

enum store_result
sql_one(struct store *s, sql_read read, struct arena *memory, void *out, const char *sql,
	struct sql_args args)
{
	struct one one = {read, out, 0};
	enum store_result r = sql_rows(s, take_first, &one, memory, sql, args);

	return r == STORE_DONE && one.count == 0 ? STORE_NONE : r;
}

static void
read_number(struct row *r, void *out)
{
	*(int64_t *)out = row_int(r);
}

enum store_result
sql_number(struct store *s, int64_t *out, const char *sql, struct sql_args args)
{
	*out = 0;
	return sql_one(s, read_number, NULL, out, sql, args);
}

struct many {
	bool (*each)(void *owner, struct row *r);
	void *owner;
	struct arena *memory;
};

static bool
give_one(void *owner, struct row *r)
{
	struct many *many = owner;

	arena_reset(many->memory);
	return many->each(many->owner, r);
}

enum store_result
sql_each(struct store *s, bool (*each)(void *owner, struct row *r), void *owner, const char *sql,
	 struct sql_args args)
{
	struct many many = {each, owner, arena_new()};
	enum store_result r = sql_rows(s, give_one, &many, many.memory, sql, args);

	arena_free(many.memory);
	return r;
}

struct all {
	sql_read read;
	size_t size, count;
	void *at;
};

static bool
take_each(void *owner, struct row *r)
{
	struct all *all = owner;

	all->at = arena_grow(r->memory, all->at, all->count, all->size);
	all->read(r, (char *)all->at + all->count++ * all->size);
	return true;
}

enum store_result
sql_all(struct store *s, sql_read read, size_t size, struct arena *memory, void **at, size_t *count,
	const char *sql, struct sql_args args)
{
	struct all all = {.read = read, .size = size};
	enum store_result r = sql_rows(s, take_each, &all, memory, sql, args);

	*at = all.at;
	*count = all.count;
	return r;
}

enum store_result
sql_missed(struct store *s, enum store_result r, const char *exists, int64_t id)
{
	int64_t one;

	if (r != STORE_NONE)
		return r;
	r = sql_number(s, &one, exists, SQL(INT(id)));
	return r == STORE_DONE ? STORE_CHANGED : r;
}

/* Transactions. */

enum store_result
sql_script(struct store *s, const char *sql)
{
	enum store_result r = usable(s);

	return r == STORE_DONE ? s->driver->script(s, sql) : r;
}

enum store_result
sql_begin(struct store *s, enum sql_transaction kind)
{
	enum store_result r;

	assert(!s->open);
	r = sql_script(s, s->driver->begin[kind]);
	s->open = r == STORE_DONE;
	if (s->open)
		s->why[0] = '\0';
	else
		s->driver->abort(s); /* begun, but its lock was not to be had */
	return r;
}

enum store_result
store_begin(struct store *s)
{
	return sql_begin(s, SQL_WRITE);
}

enum store_result
store_commit(struct store *s)
{
	enum store_result r = sql_script(s, "COMMIT");

	if (r != STORE_DONE)
		store_abort(s);
	s->open = false;
	return r;
}

void
store_abort(struct store *s)
{
	char why[sizeof s->why];

	if (!s->open)
		return;
	memcpy(why, s->why, sizeof why);
	s->driver->abort(s);
	memcpy(s->why, why, sizeof why); /* of what went wrong first */
	s->open = false;
}

enum store_result
sql_enter(struct store *s, bool *own)
{
	*own = !s->open;
	return *own ? store_begin(s) : STORE_DONE;
}

enum store_result
sql_leave(struct store *s, bool own, enum store_result r)
{
	if (!own)
		return r;
	if (r == STORE_DONE)
		return store_commit(s);
	store_abort(s);
	return r;
}
