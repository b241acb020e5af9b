#include "store/people.h"

#include <stdlib.h>

#include "base/clock.h"
#include "store/policy.h"

#define COLUMNS                                                                                    \
	"u.id, u.version, u.name, u.full_name, u.email, u.comment, u.role, u.enabled, u.expires,"  \
	" u.group_id, g.name, " POLICY_COLUMNS(                                                    \
	    "u") ", u.created, u.last_seen,"                                                       \
		 " u.password IS NOT NULL, u.totp IS NOT NULL,"                                    \
		 " (SELECT count(*) FROM devices d WHERE d.user_id = u.id AND d.revoked = 0)"
#define FROM   "users u LEFT JOIN groups g ON g.id = u.group_id"
#define EXISTS "SELECT 1 FROM users WHERE id = ?"

static void
read_user(struct row *r, void *out)
{
	struct user *u = out;

	u->id = row_int(r);
	u->version = row_int(r);
	u->name = row_text(r);
	u->full_name = row_text(r);
	u->email = row_text(r);
	u->comment = row_text(r);
	u->role = (int)row_int(r);
	u->enabled = row_bool(r);
	u->expires = row_int(r);
	u->group = row_int(r);
	u->group_name = row_text(r);
	policy_read(r, &u->policy);
	u->created = row_int(r);
	u->last_seen = row_int(r);
	u->has_password = row_bool(r);
	u->has_totp = row_bool(r);
	u->device_count = row_int(r);
}

enum store_result
store_user_add(struct store *s, struct user *u)
{
	char *dns = policy_dns(&u->policy);
	enum store_result r = sql_number(
	    s, &u->id,
	    "INSERT INTO users (version, name, full_name, email, comment, role, enabled, expires,"
	    " group_id, totp_required, devices_max, connections_max, session_minutes, tunnel,"
	    " client_to_client, dns, created, last_seen)"
	    " VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
	    SQL(TEXT(u->name), TEXT(u->full_name), TEXT(u->email), TEXT(u->comment), INT(u->role),
		INT(u->enabled), INT(u->expires), REF(u->group), POLICY_VALUES(&u->policy, dns),
		INT(u->created), INT(u->last_seen)));

	u->version = 1;
	free(dns);
	return r;
}

enum store_result
store_user(struct store *s, int64_t id, struct arena *memory, struct user *out)
{
	return sql_one(s, read_user, memory, out, "SELECT " COLUMNS " FROM " FROM " WHERE u.id = ?",
		       SQL(INT(id)));
}

enum store_result
store_user_by_name(struct store *s, const char *name, struct arena *memory, struct user *out)
{
	return sql_one(s, read_user, memory, out,
		       "SELECT " COLUMNS " FROM " FROM " WHERE u.name = ?", SQL(TEXT(name)));
}

enum store_result
store_user_change(struct store *s, struct user *u)
{
	char *dns = policy_dns(&u->policy);
	int64_t version;
	enum store_result r = sql_number(
	    s, &version,
	    "UPDATE users SET version = version + 1, full_name = ?, email = ?,"
	    " comment = ?, role = ?, enabled = ?, expires = ?, group_id = ?, totp_required = ?,"
	    " devices_max = ?, connections_max = ?, session_minutes = ?, tunnel = ?,"
	    " client_to_client = ?, dns = ? WHERE id = ? AND version = ? RETURNING version",
	    SQL(TEXT(u->full_name), TEXT(u->email), TEXT(u->comment), INT(u->role), INT(u->enabled),
		INT(u->expires), REF(u->group), POLICY_VALUES(&u->policy, dns), INT(u->id),
		INT(u->version)));

	free(dns);
	if (r == STORE_DONE)
		u->version = version;
	return sql_missed(s, r, EXISTS, u->id);
}

/* Certificates outlive who they were for, as revoked: they can still be shown to us. */
static enum store_result
revoke_certificates(struct store *s, int64_t id, int64_t version)
{
	return sql_run(s,
		       "UPDATE certificates SET revoked = ?, reason = 'its user was removed'"
		       " WHERE revoked = 0 AND device_id IN (SELECT d.id FROM devices d"
		       " JOIN users u ON u.id = d.user_id WHERE u.id = ? AND u.version = ?)",
		       SQL(INT(clock_wall_ms()), INT(id), INT(version)));
}

enum store_result
store_user_remove(struct store *s, int64_t id, int64_t version)
{
	bool own;
	enum store_result r = sql_enter(s, &own);

	if (r == STORE_DONE)
		r = revoke_certificates(s, id, version);
	if (r == STORE_DONE)
		r = sql_run_one(s, "DELETE FROM users WHERE id = ? AND version = ?",
				SQL(INT(id), INT(version)));
	return sql_leave(s, own, sql_missed(s, r, EXISTS, id));
}

enum store_result
store_users(struct store *s, const struct page *page, int role, int64_t group, struct arena *memory,
	    struct user_list *out)
{
	static const struct sql_sort sorts[] = {{"name", "u.name", SQL_TEXT},
						{"created", "u.created", SQL_INT},
						{"last_seen", "u.last_seen", SQL_INT},
						{NULL}};
	static const char *const search[] = {"u.name", "u.full_name", "u.email", NULL};
	static const struct sql_list list = {
	    .columns = COLUMNS,
	    .from = FROM,
	    .id = "u.id",
	    .sorts = sorts,
	    .search = search,
	    .read = read_user,
	    .size = sizeof(struct user),
	};
	struct sql_where where = {.count = 0};

	if (role >= 0)
		sql_where(&where, "u.role = ?", SQL(INT(role)));
	if (group != 0)
		sql_where(&where, "u.group_id = ?", SQL(INT(group)));
	return SQL_PAGE(s, &list, page, &where, memory, out);
}

enum store_result
store_user_seen(struct store *s, int64_t id, int64_t when)
{
	return sql_run_one(s, "UPDATE users SET last_seen = ? WHERE id = ?",
			   SQL(INT(when), INT(id)));
}

enum store_result
store_user_count(struct store *s, enum user_role role, int64_t now, int64_t *count)
{
	return sql_number(s, count,
			  "SELECT count(*) FROM users WHERE role = ? AND enabled = 1"
			  " AND (expires = 0 OR expires > ?)",
			  SQL(INT(role), INT(now)));
}
