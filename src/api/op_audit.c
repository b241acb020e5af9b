/* The audit log: to look at, to take away, to verify. */
#include "access/audit.h"
#include "api/op.h"

#define EXPORT_ROWS  50000
#define EXPORT_MEDIA "application/jsonl"

#define ROW(member) offsetof(struct audit_row, member)
static const struct shape_member row_members[] = {
    {.name = "id",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = ROW(id),
     .max = INT64_MAX,
     .doc = "1, 2, 3 and so on, without a gap."},
    {.name = "time",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = ROW(time),
     .doc = "When."},
    {.name = "who",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = ROW(who),
     .doc = "Who did it: a user, a token, the command line, or sallyport itself."},
    {.name = "address",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = ROW(address),
     .doc = "From where; null: this machine."},
    {.name = "action",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = ROW(action),
     .doc = "What was done: user.change, for example."},
    {.name = "object",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = ROW(object),
     .doc = "To what: user alice, for example."},
    {.name = "before",
     .kind = SHAPE_RAW,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = ROW(before),
     .doc = "What it was, as far as it changed. Secrets are but said to be set."},
    {.name = "after",
     .kind = SHAPE_RAW,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = ROW(after),
     .doc = "What it is since."},
};
static const struct shape shape_audit_row = {
    .name = "AuditRow",
    .doc = "Something that was done.",
    .size = sizeof(struct audit_row),
    .members = row_members,
    .count = COUNT(row_members),
};

#define VERDICT(member) offsetof(struct verdict_view, member)
struct verdict_view {
	bool whole;
	int64_t rows, first_bad;
	const char *why, *head;
};

static const struct shape_member verdict_members[] = {
    {.name = "whole",
     .kind = SHAPE_BOOL,
     .flags = SHAPE_READ_ONLY,
     .offset = VERDICT(whole),
     .doc = "Whether no row was edited, put in or taken away."},
    {.name = "rows",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = VERDICT(rows),
     .max = INT64_MAX,
     .doc = "How many rows were looked at."},
    {.name = "first_bad",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = VERDICT(first_bad),
     .max = INT64_MAX,
     .doc = "The first row that is not right; 0: there is none."},
    {.name = "why",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = VERDICT(why),
     .doc = "The same in a sentence."},
    {.name = "head",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY | SHAPE_OPTIONAL,
     .offset = VERDICT(head),
     .doc = "What the last row that is right closes the chain with; the journal has it as \"audit "
	    "head\", behind the row's number."},
};
static const struct shape shape_verdict = {
    .name = "AuditVerdict",
    .doc = "Whether the audit log's chain holds.",
    .size = sizeof(struct verdict_view),
    .members = verdict_members,
    .count = COUNT(verdict_members),
};

static struct outcome
filter_of(const struct api_call *c, struct audit_filter *out)
{
	struct outcome o;

	*out = (struct audit_filter){.who = call_query(c, "who"),
				     .action = call_query(c, "action"),
				     .object = call_query(c, "object"),
				     .address = call_query(c, "address")};
	if (refused(o = op_query_time(c, "since", &out->since)))
		return o;
	return op_query_time(c, "until", &out->until);
}

static struct outcome
list_audit(struct api_call *c)
{
	struct audit_row_list rows;
	struct audit_filter filter;
	struct page page;
	struct outcome o;

	if (refused(o = call_page(c, &page)) || refused(o = filter_of(c, &filter)) ||
	    refused(o = access_stored(
			c->access,
			store_audit(c->access->store, &page, &filter, c->access->memory, &rows),
			"audit log")))
		return o;
	return call_answer_list(c, rows.at, rows.count, sizeof *rows.at, rows.next);
}

/* Rows are written until there are enough, or no more fit: `next` is where to go on then. */
struct audit_export {
	struct buf *out;
	int64_t left, next;
};

static bool
put_line(void *owner, const struct audit_row *row)
{
	struct audit_export *e = owner;
	struct buf *out = e->out;
	size_t before = buf_len(out);

	if (e->left-- > 0 && shape_write(&shape_audit_row, row, out) && buf_byte(out, '\n'))
		return true;
	out->end = out->start + before;
	e->next = row->id;
	return false;
}

static struct outcome
export_audit(struct api_call *c)
{
	struct audit_export e = {.out = call_buf(c)};
	struct outcome o;
	int64_t from;

	if (refused(o = op_query_number(c, "from", INT64_MAX, &from)) ||
	    refused(o = op_query_number(c, "rows", EXPORT_ROWS, &e.left)))
		return o;
	if (e.left == 0)
		e.left = EXPORT_ROWS;
	o = access_stored(c->access, store_audit_walk(c->access->store, from, put_line, &e),
			  "audit log");
	if (refused(o))
		return o;
	if (e.next != 0)
		call_field(c, "link",
			   arena_printf(c->access->memory,
					"</api/v1/audit/export?from=%lld>; rel=\"next\"",
					(long long)e.next));
	return call_answer_bytes(c, EXPORT_MEDIA, buf_span(e.out), "audit.jsonl");
}

static struct outcome
verify_audit(struct api_call *c)
{
	struct audit_verdict v;
	struct outcome o;

	if (refused(o = audit_verify(c->access, &v)))
		return o;
	return call_answer(c,
			   &(struct verdict_view){v.whole, v.rows, v.first_bad, v.why,
						  v.head[0] != '\0' ? v.head : NULL},
			   0, NULL);
}

static const char *const sorts[] = {"time", NULL};
static const struct parameter filters[] = {
    OP_SORT(sorts),
    {"who", "string", "Only what he did.", NULL},
    {"action", "string", "Only this action, or those that begin so: \"user.\".", NULL},
    {"object", "string", "Only what was done to this, or to what begins so.", NULL},
    {"address", "string", "Only what came from this address.", NULL},
    {"since", "string", "Only from this time on (RFC 3339).", NULL},
    {"until", "string", "Only before this time (RFC 3339).", NULL},
};
static const struct parameter export_parameters[] = {
    {"from", "integer", "The first row wanted.", NULL},
    {"rows", "integer", "How many at most; 0: 50000, the most there can be.", NULL},
};

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/audit",
     .id = "listAudit",
     .doc = "Lists what was done, the newest first unless sorted: who, from where, what, before "
	    "and after. A "
	    "search goes through the log in parts: one may have no items and a `next`.",
     .level = LEVEL_READ,
     .flags = OP_LIST,
     .answer = &shape_audit_row,
     .query = filters,
     .query_count = COUNT(filters),
     .run = list_audit},
    {.method = METHOD_GET,
     .path = "/audit/export",
     .id = "exportAudit",
     .doc = "The audit log as lines of JSON, the oldest first. Where it does not fit into one "
	    "answer, the Link field (rel=\"next\") says where it goes on.",
     .level = LEVEL_READ,
     .flags = OP_SLOW,
     .media = EXPORT_MEDIA,
     .query = export_parameters,
     .query_count = COUNT(export_parameters),
     .run = export_audit},
    {.method = METHOD_GET,
     .path = "/audit/verify",
     .id = "verifyAudit",
     .doc = "Walks the whole chain, and says whether any row was edited, put in or taken away.",
     .level = LEVEL_READ,
     .flags = OP_SLOW,
     .answer = &shape_verdict,
     .run = verify_audit},
};

const struct operation_group operations_audit = {"Audit", operations, COUNT(operations)};
