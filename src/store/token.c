#include "store/token.h"

#include "store/sql.h"

#define TOKEN_COLUMNS                                                                              \
	"t.id, t.user_id, u.name, t.name, t.hash, t.hint, t.scope, t.created, t.expires, "         \
	"t.last_used"
#define TOKEN_FROM "tokens t LEFT JOIN users u ON u.id = t.user_id"

static void
read_token(struct row *r, void *out)
{
	struct token *t = out;

	t->id = row_int(r);
	t->user = row_int(r);
	t->user_name = row_text(r);
	t->name = row_text(r);
	row_hash(r, t->hash, sizeof t->hash);
	t->hint = row_text(r);
	t->scope = (int)row_int(r);
	t->created = row_int(r);
	t->expires = row_int(r);
	t->last_used = row_int(r);
}

enum store_result
store_token_add(struct store *s, struct token *t)
{
	return sql_number(s, &t->id,
			  "INSERT INTO tokens (user_id, name, hash, hint, scope, created, expires, "
			  "last_used) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
			  SQL(REF(t->user), TEXT(t->name), HASH(t->hash), TEXT(t->hint),
			      INT(t->scope), INT(t->created), INT(t->expires), INT(t->last_used)));
}

enum store_result
store_token(struct store *s, int64_t id, struct arena *memory, struct token *out)
{
	return sql_one(s, read_token, memory, out,
		       "SELECT " TOKEN_COLUMNS " FROM " TOKEN_FROM " WHERE t.id = ?", SQL(INT(id)));
}

enum store_result
store_token_by_hash(struct store *s, const uint8_t hash[SECRET_HASH], struct arena *memory,
		    struct token *out)
{
	return sql_one(s, read_token, memory, out,
		       "SELECT " TOKEN_COLUMNS " FROM " TOKEN_FROM " WHERE t.hash = ?",
		       SQL(BLOB(span_of(hash, SECRET_HASH))));
}

enum store_result
store_token_used(struct store *s, int64_t id, int64_t when)
{
	return sql_run_one(s, "UPDATE tokens SET last_used = ? WHERE id = ?",
			   SQL(INT(when), INT(id)));
}

enum store_result
store_token_remove(struct store *s, int64_t id)
{
	return sql_run_one(s, "DELETE FROM tokens WHERE id = ?", SQL(INT(id)));
}

static const struct sql_sort token_sorts[] = {
    {"created", "t.id", SQL_INT},
    {"name", "t.name", SQL_TEXT},
    {"user", SQL_NAME("u.name"), SQL_TEXT},
    {"scope", "t.scope", SQL_INT},
    {"expires", SQL_END("t.expires"), SQL_INT},
    {"last_used", "t.last_used", SQL_INT},
    {0},
};
static const char *const token_search[] = {"t.name", "u.name", NULL};
static const struct sql_list token_pages = {
    .columns = TOKEN_COLUMNS,
    .from = TOKEN_FROM,
    .id = "t.id",
    .sorts = token_sorts,
    .newest_first = true,
    .search = token_search,
    .read = read_token,
    .size = sizeof(struct token),
};

enum store_result
store_tokens(struct store *s, const struct page *page, int64_t user, struct arena *memory,
	     struct token_list *out)
{
	struct sql_where where = {0};

	if (user != 0)
		sql_where(&where, "t.user_id = ?", SQL(INT(user)));
	return SQL_PAGE(s, &token_pages, page, &where, memory, out);
}

enum store_result
store_tokens_sweep(struct store *s, int64_t when)
{
	return sql_run(s, "DELETE FROM tokens WHERE expires > 0 AND expires < ?", SQL(INT(when)));
}

enum store_result
store_token_sweep(struct store *s, int64_t user, const char *name, int64_t when)
{
	return sql_run(s,
		       "DELETE FROM tokens WHERE COALESCE(user_id, 0) = ? AND name = ? AND "
		       "expires > 0 AND expires < ?",
		       SQL(INT(user), TEXT(name), INT(when)));
}
