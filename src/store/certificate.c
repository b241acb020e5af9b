/* Certificates of our own authority: its own, the server's, the devices'. */
#include "store/device.h"
#include "store/sql.h"

#define CERTIFICATE_COLUMNS                                                                        \
	"c.id, c.kind, c.serial, c.name, c.issuer, c.device_id, d.name, u.name, "                  \
	"c.certificate, c.private_key, c.not_before, c.not_after, c.revoked, c.reason, "           \
	"c.in_use, c.retires"
#define CERTIFICATE_FROM                                                                           \
	"certificates c LEFT JOIN devices d ON d.id = c.device_id "                                \
	"LEFT JOIN users u ON u.id = d.user_id"

static void
read_certificate(struct row *r, void *out)
{
	struct certificate_row *c = out;

	c->id = row_int(r);
	c->kind = (int)row_int(r);
	c->serial = row_text(r);
	c->name = row_text(r);
	c->issuer = row_int(r);
	c->device = row_int(r);
	c->device_name = row_text(r);
	c->user_name = row_text(r);
	c->certificate = row_blob(r);
	c->key = row_blob(r);
	c->not_before = row_int(r);
	c->not_after = row_int(r);
	c->revoked = row_int(r);
	c->reason = row_text(r);
	c->current = row_bool(r);
	c->retires = row_int(r);
}

enum store_result
store_certificate_add(struct store *s, struct certificate_row *c)
{
	return sql_number(s, &c->id,
			  "INSERT INTO certificates (kind, serial, name, issuer, device_id, "
			  "certificate, private_key, not_before, not_after, revoked, reason, "
			  "in_use, retires) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
			  "RETURNING id",
			  SQL(INT(c->kind), TEXT(c->serial), TEXT(c->name), INT(c->issuer),
			      REF(c->device), BLOB(c->certificate), BLOB(c->key),
			      INT(c->not_before), INT(c->not_after), INT(c->revoked),
			      TEXT(c->reason), INT(c->current), INT(c->retires)));
}

enum store_result
store_certificate(struct store *s, int64_t id, struct arena *memory, struct certificate_row *out)
{
	return sql_one(s, read_certificate, memory, out,
		       "SELECT " CERTIFICATE_COLUMNS " FROM " CERTIFICATE_FROM " WHERE c.id = ?",
		       SQL(INT(id)));
}

enum store_result
store_certificate_by_serial(struct store *s, const char *serial, struct arena *memory,
			    struct certificate_row *out)
{
	return sql_one(s, read_certificate, memory, out,
		       "SELECT " CERTIFICATE_COLUMNS " FROM " CERTIFICATE_FROM
		       " WHERE c.serial = ?",
		       SQL(TEXT(serial)));
}

enum store_result
store_certificate_current(struct store *s, enum certificate_kind kind, struct arena *memory,
			  struct certificate_row *out)
{
	return sql_one(s, read_certificate, memory, out,
		       "SELECT " CERTIFICATE_COLUMNS " FROM " CERTIFICATE_FROM
		       " WHERE c.kind = ? AND c.in_use = 1",
		       SQL(INT(kind)));
}

/* The old one goes first: of each kind one alone is in use at any moment. */
enum store_result
store_certificate_use(struct store *s, int64_t id, int64_t retires)
{
	bool own;
	enum store_result r = sql_enter(s, &own);

	if (r == STORE_DONE)
		r = sql_run(s,
			    "UPDATE certificates SET in_use = 0, retires = ?1 "
			    "WHERE kind = (SELECT kind FROM certificates WHERE id = ?2) "
			    "AND in_use = 1 AND id <> ?2",
			    SQL(INT(retires), INT(id)));
	if (r == STORE_DONE)
		r = sql_run_one(s, "UPDATE certificates SET in_use = 1, retires = 0 WHERE id = ?",
				SQL(INT(id)));
	return sql_leave(s, own, r);
}

static const struct sql_sort certificate_sorts[] = {
    {"expires", "c.not_after", SQL_INT},
    {"created", "c.not_before", SQL_INT},
    {"name", "c.name", SQL_TEXT},
    {0},
};
static const char *const certificate_search[] = {"c.name", "c.serial", "d.name", "u.name", NULL};
static const struct sql_list certificate_pages = {
    .columns = CERTIFICATE_COLUMNS,
    .from = CERTIFICATE_FROM,
    .id = "c.id",
    .sorts = certificate_sorts,
    .search = certificate_search,
    .read = read_certificate,
    .size = sizeof(struct certificate_row),
};

enum store_result
store_certificates(struct store *s, const struct page *page, int kind, struct arena *memory,
		   struct certificate_row_list *out)
{
	struct sql_where where = {0};

	if (kind >= 0)
		sql_where(&where, "c.kind = ?", SQL(INT(kind)));
	return SQL_PAGE(s, &certificate_pages, page, &where, memory, out);
}
