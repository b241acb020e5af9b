#include "access/audit.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#include "access/alerts.h"
#include "access/pending.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/text.h"
#include "os/fs.h"
#include "tls/hmac.h"

#define HEAD_FILE_MAX 128
#define SAY_EVERY_MS  (10 * MINUTE_MS)

struct head {
	int64_t id; /* 0: of an empty log */
	uint8_t mac[AUDIT_MAC];
};

static struct head
head_of(const struct audit_row *row)
{
	struct head h = {.id = row->id};

	span_put(h.mac, span_of(row->mac, sizeof h.mac));
	return h;
}

static bool
head_equal(const struct head *a, const struct head *b)
{
	return a->id == b->id && hmac_equal(a->mac, b->mac, AUDIT_MAC);
}

/* Over the MAC before and every field, each behind its length (pki/vault.h), so that nothing can
 * move from one field into the next. */
static bool
row_mac(const struct access *a, const uint8_t before[AUDIT_MAC], const struct audit_row *row,
	uint8_t out[AUDIT_MAC])
{
	const char *const texts[] = {row->who,    row->address, row->action,
				     row->object, row->before,  row->after};
	uint8_t numbers[16], is_there[COUNT(texts)]; /* NULL is not "" */
	struct span parts[3 + COUNT(texts)] = {span_of(before, AUDIT_MAC),
					       span_of(numbers, sizeof numbers),
					       span_of(is_there, sizeof is_there)};

	span_put_be64(span_put_be64(numbers, (uint64_t)row->id), (uint64_t)row->time);
	for (size_t i = 0; i < COUNT(texts); i++) {
		is_there[i] = texts[i] != NULL;
		parts[3 + i] = span_str(texts[i] != NULL ? texts[i] : "");
	}
	return vault_mac(a->vault, parts, COUNT(parts), out);
}

enum store_result
audit_append(struct access *a, struct audit_row *row)
{
	struct pending *p = a->pending != NULL ? a->pending : pending_new(a);
	struct head last = {0};
	enum store_result r = store_audit_head(a->store, &last.id, last.mac);

	if (r == STORE_NONE)
		last = (struct head){0};
	else if (r != STORE_DONE)
		return r;
	row->id = last.id + 1;
	row->time = a->now;
	if (!row_mac(a, last.mac, row, row->mac))
		return STORE_DOWN;
	p->audit_id = row->id;
	return store_audit_add(a->store, row);
}

/* --- the noted head: "1234 9f86d0...", in a file that the database's writers need not have */

/* False: there is none, or it cannot be read. */
static bool
read_noted(const struct access *a, struct head *out)
{
	struct buf file = buf_with_cap(HEAD_FILE_MAX);
	bool is_there = false;
	uint64_t id;

	if (a->audit_head == NULL)
		return false;
	if (!failed(fs_read_path(a->audit_head, &file))) {
		struct span text = buf_span(&file);
		struct span line = span_head(text, span_find(text, '\n'));
		size_t space = span_find(line, ' ');

		is_there = text_to_u64(span_head(line, space), INT64_MAX, &id) && id > 0 &&
			   hex_read(span_tail(line, space + 1), out->mac, AUDIT_MAC);
		if (is_there)
			out->id = (int64_t)id;
	}
	buf_free(&file);
	return is_there;
}

static void
write_noted(const struct access *a, const struct head *h, const char *hex)
{
	char line[HEAD_FILE_MAX];
	int n = snprintf(line, sizeof line, "%" PRId64 " %s\n", h->id, hex);
	struct err e = fs_write_path(a->audit_head, span_of(line, (size_t)n), 0600);

	if (failed(e))
		log_warn("the audit log's head is not noted: %s", e.text);
}

static bool
take_row(void *owner, const struct audit_row *row)
{
	*(struct head *)owner = head_of(row);
	return false;
}

/* Whether what was noted before is in the log still. A log that was cut must not be made good by
 * noting its next row. */
static bool
noted_stands(struct access *a, const struct head *noted)
{
	struct head there = {0};

	return store_audit_walk(a->store, noted->id, take_row, &there) != STORE_DONE ||
	       head_equal(&there, noted);
}

/* True at most every so often, for one of the threads that ask. */
static bool
is_time_to_say(const struct access *a, _Atomic int64_t *said)
{
	int64_t last = atomic_load(said);

	return (last == 0 || a->now < last || a->now - last >= SAY_EVERY_MS) &&
	       atomic_compare_exchange_strong(said, &last, a->now);
}

static void
say_broken(struct access *a, const struct head *noted)
{
	static _Atomic int64_t said;

	if (is_time_to_say(a, &said))
		log_error("the audit log was cut or changed: row %" PRId64 " is not what it was",
			  noted->id);
	alert_raise(a, ALERT_AUDIT_BROKEN, "The audit log was cut or changed",
		    "Run \"sallyport audit verify\", and compare with the heads in the journal.");
}

/* The journal has the head too, where who can write this machine's files cannot take it back. */
static void
say_head(const struct access *a, const struct head *h, const char *hex)
{
	static _Atomic int64_t said;

	if (is_time_to_say(a, &said))
		log_info("audit head %" PRId64 " %s", h->id, hex);
}

static void
note_head(struct access *a)
{
	char hex[HEX_SIZE(AUDIT_MAC)];
	struct head noted, h;

	if (store_audit_head(a->store, &h.id, h.mac) != STORE_DONE)
		return; /* the next change will note it */
	if (read_noted(a, &noted) && !noted_stands(a, &noted)) {
		say_broken(a, &noted);
		return;
	}
	hex_write(span_of(h.mac, AUDIT_MAC), hex);
	if (a->audit_head != NULL)
		write_noted(a, &h, hex);
	say_head(a, &h, hex);
}

/*
 * One thread at a time reads the log's end and notes it: never an older one over a newer. Who
 * comes while another is at it leaves it to him to look once more.
 */
void
audit_committed(struct access *a)
{
	static atomic_flag at_it = ATOMIC_FLAG_INIT;
	static atomic_bool again;

	atomic_store(&again, true);
	while (atomic_load(&again) && !atomic_flag_test_and_set(&at_it)) {
		atomic_store(&again, false);
		note_head(a);
		atomic_flag_clear(&at_it);
	}
}

/* --- verification */

struct walk {
	const struct access *a;
	struct audit_verdict *verdict;
	struct head last, noted; /* noted.id 0: none is */
};

static bool
is_bad(struct walk *w, int64_t id, const char *why)
{
	w->verdict->whole = false;
	w->verdict->first_bad = id;
	snprintf(w->verdict->why, sizeof w->verdict->why, "row %" PRId64 " %s", id, why);
	return false;
}

static bool
check_row(void *owner, const struct audit_row *row)
{
	struct walk *w = owner;
	struct head h = head_of(row);
	uint8_t mac[AUDIT_MAC];

	if (row->id != w->last.id + 1)
		return is_bad(w, w->last.id + 1, "is missing");
	if (!row_mac(w->a, w->last.mac, row, mac))
		return is_bad(w, row->id, "could not be checked: there is too little memory");
	if (!hmac_equal(mac, row->mac, AUDIT_MAC))
		return is_bad(w, row->id, "was changed, or one before it was taken away");
	if (row->id == w->noted.id && !head_equal(&h, &w->noted))
		return is_bad(w, row->id, "is not the one whose head was noted");
	w->last = h;
	w->verdict->rows++;
	return true;
}

struct outcome
audit_verify(struct access *a, struct audit_verdict *out)
{
	struct walk w = {.a = a, .verdict = out};
	bool has_note = read_noted(a, &w.noted); /* first: the log may grow meanwhile */

	*out = (struct audit_verdict){.whole = true};
	if (!has_note)
		w.noted = (struct head){0};
	enum store_result r = store_audit_walk(a->store, 1, check_row, &w);
	if (r != STORE_DONE && r != STORE_NONE)
		return access_stored(a, r, "audit log");
	if (w.last.id > 0)
		hex_write(span_of(w.last.mac, AUDIT_MAC), out->head);
	if (!out->whole)
		return OUTCOME_OK;
	if (w.noted.id > w.last.id)
		is_bad(&w, w.last.id + 1, "and what follows were cut off the end");
	else if (!has_note)
		snprintf(out->why, sizeof out->why,
			 "%" PRId64 " rows are as they were written; whether any were cut off the "
			 "end cannot be told, since no head is noted",
			 out->rows);
	else
		snprintf(out->why, sizeof out->why,
			 "%" PRId64 " rows are as they were written, and none is missing",
			 out->rows);
	return OUTCOME_OK;
}
