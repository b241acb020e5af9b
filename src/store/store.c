#include "store/store.h"

#include <stdlib.h>

#include "store/copy.h"
#include "store/driver.h"
#include "store/schema.h"

#define PATIENCE_MS 5000

static struct store *
store_new(const struct store_place *place)
{
	struct store *s = MEM_NEW(struct store);

	s->driver = place->url != NULL ? &postgres_driver : &sqlite_driver;
	s->url = mem_text(place->url);
	s->path = mem_text(place->path);
	s->patience_ms = place->patience_ms != 0 ? place->patience_ms : PATIENCE_MS;
	s->scratch = arena_new();
	return s;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	store_abort(s);
	sql_forget_statements(s);
	s->driver->close(s);
	for (size_t i = 0; i < SQL_BUCKETS; i++)
		for (struct statement *st = s->statements[i], *next; st != NULL; st = next) {
			next = st->next;
			free(st->sql);
			free(st);
		}
	arena_free(s->scratch);
	free(s->url);
	free(s->path);
	free(s);
}

const char *
store_why(const struct store *s)
{
	return s->why;
}

static bool
is_in_memory(const struct store_place *place)
{
	return place->url == NULL && strcmp(place->path, ":memory:") == 0;
}

static enum store_result
migrate(struct store *s, int64_t to)
{
	enum store_result r = store_begin(s);

	if (r == STORE_DONE)
		r = schema_migrate(s, to);
	return sql_leave(s, true, r);
}

/* Another program may have begun to migrate before us: what counts is how it is with the lock. */
static struct err
bring_up(struct store *s, const struct store_place *place)
{
	struct err e = ERR_NONE;
	int64_t number;

	if (schema_number(s, &number) != STORE_DONE)
		return err_new("%s", s->why);
	if (number > schema_newest)
		return copy_refusal(place, number);
	if (number == schema_newest)
		return ERR_NONE;
	if (number > 0 && place->copies != NULL)
		e = copy_make(s, place->copies, number);
	if (!failed(e) && migrate(s, schema_newest) != STORE_DONE)
		e = err_new("cannot bring the database from schema %d to %d: %s", (int)number,
			    schema_newest, s->why);
	return e;
}

struct err
store_prepare(const struct store_place *place)
{
	struct store *s = store_new(place);
	struct err e;

	s->unhurried = true;
	e = bring_up(s, place);
	store_close(s);
	return e;
}

/* A database in memory is one connection's, and begins empty with it. */
struct err
store_open(const struct store_place *place, struct store **out)
{
	struct store *s = store_new(place);
	struct err e = ERR_NONE;
	int64_t number;

	*out = NULL;
	if (is_in_memory(place))
		e = bring_up(s, place);
	else if (schema_number(s, &number) != STORE_DONE)
		e = err_new("%s", s->why);
	else if (number != schema_newest)
		e = err_new("the database has schema %d instead of %d: it was not prepared",
			    (int)number, schema_newest);
	if (failed(e)) {
		store_close(s);
		return e;
	}
	*out = s;
	return ERR_NONE;
}

/* Settings. */

struct setting {
	const char *value;
	int64_t version;
};

static void
read_setting(struct row *r, void *out)
{
	struct setting *s = out;

	s->value = row_text(r);
	s->version = row_int(r);
}

enum store_result
store_setting(struct store *s, const char *name, struct arena *memory, const char **value,
	      int64_t *version)
{
	struct setting setting = {NULL, 0};
	enum store_result r =
	    sql_one(s, read_setting, memory, &setting,
		    "SELECT value, version FROM settings WHERE name = ?", SQL(TEXT(name)));

	*value = setting.value;
	if (version != NULL)
		*version = setting.version;
	return r == STORE_NONE ? STORE_DONE : r;
}

/* A value that is taken away leaves its row, so that a version is never there twice. */
enum store_result
store_set_setting(struct store *s, const char *name, const char *value, int64_t version)
{
	const struct sql_value args[] = {TEXT(name), TEXT(value), INT(version)};
	const char *sql =
	    version == 0  ? "INSERT INTO settings (name, value, version) VALUES (?1, ?2, 1)"
			    " ON CONFLICT (name) DO NOTHING"
	    : version < 0 ? "INSERT INTO settings (name, value, version) VALUES (?1, ?2, 1)"
			    " ON CONFLICT (name) DO UPDATE SET value = ?2,"
			    " version = settings.version + 1"
			  : "UPDATE settings SET value = ?2, version = version + 1"
			    " WHERE name = ?1 AND version = ?3";
	enum store_result r = sql_run_one(s, sql, (struct sql_args){args, version > 0 ? 3 : 2});

	return r == STORE_NONE ? STORE_CHANGED : r;
}
