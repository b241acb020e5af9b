#include "store/device.h"

#include "store/sql.h"

#define DEVICE_COLUMNS                                                                             \
	"d.id, d.version, d.user_id, u.name, d.name, d.platform, d.kind, d.created, d.revoked, "   \
	"d.last_seen, d.certificate_id, c.serial, d.expires, d.wrap_key, "                         \
	"d.address"
#define DEVICE_FROM                                                                                \
	"devices d JOIN users u ON u.id = d.user_id "                                              \
	"LEFT JOIN certificates c ON c.id = d.certificate_id"

static void
read_device(struct row *r, void *out)
{
	struct device *d = out;

	d->id = row_int(r);
	d->version = row_int(r);
	d->user = row_int(r);
	d->user_name = row_text(r);
	d->name = row_text(r);
	d->platform = row_text(r);
	d->kind = (int)row_int(r);
	d->created = row_int(r);
	d->revoked = row_int(r);
	d->last_seen = row_int(r);
	d->certificate = row_int(r);
	d->serial = row_text(r);
	d->expires = row_int(r);
	d->wrap_key = row_blob(r);
	d->address = row_text(r);
}

/* A device and its certificate know each other; and the device, when that expires: it is listed
 * by it. */
static enum store_result
bind_certificate(struct store *s, const struct device *d)
{
	enum store_result r;

	if (d->certificate == 0)
		return STORE_DONE;
	r = sql_run_one(s, "UPDATE certificates SET device_id = ? WHERE id = ?",
			SQL(INT(d->id), INT(d->certificate)));
	if (r != STORE_DONE)
		return r;
	return sql_run(s,
		       "UPDATE devices SET certificate_id = ?1, expires = "
		       "(SELECT not_after FROM certificates WHERE id = ?1) WHERE id = ?2",
		       SQL(INT(d->certificate), INT(d->id)));
}

/* What a search looks at, "alice/laptop": a user's name never changes. */
static enum store_result
keep_search(struct store *s, const struct device *d)
{
	return sql_run(s,
		       "UPDATE devices SET search = "
		       "(SELECT u.name FROM users u WHERE u.id = devices.user_id) || '/' || name "
		       "WHERE id = ?",
		       SQL(INT(d->id)));
}

enum store_result
store_device_add(struct store *s, struct device *d)
{
	bool own;
	enum store_result r = sql_enter(s, &own);

	if (r == STORE_DONE)
		r = sql_number(s, &d->id,
			       "INSERT INTO devices (version, user_id, name, platform, kind, "
			       "created, revoked, last_seen, expires, wrap_key, address) "
			       "VALUES (1, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?) RETURNING id",
			       SQL(INT(d->user), TEXT(d->name), TEXT(d->platform), INT(d->kind),
				   INT(d->created), INT(d->revoked), INT(d->last_seen),
				   BLOB(d->wrap_key), TEXT(d->address)));
	if (r == STORE_DONE)
		r = keep_search(s, d);
	if (r == STORE_DONE)
		r = bind_certificate(s, d);
	d->version = 1;
	return sql_leave(s, own, r);
}

enum store_result
store_device(struct store *s, int64_t id, struct arena *memory, struct device *out)
{
	return sql_one(s, read_device, memory, out,
		       "SELECT " DEVICE_COLUMNS " FROM " DEVICE_FROM " WHERE d.id = ?",
		       SQL(INT(id)));
}

enum store_result
store_device_by_name(struct store *s, int64_t user, const char *name, struct arena *memory,
		     struct device *out)
{
	return sql_one(s, read_device, memory, out,
		       "SELECT " DEVICE_COLUMNS " FROM " DEVICE_FROM
		       " WHERE d.user_id = ? AND d.name = ? AND d.revoked = 0",
		       SQL(INT(user), TEXT(name)));
}

enum store_result
store_device_by_address(struct store *s, const char *address, struct arena *memory,
			struct device *out)
{
	return sql_one(s, read_device, memory, out,
		       "SELECT " DEVICE_COLUMNS " FROM " DEVICE_FROM
		       " WHERE d.address = ? AND d.revoked = 0",
		       SQL(TEXT(address)));
}

enum store_result
store_devices_with_address(struct store *s, struct arena *memory, struct device_list *out)
{
	out->next = NULL;
	return SQL_ALL(s, read_device, memory, out,
		       "SELECT " DEVICE_COLUMNS " FROM " DEVICE_FROM
		       " WHERE d.address IS NOT NULL AND d.revoked = 0 ORDER BY d.id",
		       SQL_NOTHING);
}

enum store_result
store_device_change(struct store *s, struct device *d)
{
	bool own;
	enum store_result r = sql_enter(s, &own);

	if (r == STORE_DONE)
		r = sql_run_one(s,
				"UPDATE devices SET version = version + 1, name = ?, platform = ?, "
				"kind = ?, wrap_key = ?, address = ? WHERE id = ? AND version = ?",
				SQL(TEXT(d->name), TEXT(d->platform), INT(d->kind),
				    BLOB(d->wrap_key), TEXT(d->address), INT(d->id),
				    INT(d->version)));
	r = sql_missed(s, r, "SELECT 1 FROM devices WHERE id = ?", d->id);
	if (r == STORE_DONE)
		r = keep_search(s, d);
	if (r == STORE_DONE)
		r = bind_certificate(s, d);
	r = sql_leave(s, own, r);
	d->version += r == STORE_DONE;
	return r;
}

enum store_result
store_device_seen(struct store *s, int64_t id, int64_t when)
{
	return sql_run_one(s, "UPDATE devices SET last_seen = ? WHERE id = ?",
			   SQL(INT(when), INT(id)));
}

enum store_result
store_device_revoke(struct store *s, int64_t id, int64_t when)
{
	bool own;
	enum store_result r = sql_enter(s, &own);

	if (r == STORE_DONE)
		r = sql_run_one(s,
				"UPDATE devices SET revoked = ?, version = version + 1 "
				"WHERE id = ? AND revoked = 0",
				SQL(INT(when), INT(id)));
	r = sql_missed(s, r, "SELECT 1 FROM devices WHERE id = ?", id);
	if (r == STORE_DONE)
		r = sql_run(s,
			    "UPDATE certificates SET revoked = ?, reason = 'device revoked' "
			    "WHERE device_id = ? AND revoked = 0",
			    SQL(INT(when), INT(id)));
	return sql_leave(s, own, r);
}

static const struct sql_sort device_sorts[] = {
    {"name", "d.name", SQL_TEXT},
    {"created", "d.created", SQL_INT},
    {"last_seen", "d.last_seen", SQL_INT},
    {"expires", "d.expires", SQL_INT},
    {0},
};
static const char *const device_search[] = {"d.search", NULL};
static const struct sql_list device_pages = {
    .columns = DEVICE_COLUMNS,
    .from = DEVICE_FROM,
    .rows = "devices d",
    .id = "d.id",
    .sorts = device_sorts,
    .search = device_search,
    .read = read_device,
    .size = sizeof(struct device),
};

enum store_result
store_devices(struct store *s, const struct page *page, int64_t user, bool revoked,
	      struct arena *memory, struct device_list *out)
{
	struct sql_where where = {0};

	if (user != 0)
		sql_where(&where, "d.user_id = ?", SQL(INT(user)));
	if (!revoked)
		sql_where(&where, "d.revoked = 0", SQL_NOTHING);
	return SQL_PAGE(s, &device_pages, page, &where, memory, out);
}

enum store_result
store_device_count(struct store *s, int64_t user, int64_t *count)
{
	if (user == 0)
		return sql_number(s, count, "SELECT COUNT(*) FROM devices WHERE revoked = 0",
				  SQL_NOTHING);
	return sql_number(s, count,
			  "SELECT COUNT(*) FROM devices WHERE revoked = 0 AND user_id = ?",
			  SQL(INT(user)));
}
