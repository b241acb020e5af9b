#include "store/people.h"
#include "store/sql.h"

static void
read_secret(struct row *r, void *out)
{
	struct user_secret *secret = out;

	secret->password = row_text(r);
	secret->totp = row_blob(r);
	secret->totp_last = row_int(r);
	secret->totp_new = row_blob(r);
	secret->password_changed = row_int(r);
}

enum store_result
store_user_secret(struct store *s, int64_t id, struct arena *memory, struct user_secret *out)
{
	return sql_one(s, read_secret, memory, out,
		       "SELECT password, totp, totp_last, totp_new, password_changed FROM users"
		       " WHERE id = ?",
		       SQL(INT(id)));
}

enum store_result
store_user_set_password(struct store *s, int64_t id, const char *encoded, int64_t when)
{
	return sql_run_one(s, "UPDATE users SET password = ?, password_changed = ? WHERE id = ?",
			   SQL(TEXT(encoded), INT(when), INT(id)));
}

enum store_result
store_user_raise_password(struct store *s, int64_t id, const char *old, const char *encoded)
{
	enum store_result r =
	    sql_run_one(s, "UPDATE users SET password = ? WHERE id = ? AND password = ?",
			SQL(TEXT(encoded), INT(id), TEXT(old)));

	return sql_missed(s, r, "SELECT 1 FROM users WHERE id = ?", id);
}

/* The last step stays: no secret is good for a time before it was set. */
enum store_result
store_user_set_totp(struct store *s, int64_t id, struct span sealed, struct span sealed_new)
{
	return sql_run_one(s, "UPDATE users SET totp = ?, totp_new = ? WHERE id = ?",
			   SQL(BLOB(sealed), BLOB(sealed_new), INT(id)));
}

enum store_result
store_user_use_totp(struct store *s, int64_t id, int64_t step)
{
	enum store_result r =
	    sql_run_one(s, "UPDATE users SET totp_last = ?1 WHERE id = ?2 AND totp_last < ?1",
			SQL(INT(step), INT(id)));

	return sql_missed(s, r, "SELECT 1 FROM users WHERE id = ?", id);
}

enum store_result
store_recovery_set(struct store *s, int64_t user, const uint8_t (*hashes)[32], size_t count)
{
	bool own;
	enum store_result r = sql_enter(s, &own);

	if (r == STORE_DONE)
		r = sql_run(s, "DELETE FROM recovery_codes WHERE user_id = ?", SQL(INT(user)));
	for (size_t i = 0; i < count && r == STORE_DONE; i++)
		r = sql_run(s, "INSERT INTO recovery_codes (user_id, hash) VALUES (?, ?)",
			    SQL(INT(user), HASH(hashes[i])));
	return sql_leave(s, own, r);
}

enum store_result
store_recovery_use(struct store *s, int64_t user, const uint8_t hash[32], int64_t when)
{
	return sql_run_one(s,
			   "UPDATE recovery_codes SET used = ?"
			   " WHERE user_id = ? AND hash = ? AND used = 0",
			   SQL(INT(when), INT(user), BLOB(span_of(hash, 32))));
}

enum store_result
store_recovery_left(struct store *s, int64_t user, int64_t *count)
{
	return sql_number(s, count,
			  "SELECT count(*) FROM recovery_codes WHERE user_id = ? AND used = 0",
			  SQL(INT(user)));
}
