#include "access/change.h"

#include "access/audit.h"
#include "access/pending.h"

#define TOLD_MAX (64 * 1024) /* what a row of the log says of before, or of after */

struct pending *
pending_new(struct access *a)
{
	return a->pending = ARENA_NEW(a->memory, struct pending);
}

/* Forgets it, and says what it was; NULL: nothing was pending. */
static struct pending *
take_pending(struct access *a)
{
	struct pending *p = a->pending;

	a->pending = NULL;
	return p;
}

const char *
change_object(const struct access *a, const char *kind, const char *name)
{
	return arena_printf(a->memory, "%s %s", kind, name);
}

struct outcome
change_begin(struct access *a)
{
	enum store_result r = store_begin(a->store);

	if (r != STORE_DONE)
		return access_stored(a, r, "database");
	pending_new(a);
	return OUTCOME_OK;
}

void
change_also(struct access *a, enum access_event event, int64_t id)
{
	struct pending *p = a->pending;

	if (p != NULL && p->count < PENDING_TOLD)
		p->told[p->count++] = (struct told){event, id};
}

static void
tell(const struct access *a, enum access_event event, int64_t id)
{
	if (a->happened != NULL)
		a->happened(a->owner, event, id);
}

/* One side of a change as JSON; NULL: it was not, or does not fit. */
static const char *
side_of(const struct access *a, const struct shape *shape, const void *of, const void *other)
{
	struct buf json = buf_with_cap(TOLD_MAX);
	const char *text = NULL;

	if (shape == NULL || of == NULL)
		return NULL;
	if (shape_write_change(shape, of, other, &json))
		text = arena_copy(a->memory, buf_span(&json));
	buf_free(&json);
	return text;
}

struct outcome
change_row(struct access *a, const struct actor *who, const struct change *what)
{
	char address[ADDRESS_TEXT_MAX];
	struct audit_row row = {
	    .who = actor_text(a, who),
	    .action = what->action,
	    .object = what->object,
	    .before = side_of(a, what->shape, what->before, what->after),
	    .after = what->note != NULL ? what->note
					: side_of(a, what->shape, what->after, what->before),
	};

	if (who->from.family != 0)
		row.address = address_ip_text(&who->from, address);
	if (what->shape != NULL && ((what->before != NULL && row.before == NULL) ||
				    (what->after != NULL && row.after == NULL)))
		return outcome_new(OUTCOME_TOO_LARGE, "it is too large to be noted");
	return access_stored(a, audit_append(a, &row), "audit log");
}

static void
tell_all(const struct access *a, const struct change *what, const struct pending *p)
{
	if (what->event != EVENT_AUDIT)
		tell(a, what->event, what->id);
	for (size_t i = 0; p != NULL && i < p->count; i++)
		tell(a, p->told[i].event, p->told[i].id);
	tell(a, EVENT_AUDIT, p != NULL ? p->audit_id : 0);
}

struct outcome
change_end(struct access *a, const struct actor *who, struct outcome o, const struct change *what)
{
	bool tried = false;

	if (!refused(o) && who->reads_only)
		o = outcome_new(OUTCOME_FORBIDDEN, "this token is for reading alone");
	if (!refused(o))
		o = change_row(a, who, what);
	if (!refused(o)) {
		o = access_stored(a, store_commit(a->store), "database");
		tried = true;
	}
	const struct pending *p = take_pending(a);
	if (refused(o))
		store_abort(a->store);
	else
		audit_committed(a);
	/* A connection that was lost meanwhile does not say whether all was kept: a device that is
	 * revoked must not stay connected until something else is changed. */
	if (tried)
		tell_all(a, what, p);
	return o;
}

struct outcome
change_note(struct access *a, const struct actor *who, const struct change *what)
{
	struct outcome o = change_begin(a);

	return refused(o) ? o : change_end(a, who, o, what);
}
