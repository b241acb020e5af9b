#include <stdlib.h>

#include "store/policy.h"

#define MEMBERS "(SELECT count(*) FROM users u WHERE u.group_id = g.id)"
#define COLUMNS "g.id, g.version, g.name, g.comment, " POLICY_COLUMNS("g") ", g.created, " MEMBERS

static void
read_group(struct row *r, void *out)
{
	struct group *g = out;

	g->id = row_int(r);
	g->version = row_int(r);
	g->name = row_text(r);
	g->comment = row_text(r);
	policy_read(r, &g->policy);
	g->created = row_int(r);
	g->members = row_int(r);
}

enum store_result
store_group_add(struct store *s, struct group *g)
{
	char *dns = policy_dns(&g->policy);
	enum store_result r = sql_number(
	    s, &g->id,
	    "INSERT INTO groups (version, name, comment, totp_required, devices_max,"
	    " connections_max, session_minutes, tunnel, client_to_client, dns, created)"
	    " VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
	    SQL(TEXT(g->name), TEXT(g->comment), POLICY_VALUES(&g->policy, dns), INT(g->created)));

	g->version = 1;
	free(dns);
	return r;
}

enum store_result
store_group(struct store *s, int64_t id, struct arena *memory, struct group *out)
{
	return sql_one(s, read_group, memory, out,
		       "SELECT " COLUMNS " FROM groups g WHERE g.id = ?", SQL(INT(id)));
}

enum store_result
store_group_by_name(struct store *s, const char *name, struct arena *memory, struct group *out)
{
	return sql_one(s, read_group, memory, out,
		       "SELECT " COLUMNS " FROM groups g WHERE g.name = ?", SQL(TEXT(name)));
}

enum store_result
store_group_change(struct store *s, struct group *g)
{
	char *dns = policy_dns(&g->policy);
	int64_t version;
	enum store_result r = sql_number(
	    s, &version,
	    "UPDATE groups SET version = version + 1, name = ?, comment = ?, totp_required = ?,"
	    " devices_max = ?, connections_max = ?, session_minutes = ?, tunnel = ?,"
	    " client_to_client = ?, dns = ? WHERE id = ? AND version = ? RETURNING version",
	    SQL(TEXT(g->name), TEXT(g->comment), POLICY_VALUES(&g->policy, dns), INT(g->id),
		INT(g->version)));

	free(dns);
	if (r == STORE_DONE)
		g->version = version;
	return sql_missed(s, r, "SELECT 1 FROM groups WHERE id = ?", g->id);
}

enum store_result
store_group_remove(struct store *s, int64_t id, int64_t version)
{
	enum store_result r = sql_run_one(s, "DELETE FROM groups WHERE id = ? AND version = ?",
					  SQL(INT(id), INT(version)));

	return sql_missed(s, r, "SELECT 1 FROM groups WHERE id = ?", id);
}

enum store_result
store_groups(struct store *s, const struct page *page, struct arena *memory, struct group_list *out)
{
	static const struct sql_sort sorts[] = {
	    {"name", "g.name", SQL_TEXT},
	    {"members", MEMBERS, SQL_INT},
	    {"created", "g.created", SQL_INT},
	    {NULL},
	};
	static const char *const search[] = {"g.name", "g.comment", NULL};
	static const struct sql_list list = {
	    .columns = COLUMNS,
	    .from = "groups g",
	    .id = "g.id",
	    .sorts = sorts,
	    .search = search,
	    .read = read_group,
	    .size = sizeof(struct group),
	};

	return SQL_PAGE(s, &list, page, NULL, memory, out);
}
