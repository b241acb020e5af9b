/* Messages on their way out. */
#include "store/audit.h"
#include "store/sql.h"

#define NOTICES_KEPT 10000 /* those still to be delivered besides */

#define NOTICE_COLUMNS                                                                             \
	"n.id, n.created, n.rule, n.subject, n.body, n.channel, n.attempts, n.next_try, n.done, "  \
	"n.last_error"

static void
read_notice(struct row *r, void *out)
{
	struct notice *n = out;

	n->id = row_int(r);
	n->created = row_int(r);
	n->rule = row_text(r);
	n->subject = row_text(r);
	n->body = row_text(r);
	n->channel = row_text(r);
	n->attempts = row_int(r);
	n->next_try = row_int(r);
	n->done = row_int(r);
	n->last_error = row_text(r);
}

enum store_result
store_notice_add(struct store *s, struct notice *n)
{
	bool own;
	enum store_result r = sql_enter(s, &own);

	if (r == STORE_DONE)
		r = sql_number(s, &n->id,
			       "INSERT INTO notices (created, rule, subject, body, channel, "
			       "attempts, next_try, done, last_error) "
			       "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
			       SQL(INT(n->created), TEXT(n->rule), TEXT(n->subject), TEXT(n->body),
				   TEXT(n->channel), INT(n->attempts), INT(n->next_try),
				   INT(n->done), TEXT(n->last_error)));
	if (r == STORE_DONE)
		r = sql_run(s, "DELETE FROM notices WHERE id <= ? AND done <> 0",
			    SQL(INT(n->id - NOTICES_KEPT)));
	return sql_leave(s, own, r);
}

enum store_result
store_notice_due(struct store *s, int64_t now, struct arena *memory, struct notice *out)
{
	return sql_one(s, read_notice, memory, out,
		       "SELECT " NOTICE_COLUMNS " FROM notices n WHERE n.done = 0 "
		       "AND n.next_try <= ? ORDER BY n.next_try, n.id LIMIT 1",
		       SQL(INT(now)));
}

enum store_result
store_notice_tried(struct store *s, int64_t id, int64_t done, int64_t next_try, const char *error)
{
	return sql_run_one(s,
			   "UPDATE notices SET attempts = attempts + 1, done = ?, next_try = ?, "
			   "last_error = ? WHERE id = ?",
			   SQL(INT(done), INT(next_try), TEXT(error), INT(id)));
}

static const struct sql_sort notice_sorts[] = {
    {"created", "n.id", SQL_INT},
    {"rule", "n.rule", SQL_TEXT},
    {"subject", "n.subject", SQL_TEXT},
    {"channel", "n.channel", SQL_TEXT},
    {0},
};
static const char *const notice_search[] = {"n.rule", "n.subject", NULL};
static const struct sql_list notice_pages = {
    .columns = NOTICE_COLUMNS,
    .from = "notices n",
    .id = "n.id",
    .sorts = notice_sorts,
    .newest_first = true,
    .search = notice_search,
    .read = read_notice,
    .size = sizeof(struct notice),
};

enum store_result
store_notices(struct store *s, const struct page *page, bool waiting, struct arena *memory,
	      struct notice_list *out)
{
	struct sql_where where = {0};

	if (waiting)
		sql_where(&where, "n.id IN (SELECT id FROM notices WHERE done = 0)", SQL_NOTHING);
	return SQL_PAGE(s, &notice_pages, page, &where, memory, out);
}

enum store_result
store_notice_count(struct store *s, int64_t *count)
{
	return sql_number(s, count, "SELECT COUNT(*) FROM notices WHERE done = 0", SQL_NOTHING);
}
