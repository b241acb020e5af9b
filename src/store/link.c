#include "store/link.h"

#include "store/sql.h"

#define LINK_COLUMNS                                                                               \
	"l.id, l.kind, l.hash, l.user_id, l.device_id, u.name, d.name, l.made_by, l.created, "     \
	"l.expires, l.used, l.uses_left"
#define LINK_FROM                                                                                  \
	"links l LEFT JOIN users u ON u.id = l.user_id LEFT JOIN devices d ON d.id = l.device_id"

static void
read_link(struct row *r, void *out)
{
	struct link *l = out;

	l->id = row_int(r);
	l->kind = (int)row_int(r);
	row_hash(r, l->hash, sizeof l->hash);
	l->user = row_int(r);
	l->device = row_int(r);
	l->user_name = row_text(r);
	l->device_name = row_text(r);
	l->made_by = row_text(r);
	l->created = row_int(r);
	l->expires = row_int(r);
	l->used = row_int(r);
	l->uses_left = row_int(r);
}

enum store_result
store_link_add(struct store *s, struct link *l)
{
	return sql_number(s, &l->id,
			  "INSERT INTO links (kind, hash, user_id, device_id, made_by, created, "
			  "expires, used, uses_left) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
			  "RETURNING id",
			  SQL(INT(l->kind), HASH(l->hash), REF(l->user), REF(l->device),
			      TEXT(l->made_by), INT(l->created), INT(l->expires), INT(l->used),
			      INT(l->uses_left)));
}

enum store_result
store_link_by_hash(struct store *s, const uint8_t hash[SECRET_HASH], struct arena *memory,
		   struct link *out)
{
	return sql_one(s, read_link, memory, out,
		       "SELECT " LINK_COLUMNS " FROM " LINK_FROM " WHERE l.hash = ?",
		       SQL(BLOB(span_of(hash, SECRET_HASH))));
}

enum store_result
store_link(struct store *s, int64_t id, struct arena *memory, struct link *out)
{
	return sql_one(s, read_link, memory, out,
		       "SELECT " LINK_COLUMNS " FROM " LINK_FROM " WHERE l.id = ?", SQL(INT(id)));
}

enum store_result
store_link_use(struct store *s, int64_t id, int64_t when)
{
	enum store_result r = sql_run_one(s,
					  "UPDATE links SET uses_left = uses_left - 1, "
					  "used = CASE WHEN used = 0 THEN ? ELSE used END "
					  "WHERE id = ? AND uses_left > 0",
					  SQL(INT(when), INT(id)));

	return r == STORE_NONE ? STORE_CHANGED : r;
}

enum store_result
store_link_remove(struct store *s, int64_t id)
{
	return sql_run_one(s, "DELETE FROM links WHERE id = ?", SQL(INT(id)));
}

#define OF_KIND "(?1 = -1 OR kind = ?1)"

enum store_result
store_links_remove(struct store *s, int kind, int64_t user, int64_t device)
{
	if (device != 0)
		return sql_run(s,
			       "DELETE FROM links WHERE device_id = ?3 "
			       "AND (?2 = 0 OR user_id = ?2) AND " OF_KIND,
			       SQL(INT(kind), INT(user), INT(device)));
	if (user != 0)
		return sql_run(s, "DELETE FROM links WHERE user_id = ?2 AND " OF_KIND,
			       SQL(INT(kind), INT(user)));
	return sql_run(s, "DELETE FROM links WHERE " OF_KIND, SQL(INT(kind)));
}

enum store_result
store_password_links_remove(struct store *s, int64_t user)
{
	return sql_run(
	    s, "DELETE FROM links WHERE user_id = ? AND (kind = ? OR kind = ?) AND uses_left > 0",
	    SQL(INT(user), INT(LINK_INVITE), INT(LINK_RESET)));
}

static const struct sql_sort link_sorts[] = {
    {"created", "l.id", SQL_INT},
    {"kind", "l.kind", SQL_INT},
    {"user", SQL_NAME("u.name"), SQL_TEXT},
    {"made_by", SQL_NAME("l.made_by"), SQL_TEXT},
    {"expires", SQL_END("l.expires"), SQL_INT},
    {0},
};
static const char *const link_search[] = {"u.name", "d.name", "l.made_by", NULL};
static const struct sql_list link_pages = {
    .columns = LINK_COLUMNS,
    .from = LINK_FROM,
    .id = "l.id",
    .sorts = link_sorts,
    .newest_first = true,
    .search = link_search,
    .read = read_link,
    .size = sizeof(struct link),
};

enum store_result
store_links(struct store *s, const struct page *page, int64_t user, struct arena *memory,
	    struct link_list *out)
{
	struct sql_where where = {0};

	if (user != 0)
		sql_where(&where, "l.user_id = ?", SQL(INT(user)));
	return SQL_PAGE(s, &link_pages, page, &where, memory, out);
}

enum store_result
store_links_sweep(struct store *s, int64_t when)
{
	return sql_run(s, "DELETE FROM links WHERE expires > 0 AND expires < ?", SQL(INT(when)));
}
