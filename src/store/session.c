#include "store/session.h"

#include "store/sql.h"

#define SESSION_COLUMNS                                                                            \
	"e.id, e.user_id, u.name, e.hash, e.address, e.agent, e.created, e.seen, e.expires, "      \
	"e.proved, e.free_until"
#define SESSION_FROM "sessions e JOIN users u ON u.id = e.user_id"

static void
read_session(struct row *r, void *out)
{
	struct session *e = out;

	e->id = row_int(r);
	e->user = row_int(r);
	e->user_name = row_text(r);
	row_hash(r, e->hash, sizeof e->hash);
	e->from = row_address(r);
	e->agent = row_text(r);
	e->created = row_int(r);
	e->seen = row_int(r);
	e->expires = row_int(r);
	e->proved = row_int(r);
	e->free_until = row_int(r);
}

enum store_result
store_session_add(struct store *s, struct session *e)
{
	char from[ADDRESS_TEXT_MAX];

	return sql_number(s, &e->id,
			  "INSERT INTO sessions (user_id, hash, address, agent, created, seen, "
			  "expires, proved, free_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
			  "RETURNING id",
			  SQL(INT(e->user), HASH(e->hash), TEXT(address_text(&e->from, from)),
			      TEXT(e->agent), INT(e->created), INT(e->seen), INT(e->expires),
			      INT(e->proved), INT(e->free_until)));
}

enum store_result
store_session_by_hash(struct store *s, const uint8_t hash[SECRET_HASH], struct arena *memory,
		      struct session *out)
{
	return sql_one(s, read_session, memory, out,
		       "SELECT " SESSION_COLUMNS " FROM " SESSION_FROM " WHERE e.hash = ?",
		       SQL(BLOB(span_of(hash, SECRET_HASH))));
}

enum store_result
store_session(struct store *s, int64_t id, struct arena *memory, struct session *out)
{
	return sql_one(s, read_session, memory, out,
		       "SELECT " SESSION_COLUMNS " FROM " SESSION_FROM " WHERE e.id = ?",
		       SQL(INT(id)));
}

enum store_result
store_session_seen(struct store *s, int64_t id, int64_t when)
{
	return sql_run_one(s, "UPDATE sessions SET seen = ? WHERE id = ?", SQL(INT(when), INT(id)));
}

enum store_result
store_session_proved(struct store *s, int64_t id, int64_t when)
{
	return sql_run_one(s, "UPDATE sessions SET proved = ? WHERE id = ?",
			   SQL(INT(when), INT(id)));
}

enum store_result
store_session_remove(struct store *s, int64_t id)
{
	return sql_run_one(s, "DELETE FROM sessions WHERE id = ?", SQL(INT(id)));
}

enum store_result
store_sessions_end(struct store *s, int64_t user, int64_t except, int64_t *count)
{
	enum store_result r = sql_run(s, "DELETE FROM sessions WHERE user_id = ? AND id <> ?",
				      SQL(INT(user), INT(except)));

	if (count != NULL)
		*count = sql_changed(s);
	return r;
}

#define SESSION_HOLDS "(e.expires = 0 OR e.expires > ?) AND e.seen >= ?"

static const struct sql_sort session_sorts[] = {
    {"created", "e.id", SQL_INT},
    {"user", "u.name", SQL_TEXT},
    {"address", "e.address", SQL_TEXT},
    {"seen", "e.seen", SQL_INT},
    {"expires", SQL_END("e.expires"), SQL_INT},
    {0},
};
static const char *const session_search[] = {"u.name", "e.address", "e.agent", NULL};
static const struct sql_list session_pages = {
    .columns = SESSION_COLUMNS,
    .from = SESSION_FROM,
    .id = "e.id",
    .sorts = session_sorts,
    .newest_first = true,
    .search = session_search,
    .read = read_session,
    .size = sizeof(struct session),
};

enum store_result
store_sessions(struct store *s, const struct page *page, int64_t user,
	       const struct session_end *end, struct arena *memory, struct session_list *out)
{
	struct sql_where where = {0};

	sql_where(&where, SESSION_HOLDS, SQL(INT(end->now), INT(end->idle)));
	if (user != 0)
		sql_where(&where, "e.user_id = ?", SQL(INT(user)));
	return SQL_PAGE(s, &session_pages, page, &where, memory, out);
}

enum store_result
store_session_count(struct store *s, const struct session_end *end, int64_t *count)
{
	return sql_number(s, count, "SELECT COUNT(*) FROM sessions e WHERE " SESSION_HOLDS,
			  SQL(INT(end->now), INT(end->idle)));
}

enum store_result
store_network_is_new(struct store *s, int64_t user, const char *network, int64_t now, bool *is_new)
{
	enum store_result r =
	    sql_run(s,
		    "INSERT INTO networks (user_id, network, first_seen) VALUES (?, ?, ?) "
		    "ON CONFLICT DO NOTHING",
		    SQL(INT(user), TEXT(network), INT(now)));

	*is_new = r == STORE_DONE && sql_changed(s) > 0;
	return r;
}

enum store_result
store_sessions_sweep(struct store *s, const struct session_end *end)
{
	return sql_run(s, "DELETE FROM sessions WHERE (expires > 0 AND expires < ?) OR seen < ?",
		       SQL(INT(end->now), INT(end->idle)));
}
