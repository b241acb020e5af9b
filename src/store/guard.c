#include "store/guard.h"

#include "store/sql.h"

/* Failures. */

#define FAILURES_KEPT 100000 /* who guesses names at random does not fill the disk */

static void
read_failures(struct row *r, void *out)
{
	struct failures *f = out;

	f->count = row_int(r);
	f->first = row_int(r);
	f->last = row_int(r);
}

enum store_result
store_failed(struct store *s, const struct guard_subject *of, int64_t when, int64_t forget_ms,
	     struct failures *out)
{
	return sql_one(s, read_failures, NULL, out,
		       "INSERT INTO failures (kind, name, failed, first_at, last_at) "
		       "VALUES (?1, ?2, 1, ?3, ?3) ON CONFLICT (kind, name) DO UPDATE SET "
		       "failed = CASE WHEN ?3 - failures.last_at >= ?4 THEN 1 "
		       "ELSE failures.failed + 1 END, "
		       "first_at = CASE WHEN ?3 - failures.last_at >= ?4 THEN ?3 "
		       "ELSE failures.first_at END, "
		       "last_at = ?3 "
		       "RETURNING failed, first_at, last_at",
		       SQL(INT(of->kind), TEXT(of->name), INT(when), INT(forget_ms)));
}

enum store_result
store_failures(struct store *s, const struct guard_subject *of, struct failures *out)
{
	enum store_result r = sql_one(s, read_failures, NULL, out,
				      "SELECT failed, first_at, last_at FROM failures "
				      "WHERE kind = ? AND name = ?",
				      SQL(INT(of->kind), TEXT(of->name)));

	if (r != STORE_NONE)
		return r;
	*out = (struct failures){0};
	return STORE_DONE;
}

enum store_result
store_failures_forget(struct store *s, const struct guard_subject *of)
{
	return sql_run(s, "DELETE FROM failures WHERE kind = ? AND name = ?",
		       SQL(INT(of->kind), TEXT(of->name)));
}

#define COUNTED_COLUMNS "f.id, f.kind, f.name, f.failed, f.first_at, f.last_at, b.id, b.ends"
#define COUNTED_FROM                                                                               \
	"failures f LEFT JOIN bans b ON b.id = (SELECT x.id FROM bans x WHERE x.kind = f.kind "    \
	"AND x.name = f.name AND x.lifted = 0 ORDER BY x.ends = 0 DESC, x.ends DESC LIMIT 1)"

static void
read_counted(struct row *r, void *out)
{
	struct counted *c = out;

	c->id = row_int(r);
	c->of.kind = (int)row_int(r);
	c->of.name = row_text(r);
	read_failures(r, &c->failures);
	c->ban = row_int(r);
	c->until = row_int(r);
}

/* Few of them are more than is free. */
static const struct sql_sort counted_sorts[] = {
    {"last", "f.last_at", SQL_INT},
    {"failures", "f.failed", SQL_INT},
    {"subject", "f.name", SQL_TEXT},
    {0},
};
static const char *const counted_search[] = {"f.name", NULL};
static const struct sql_list counted_pages = {
    .columns = COUNTED_COLUMNS,
    .from = COUNTED_FROM,
    .id = "f.id",
    .sorts = counted_sorts,
    .newest_first = true,
    .search = counted_search,
    .read = read_counted,
    .size = sizeof(struct counted),
};

enum store_result
store_counted_list(struct store *s, const struct page *page, const struct counted_over *over,
		   struct arena *memory, struct counted_list *out)
{
	struct sql_where where = {0};

	sql_where(&where, "f.last_at > ?", SQL(INT(over->since)));
	sql_where(&where,
		  "f.failed > CASE WHEN f.kind = ? THEN ? WHEN f.kind = ? THEN ? "
		  "WHEN f.name LIKE '%:%/48' THEN ? ELSE ? END",
		  SQL(INT(GUARD_ACCOUNT), INT(over->account), INT(GUARD_ADDRESS),
		      INT(over->address), INT(over->site), INT(over->network)));
	return SQL_PAGE(s, &counted_pages, page, &where, memory, out);
}

enum store_result
store_counted(struct store *s, int64_t id, struct arena *memory, struct counted *out)
{
	return sql_one(s, read_counted, memory, out,
		       "SELECT " COUNTED_COLUMNS " FROM " COUNTED_FROM " WHERE f.id = ?",
		       SQL(INT(id)));
}

enum store_result
store_counted_of(struct store *s, const struct guard_subject *of, struct arena *memory,
		 struct counted *out)
{
	return sql_one(s, read_counted, memory, out,
		       "SELECT " COUNTED_COLUMNS " FROM " COUNTED_FROM
		       " WHERE f.kind = ? AND f.name = ?",
		       SQL(INT(of->kind), TEXT(of->name)));
}

/* Bans. */

#define BAN_COLUMNS  "b.id, b.kind, b.name, b.reason, b.made_by, b.created, b.ends, b.lifted"
#define BAN_STANDING "b.lifted = 0 AND (b.ends = 0 OR b.ends > ?)"

/* Of all subjects: by index, of which an OR would make no use. */
#define STANDING_IDS                                                                               \
	"(SELECT id FROM bans WHERE lifted = 0 AND ends = 0 "                                      \
	"UNION ALL SELECT id FROM bans WHERE lifted = 0 AND ends > ?)"

static void
read_ban(struct row *r, void *out)
{
	struct ban *b = out;

	b->id = row_int(r);
	b->of.kind = (int)row_int(r);
	b->of.name = row_text(r);
	b->reason = row_text(r);
	b->by = row_text(r);
	b->created = row_int(r);
	b->until = row_int(r);
	b->lifted = row_int(r);
}

static bool
ends_later(const struct ban *a, const struct ban *b)
{
	return b->until != 0 && (a->until == 0 || a->until > b->until);
}

/* The one of a subject that ends last. */
static enum store_result
standing(struct store *s, const struct guard_subject *of, int64_t now, struct arena *memory,
	 struct ban *out)
{
	return sql_one(s, read_ban, memory, out,
		       "SELECT " BAN_COLUMNS
		       " FROM bans b WHERE b.kind = ? AND b.name = ? AND " BAN_STANDING
		       " ORDER BY b.ends = 0 DESC, b.ends DESC LIMIT 1",
		       SQL(INT(of->kind), TEXT(of->name), INT(now)));
}

static enum store_result
make_longer(struct store *s, const struct ban *old, struct ban *b)
{
	b->id = old->id;
	if (!ends_later(b, old))
		b->until = old->until;
	return sql_run(s, "UPDATE bans SET ends = ?, reason = ?, made_by = ? WHERE id = ?",
		       SQL(INT(b->until), TEXT(b->reason), TEXT(b->by), INT(b->id)));
}

/* One writer at a time: between the look and the change nobody else makes one. */
enum store_result
store_ban_add(struct store *s, struct ban *b)
{
	struct arena *memory = arena_new();
	struct ban old;
	bool own;
	enum store_result r = sql_enter(s, &own);

	if (r == STORE_DONE)
		r = standing(s, &b->of, b->created, memory, &old);
	if (r == STORE_DONE)
		r = make_longer(s, &old, b);
	else if (r == STORE_NONE)
		r = sql_number(s, &b->id,
			       "INSERT INTO bans (kind, name, reason, made_by, created, ends, "
			       "lifted) VALUES (?, ?, ?, ?, ?, ?, 0) RETURNING id",
			       SQL(INT(b->of.kind), TEXT(b->of.name), TEXT(b->reason), TEXT(b->by),
				   INT(b->created), INT(b->until)));
	arena_free(memory);
	return sql_leave(s, own, r);
}

enum store_result
store_ban(struct store *s, int64_t id, struct arena *memory, struct ban *out)
{
	return sql_one(s, read_ban, memory, out,
		       "SELECT " BAN_COLUMNS " FROM bans b WHERE b.id = ?", SQL(INT(id)));
}

enum store_result
store_ban_of(struct store *s, const struct guard_subject *of, size_t count, int64_t now,
	     struct arena *memory, struct ban *out)
{
	enum store_result found = STORE_NONE;

	*out = (struct ban){0};
	for (size_t i = 0; i < count; i++) {
		struct ban b;
		enum store_result r = standing(s, &of[i], now, memory, &b);

		if (r == STORE_DONE && (found == STORE_NONE || ends_later(&b, out)))
			*out = b;
		if (r == STORE_DONE)
			found = STORE_DONE;
		else if (r != STORE_NONE)
			return r;
	}
	return found;
}

enum store_result
store_ban_lift(struct store *s, int64_t id, int64_t when)
{
	enum store_result r = sql_run_one(
	    s, "UPDATE bans SET lifted = ? WHERE id = ? AND lifted = 0", SQL(INT(when), INT(id)));

	return sql_missed(s, r, "SELECT 1 FROM bans WHERE id = ?", id);
}

static const struct sql_sort ban_sorts[] = {
    {"created", "b.id", SQL_INT},
    {"subject", "b.name", SQL_TEXT},
    {"by", "b.made_by", SQL_TEXT},
    {"until", SQL_END("b.ends"), SQL_INT},
    {0},
};
static const char *const ban_search[] = {"b.name", "b.reason", NULL};
static const struct sql_list ban_pages = {
    .columns = BAN_COLUMNS,
    .from = "bans b",
    .id = "b.id",
    .sorts = ban_sorts,
    .newest_first = true,
    .search = ban_search,
    .read = read_ban,
    .size = sizeof(struct ban),
};

enum store_result
store_bans(struct store *s, const struct page *page, const struct ban_filter *filter, int64_t now,
	   struct arena *memory, struct ban_list *out)
{
	struct sql_where where = {0};

	if (!filter->all)
		sql_where(&where, "b.id IN " STANDING_IDS, SQL(INT(now)));
	if (filter->kind >= 0)
		sql_where(&where, "b.kind = ?", SQL(INT(filter->kind)));
	if (filter->by != NULL)
		sql_where(&where, "b.made_by = ?", SQL(TEXT(filter->by)));
	if (filter->not_by != NULL)
		sql_where(&where, "b.made_by <> ?", SQL(TEXT(filter->not_by)));
	return SQL_PAGE(s, &ban_pages, page, &where, memory, out);
}

enum store_result
store_ban_count(struct store *s, int64_t now, int64_t *count)
{
	return sql_number(s, count, "SELECT COUNT(*) FROM " STANDING_IDS " x", SQL(INT(now)));
}

enum store_result
store_guard_sweep(struct store *s, int64_t when)
{
	bool own;
	enum store_result r = sql_enter(s, &own);

	if (r == STORE_DONE)
		r = sql_run(s, "DELETE FROM failures WHERE last_at < ?", SQL(INT(when)));
	if (r == STORE_DONE)
		r = sql_run(s,
			    "DELETE FROM failures WHERE last_at <= (SELECT last_at FROM "
			    "failures ORDER BY last_at DESC LIMIT 1 OFFSET ?)",
			    SQL(INT(FAILURES_KEPT)));
	if (r == STORE_DONE)
		r = sql_run(s,
			    "DELETE FROM bans WHERE (ends <> 0 AND ends < ?1) "
			    "OR (lifted <> 0 AND lifted < ?1)",
			    SQL(INT(when)));
	return sql_leave(s, own, r);
}

/* Refusals. */

#define REFUSALS_KEPT 10000

#define REFUSAL_COLUMNS                                                                            \
	"f.id, f.time, f.place, f.user_name, f.device, f.address, f.reason, f.remedy"

static void
read_refusal(struct row *r, void *out)
{
	struct refusal *f = out;

	f->id = row_int(r);
	f->time = row_int(r);
	f->where = row_text(r);
	f->user = row_text(r);
	f->device = row_text(r);
	f->address = row_text(r);
	f->reason = row_text(r);
	f->remedy = row_text(r);
}

enum store_result
store_refusal_add(struct store *s, struct refusal *f)
{
	bool own;
	enum store_result r = sql_enter(s, &own);

	if (r == STORE_DONE)
		r = sql_number(s, &f->id,
			       "INSERT INTO refusals (time, place, user_name, device, "
			       "address, reason, remedy) VALUES (?, ?, ?, ?, ?, ?, ?) "
			       "RETURNING id",
			       SQL(INT(f->time), TEXT(f->where), TEXT(f->user), TEXT(f->device),
				   TEXT(f->address), TEXT(f->reason), TEXT(f->remedy)));
	if (r == STORE_DONE)
		r = sql_run(s, "DELETE FROM refusals WHERE id <= ?",
			    SQL(INT(f->id - REFUSALS_KEPT)));
	return sql_leave(s, own, r);
}

/* So few are kept that they need no index for this. */
static const struct sql_sort refusal_sorts[] = {{"time", "f.id", SQL_INT},
						{"user", SQL_NAME("f.user_name"), SQL_TEXT},
						{"address", SQL_NAME("f.address"), SQL_TEXT},
						{"where", "f.place", SQL_TEXT},
						{"reason", "f.reason", SQL_TEXT},
						{0}};
static const char *const refusal_search[] = {"f.user_name", "f.device", "f.address", "f.reason",
					     NULL};
static const struct sql_list refusal_pages = {
    .columns = REFUSAL_COLUMNS,
    .from = "refusals f",
    .id = "f.id",
    .sorts = refusal_sorts,
    .newest_first = true,
    .search = refusal_search,
    .read = read_refusal,
    .size = sizeof(struct refusal),
};

enum store_result
store_refusals(struct store *s, const struct page *page, const char *of, struct arena *memory,
	       struct refusal_list *out)
{
	struct sql_where where = {0};

	if (of != NULL)
		sql_where(&where, "(f.user_name = ? OR f.address = ?)", SQL(TEXT(of), TEXT(of)));
	return SQL_PAGE(s, &refusal_pages, page, &where, memory, out);
}
