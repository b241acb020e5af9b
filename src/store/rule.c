#include "store/rule.h"

#include <inttypes.h>
#include <stdio.h>

#include "store/sql.h"

#define PLACE_SIZE 40

/*
 * Where a rule stands in the order in which they are looked at, as a text that sorts like it: the
 * user's own first, then the group's, then those for all; each in the order of their positions.
 */
static const char *
place_of(const struct rule *r, char place[PLACE_SIZE])
{
	uint64_t position = (uint64_t)r->position ^ (uint64_t)1 << 63; /* below 0 comes first */

	snprintf(place, PLACE_SIZE, "%u-%016" PRIx64 "-%016" PRIx64,
		 (unsigned)(RULE_USER - r->scope) & 7, (uint64_t)r->of, position);
	return place;
}

#define RULE_COLUMNS                                                                               \
	"r.id, r.version, r.scope, COALESCE(r.user_id, r.group_id, 0), COALESCE(u.name, g.name), " \
	"r.position, r.action, "                                                                   \
	"r.destination, r.protocol, r.port_from, r.port_to, r.way, r.comment"
#define RULE_FROM                                                                                  \
	"rules r LEFT JOIN users u ON u.id = r.user_id LEFT JOIN groups g ON g.id = r.group_id"

static void
read_rule(struct row *r, void *out)
{
	struct rule *rule = out;

	rule->id = row_int(r);
	rule->version = row_int(r);
	rule->scope = (int)row_int(r);
	rule->of = row_int(r);
	rule->of_name = row_text(r);
	rule->position = row_int(r);
	rule->action = (int)row_int(r);
	rule->destination = row_text(r);
	rule->protocol = (int)row_int(r);
	rule->port_from = row_int(r);
	rule->port_to = row_int(r);
	rule->way = (int)row_int(r);
	rule->comment = row_text(r);
}

/* Whose it is, also as a reference by which it goes with the user or group. */
#define RULE_VALUES(r, place)                                                                      \
	INT((r)->scope), REF((r)->scope == RULE_GROUP ? (r)->of : 0),                              \
	    REF((r)->scope == RULE_USER ? (r)->of : 0), TEXT(place_of((r), (place))),              \
	    INT((r)->position), INT((r)->action), TEXT((r)->destination), INT((r)->protocol),      \
	    INT((r)->port_from), INT((r)->port_to), INT((r)->way), TEXT((r)->comment)

enum store_result
store_rule_add(struct store *s, struct rule *r)
{
	char place[PLACE_SIZE];

	r->version = 1;
	return sql_number(s, &r->id,
			  "INSERT INTO rules (version, scope, group_id, user_id, place, "
			  "position, action, destination, protocol, port_from, port_to, way, "
			  "comment) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
			  SQL(RULE_VALUES(r, place)));
}

enum store_result
store_rule(struct store *s, int64_t id, struct arena *memory, struct rule *out)
{
	return sql_one(s, read_rule, memory, out,
		       "SELECT " RULE_COLUMNS " FROM " RULE_FROM " WHERE r.id = ?", SQL(INT(id)));
}

enum store_result
store_rule_change(struct store *s, struct rule *r)
{
	char place[PLACE_SIZE];
	enum store_result result =
	    sql_run_one(s,
			"UPDATE rules SET version = version + 1, scope = ?, "
			"group_id = ?, user_id = ?, place = ?, position = ?, action = ?, "
			"destination = ?, protocol = ?, port_from = ?, port_to = ?, way = ?, "
			"comment = ? WHERE id = ? AND version = ?",
			SQL(RULE_VALUES(r, place), INT(r->id), INT(r->version)));

	r->version += result == STORE_DONE;
	return sql_missed(s, result, "SELECT 1 FROM rules WHERE id = ?", r->id);
}

enum store_result
store_rule_remove(struct store *s, int64_t id, int64_t version)
{
	enum store_result r = sql_run_one(s, "DELETE FROM rules WHERE id = ? AND version = ?",
					  SQL(INT(id), INT(version)));

	return sql_missed(s, r, "SELECT 1 FROM rules WHERE id = ?", id);
}

static const struct sql_sort rule_sorts[] = {{"place", "r.place", SQL_TEXT}, {0}};
static const char *const rule_search[] = {"r.destination", "r.comment", "u.name", "g.name", NULL};
static const struct sql_list rule_pages = {
    .columns = RULE_COLUMNS,
    .from = RULE_FROM,
    .id = "r.id",
    .sorts = rule_sorts,
    .search = rule_search,
    .read = read_rule,
    .size = sizeof(struct rule),
};

enum store_result
store_rules(struct store *s, const struct page *page, int scope, int64_t of, struct arena *memory,
	    struct rule_list *out)
{
	struct sql_where where = {0};

	if (scope >= 0)
		sql_where(&where, "r.scope = ?", SQL(INT(scope)));
	if (of != 0 && scope == RULE_GROUP)
		sql_where(&where, "r.group_id = ?", SQL(INT(of)));
	else if (of != 0 && scope >= 0)
		sql_where(&where, "r.user_id = ?", SQL(INT(of)));
	else if (of != 0)
		sql_where(&where, "(r.user_id = ? OR r.group_id = ?)", SQL(INT(of), INT(of)));
	return SQL_PAGE(s, &rule_pages, page, &where, memory, out);
}

enum store_result
store_rules_for(struct store *s, int64_t user, int64_t group, struct arena *memory,
		struct rule_list *out)
{
	out->next = NULL;
	return SQL_ALL(s, read_rule, memory, out,
		       "SELECT " RULE_COLUMNS " FROM " RULE_FROM " WHERE r.user_id = ? "
		       "OR r.group_id = ? OR r.scope = 0 ORDER BY r.place, r.id",
		       SQL(INT(user), INT(group)));
}
