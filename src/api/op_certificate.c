/* Our own authority and what it issued; and the certificates of sites, which warden knows. */
#include <stdio.h>

#include "access/change.h"
#include "access/devices.h"
#include "api/op.h"
#include "api/operation.h"
#include "api/system.h"
#include "base/clock.h"
#include "pki/authority.h"

#define KEEP_MAX 3650
#define KEEP     365 /* as long as people need to fetch a new profile */

static struct outcome
list(struct api_call *c)
{
	struct certificate_row_list rows;
	struct page page;
	struct outcome o = call_page(c, &page);

	if (refused(o))
		return o;
	enum store_result r = store_certificates(
	    c->access->store, &page, op_choice(call_query(c, "kind"), certificate_kinds),
	    c->access->memory, &rows);
	if (r != STORE_DONE)
		return access_stored(c->access, r, "certificate");
	return call_answer_list(c, rows.at, rows.count, sizeof *rows.at, rows.next);
}

static struct outcome
find(struct api_call *c, struct certificate_row *out)
{
	const char *serial = call_parameter(c, 0);
	enum store_result r =
	    store_certificate_by_serial(c->access->store, serial, c->access->memory, out);

	return access_stored(c->access, r, "certificate of that serial number");
}

static struct outcome
show(struct api_call *c)
{
	struct certificate_row row;
	struct outcome o = find(c, &row);

	return refused(o) ? o : call_answer(c, &row, 0, NULL);
}

static struct outcome
show_pem(struct api_call *c)
{
	struct certificate_row row;
	struct buf *b = call_buf(c);
	struct outcome o = find(c, &row);

	if (refused(o))
		return o;
	if (!issue_put_pem(b, "CERTIFICATE", row.certificate))
		return call_broken(c, "issue_put_pem");
	return call_answer_bytes(c, "application/x-pem-file", buf_span(b),
				 arena_printf(c->access->memory, "%s.pem", row.serial));
}

struct roll_over {
	int64_t keep_days;
};

static const struct shape_member roll_over_members[] = {
    {.name = "keep_days",
     .kind = SHAPE_NUMBER,
     .offset = offsetof(struct roll_over, keep_days),
     .max = KEEP_MAX,
     .doc = "For so many days profiles of the CA before are good, usually 365; 0: they are void "
	    "at once."},
};

static const struct shape shape_roll_over = {
    .name = "RollOver",
    .doc = "How to change to another CA.",
    .size = sizeof(struct roll_over),
    .members = roll_over_members,
    .count = COUNT(roll_over_members),
};

static struct outcome
answer_current(struct api_call *c)
{
	struct certificate_row row;
	enum store_result r =
	    store_certificate_current(c->access->store, CERTIFICATE_CA, c->access->memory, &row);

	if (r != STORE_DONE)
		return access_stored(c->access, r, "CA");
	return call_answer(c, &row, 0,
			   arena_printf(c->access->memory, "/certificates/%s", row.serial));
}

static struct outcome
roll_over(struct api_call *c)
{
	struct access *a = c->access;
	const struct authority authority = {a->store, a->vault, a->memory, a->now};
	struct roll_over body = {.keep_days = KEEP};
	struct outcome o;

	if (c->request->body.len > 0 && refused(o = call_body(c, &body, NULL)))
		return o;
	const struct change what = {
	    .action = "ca.roll_over",
	    .object = "CA",
	    .note = arena_printf(a->memory, "{\"keep_days\":%d}", (int)body.keep_days),
	    .event = EVENT_CERTIFICATE};
	if (refused(o = change_begin(a)))
		return o;
	o = authority_roll_over(&authority, a->authority, a->now + body.keep_days * DAY_MS);
	if (o.field[0] != '\0')
		snprintf(o.field, sizeof o.field, "keep_days");
	if (refused(o = change_end(a, &c->actor, o, &what)))
		return o;
	return answer_current(c);
}

static struct outcome
list_sites(struct api_call *c)
{
	struct span json;
	struct outcome o = call_ask(c, CALL_CERTIFICATES, "", SPAN_NONE, &json);

	return refused(o) ? o : call_answer_json(c, json);
}

static const char *const sorts[] = {"expires", "created", "name", NULL};
static const struct parameter narrowed[] = {
    OP_SORT(sorts),
    {"kind", "string", "Only those of this kind.", certificate_kinds},
};

static const struct operation operations[] = {
    {.method = METHOD_GET,
     .path = "/certificates",
     .id = "listCertificates",
     .doc = "Lists what our own authority has issued, and its own certificates, by expiry unless "
	    "sorted otherwise.",
     .level = LEVEL_READ,
     .flags = OP_LIST,
     .answer = &shape_certificate,
     .query = narrowed,
     .query_count = COUNT(narrowed),
     .run = list},
    {.method = METHOD_GET,
     .path = "/certificates/{serial}",
     .id = "getCertificate",
     .doc = "Shows a certificate.",
     .level = LEVEL_READ,
     .answer = &shape_certificate,
     .run = show},
    {.method = METHOD_GET,
     .path = "/certificates/{serial}/pem",
     .id = "downloadCertificate",
     .doc = "The certificate itself, without its key.",
     .level = LEVEL_READ,
     .media = "application/x-pem-file",
     .run = show_pem},
    {.method = METHOD_POST,
     .path = "/ca/roll-over",
     .id = "rollOverAuthority",
     .doc = "Makes a new CA, which signs from now on. Profiles of the one before stay good for a "
	    "time; their users fetch new ones meanwhile.",
     .level = LEVEL_ADMIN,
     .flags = OP_PROVED | OP_CREATES,
     .body = &shape_roll_over,
     .use = SHAPE_CREATE,
     .answer = &shape_certificate,
     .run = roll_over},
    {.method = METHOD_GET,
     .path = "/site-certificates",
     .id = "listSiteCertificates",
     .doc = "Lists the certificates that sites show to browsers.",
     .level = LEVEL_READ,
     .answer = &shape_site_certificate_list,
     .run = list_sites},
};

const struct operation_group operations_certificates = {"Certificates", operations,
							COUNT(operations)};
