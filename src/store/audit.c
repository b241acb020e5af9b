#include "store/audit.h"

#include "store/audit_row.h"

#define WALK_ROWS 500

void
audit_read(struct row *r, void *out)
{
	struct audit_row *a = out;

	a->id = row_int(r);
	a->time = row_int(r);
	a->who = row_text(r);
	a->address = row_text(r);
	a->action = row_text(r);
	a->object = row_text(r);
	a->before = row_text(r);
	a->after = row_text(r);
	row_hash(r, a->mac, sizeof a->mac);
}

/* The head. */

struct head {
	int64_t id;
	uint8_t mac[AUDIT_MAC];
};

static void
read_head(struct row *r, void *out)
{
	struct head *head = out;

	head->id = row_int(r);
	row_hash(r, head->mac, sizeof head->mac);
}

/* store_begin() lets one writer in at a time, so the last row stays the last. */
enum store_result
store_audit_head(struct store *s, int64_t *id, uint8_t mac[AUDIT_MAC])
{
	struct head head = {0};
	enum store_result r =
	    sql_one(s, read_head, NULL, &head, "SELECT id, mac FROM audit ORDER BY id DESC LIMIT 1",
		    SQL_NOTHING);

	*id = head.id;
	memcpy(mac, head.mac, AUDIT_MAC);
	return r;
}

/* "device", of "device alice/laptop". */
static struct sql_value
kind_of(const char *object)
{
	if (object == NULL)
		return TEXT(NULL);
	return (struct sql_value){.kind = SQL_TEXT, .bytes = span_of(object, strcspn(object, " "))};
}

enum store_result
store_audit_add(struct store *s, const struct audit_row *row)
{
	return sql_run(s,
		       "INSERT INTO audit (id, time, who, address, action, kind, object, "
		       "value_before, value_after, mac) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		       SQL(INT(row->id), INT(row->time), TEXT(row->who), TEXT(row->address),
			   TEXT(row->action), kind_of(row->object), TEXT(row->object),
			   TEXT(row->before), TEXT(row->after), HASH(row->mac)));
}

/* The walk. */

struct walk {
	bool (*each)(void *owner, const struct audit_row *row);
	void *owner;
	int64_t next;
	unsigned count; /* of this stretch */
	bool stopped;
};

static enum store_result
walk_stretch(struct store *s, struct walk *w, struct arena *memory)
{
	struct audit_row_list rows;
	enum store_result r =
	    SQL_ALL(s, audit_read, memory, &rows,
		    "SELECT " AUDIT_COLUMNS " FROM audit a WHERE a.id >= ? ORDER BY a.id LIMIT ?",
		    SQL(INT(w->next), INT(WALK_ROWS)));

	w->count = 0;
	if (r != STORE_DONE)
		return r;
	for (size_t i = 0; i < rows.count && !w->stopped; i++, w->count++) {
		w->next = rows.at[i].id + 1;
		w->stopped = !w->each(w->owner, &rows.at[i]);
	}
	return STORE_DONE;
}

/* Some at a time: the log may be larger than memory, and `each` may ask the store for something. */
enum store_result
store_audit_walk(struct store *s, int64_t from,
		 bool (*each)(void *owner, const struct audit_row *row), void *owner)
{
	struct walk w = {.each = each, .owner = owner, .next = from};
	struct arena *memory = arena_new();
	enum store_result r;

	do {
		arena_reset(memory);
		r = walk_stretch(s, &w, memory);
	} while (r == STORE_DONE && !w.stopped && w.count == WALK_ROWS);
	arena_free(memory);
	return r;
}
