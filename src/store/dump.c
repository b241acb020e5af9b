/*
 * A database as lines of JSON:
 *
 *	{"schema":1}
 *	{"table":"users","row":{"id":1,"name":"alice","totp":{"base64":"…"},"email":null}}
 *	{"rows":1}
 *
 * The rows tell their columns themselves, so that any program can read what an older one wrote:
 * they are put into the tables as they were then, and those are migrated. The last line tells a
 * whole dump from one that was cut.
 */
#include <jansson.h>
#include <stdlib.h>

#include "base/encode.h"
#include "store/schema.h"

#define BATCH       "500"
#define BLOB_MAX    (16u << 20)
#define COLUMNS_MAX 64

/* Out. */

struct dump {
	bool (*put)(void *owner, struct span line);
	void *owner;
	const char *table;
	int64_t last, rows;
	bool stopped;
};

static bool
put_json(struct dump *d, json_t *line)
{
	char *text = line != NULL ? json_dumps(line, JSON_COMPACT) : NULL;

	d->stopped = d->stopped || text == NULL || !d->put(d->owner, span_str(text));
	free(text);
	json_decref(line);
	return !d->stopped;
}

static json_t *
blob_json(struct span bytes)
{
	struct buf text = buf_with_cap(BLOB_MAX);
	struct span s;
	json_t *json = NULL;

	if (base64_put(&text, bytes, 0)) {
		s = buf_span(&text);
		json = json_pack("{s:s%}", "base64", (const char *)s.p, s.len);
	}
	buf_free(&text);
	return json;
}

static json_t *
column_json(struct row *r, size_t column)
{
	const struct sql_driver *driver = r->store->driver;
	struct span bytes;

	if (driver->is_null(r->handle, column))
		return json_null();
	if (driver->kind(r->handle, column) == SQL_INT)
		return json_integer(driver->number(r->handle, column));
	bytes = driver->bytes(r->handle, column);
	if (driver->kind(r->handle, column) == SQL_BLOB)
		return blob_json(bytes);
	return json_stringn(bytes.len > 0 ? (const char *)bytes.p : "", bytes.len);
}

/* The id is the first column of each table. */
static bool
dump_row(void *owner, struct row *r)
{
	const struct sql_driver *driver = r->store->driver;
	struct dump *d = owner;
	json_t *row = json_object();
	bool ok = true;

	for (size_t i = 0; i < driver->width(r->handle); i++)
		ok = json_object_set_new(row, driver->name(r->handle, i), column_json(r, i)) == 0 &&
		     ok;
	d->last = row_int(r);
	d->rows++;
	d->stopped = d->stopped || !ok;
	return put_json(d, json_pack("{s:s, s:o}", "table", d->table, "row", row));
}

static enum store_result
dump_table(struct store *s, struct dump *d)
{
	struct arena *memory = arena_new();
	const char *sql = arena_printf(
	    memory, "SELECT * FROM %s WHERE id > ? ORDER BY id LIMIT " BATCH, d->table);
	enum store_result r = STORE_DONE;
	int64_t before;

	d->last = 0;
	do {
		before = d->rows;
		r = sql_each(s, dump_row, d, sql, SQL(INT(d->last)));
	} while (r == STORE_DONE && d->rows > before && !d->stopped);
	arena_free(memory);
	return r;
}

struct err
store_dump(struct store *s, bool (*put)(void *owner, struct span line), void *owner)
{
	struct dump d = {.put = put, .owner = owner};
	enum store_result r = sql_begin(s, SQL_SNAPSHOT);
	int64_t number = 0;

	if (r == STORE_DONE)
		r = schema_number(s, &number);
	if (r == STORE_DONE)
		put_json(&d, json_pack("{s:I}", "schema", (json_int_t)number));
	for (size_t i = 0; schema_tables[i] != NULL && r == STORE_DONE && !d.stopped; i++) {
		d.table = schema_tables[i];
		r = dump_table(s, &d);
	}
	if (r == STORE_DONE && !d.stopped)
		put_json(&d, json_pack("{s:I}", "rows", (json_int_t)d.rows));
	store_abort(s); /* it only read */
	if (r != STORE_DONE)
		return err_new("%s", s->why);
	return d.stopped ? err_new("the dump could not be written") : ERR_NONE;
}

/* In. */

struct load {
	struct store *store;
	bool (*next)(void *owner, struct span *line, struct err *why);
	void *owner;
	struct arena *memory; /* for one line */
	int64_t line, rows;
};

/* NULL: there is none, or none that is JSON; then *e says why. */
static json_t *
next_line(struct load *l, struct err *e)
{
	struct span line;
	json_t *json;

	*e = ERR_NONE;
	l->line++;
	if (!l->next(l->owner, &line, e)) {
		if (!failed(*e))
			*e = err_new("it ends too early");
		return NULL;
	}
	json = json_loadb((const char *)line.p, line.len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(json)) {
		*e = err_new("it is not a row");
		json_decref(json);
		return NULL;
	}
	return json;
}

static bool
is_name(const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz_");

	return length > 0 && length < 64 && text[length] == '\0';
}

static const char *
table_of(const char *name)
{
	for (size_t i = 0; name != NULL && schema_tables[i] != NULL; i++)
		if (strcmp(schema_tables[i], name) == 0)
			return schema_tables[i];
	return NULL;
}

static bool
blob_value(struct arena *memory, const json_t *json, struct sql_value *out)
{
	const char *text = json_string_value(json_object_get(json, "base64"));
	struct buf bytes = buf_with_cap(BLOB_MAX);
	bool ok = text != NULL && base64_read(span_str(text), &bytes);

	if (ok)
		*out = BLOB(arena_span(memory, buf_span(&bytes)));
	buf_wipe(&bytes);
	return ok;
}

static bool
value_of(struct arena *memory, const json_t *json, struct sql_value *out)
{
	if (json_is_integer(json))
		*out = INT(json_integer_value(json));
	else if (json_is_string(json))
		*out = TEXT(json_string_value(json));
	else
		return json_is_object(json) && blob_value(memory, json, out);
	return true;
}

/* Null stands in the statement itself: a parameter has one type each time. */
static bool
compose_insert(struct load *l, const char *table, json_t *row, const char **sql,
	       struct sql_value *values, size_t *count)
{
	const char *names = "", *marks = "", *name;
	json_t *json;

	*count = 0;
	json_object_foreach(row, name, json)
	{
		const char *comma = names[0] != '\0' ? ", " : "";

		if (!is_name(name) || *count == COLUMNS_MAX)
			return false;
		if (!json_is_null(json) && !value_of(l->memory, json, &values[(*count)++]))
			return false;
		names = arena_printf(l->memory, "%s%s%s", names, comma, name);
		marks = arena_printf(l->memory, "%s%s%s", marks, comma,
				     json_is_null(json) ? "NULL" : "?");
	}
	*sql = arena_printf(l->memory, "INSERT INTO %s (%s) VALUES (%s)", table, names, marks);
	return true;
}

static struct err
load_row(struct load *l, const char *table, json_t *row)
{
	struct sql_value values[COLUMNS_MAX];
	const char *sql;
	size_t count;

	arena_reset(l->memory);
	if (table == NULL || !compose_insert(l, table, row, &sql, values, &count))
		return err_new("it is not a row of ours");
	switch (sql_run(l->store, sql, (struct sql_args){values, count})) {
	case STORE_DONE:
		l->rows++;
		return ERR_NONE;
	case STORE_DOWN:
		return err_new("%s", l->store->why);
	default:
		return err_new("the row of %s contradicts another one", table);
	}
}

/* Up to the line that says how many there are. */
static struct err
load_rows(struct load *l)
{
	struct err e = ERR_NONE;
	bool ended = false;

	while (!ended && !failed(e)) {
		json_t *json = next_line(l, &e), *rows = json_object_get(json, "rows");

		ended = rows != NULL;
		if (ended && json_integer_value(rows) != l->rows)
			e = err_new("rows are missing before it");
		else if (json != NULL && !ended)
			e = load_row(l, table_of(json_string_value(json_object_get(json, "table"))),
				     json_object_get(json, "row"));
		json_decref(json);
	}
	return e;
}

static struct err
load_schema(struct load *l, int64_t *number)
{
	struct err e;
	json_t *json = next_line(l, &e);

	*number = json_integer_value(json_object_get(json, "schema"));
	if (json != NULL && *number < 1)
		e = err_new("it does not tell the schema");
	else if (*number > schema_newest)
		e = err_new("it is of schema %lld, and this program knows none after %d",
			    (long long)*number, schema_newest);
	json_decref(json);
	return e;
}

static struct err
load_all(struct load *l)
{
	struct err e;
	int64_t number;

	if (failed(e = load_schema(l, &number)))
		return err_in(e, "line %lld", (long long)l->line);
	if (schema_clear(l->store) != STORE_DONE || schema_migrate(l->store, number) != STORE_DONE)
		return err_new("%s", l->store->why);
	if (failed(e = load_rows(l)))
		return err_in(e, "line %lld", (long long)l->line);
	if (schema_count_on(l->store) != STORE_DONE ||
	    schema_migrate(l->store, schema_newest) != STORE_DONE ||
	    store_commit(l->store) != STORE_DONE)
		return err_new("%s", l->store->why);
	return ERR_NONE;
}

struct err
store_load(struct store *s, bool (*next)(void *owner, struct span *line, struct err *why),
	   void *owner)
{
	struct load l = {.store = s, .next = next, .owner = owner, .memory = arena_new()};
	enum store_result r = store_begin(s);
	struct err e;
	bool empty = false;

	if (r == STORE_DONE)
		r = schema_is_empty(s, &empty);
	if (r != STORE_DONE)
		e = err_new("%s", s->why);
	else if (!empty)
		e = err_new("the database is not empty");
	else
		e = load_all(&l);
	store_abort(s);
	arena_free(l.memory);
	return e;
}
