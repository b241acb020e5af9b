#include "api/problem.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "json/shape.h"

#define PROBLEM_MAX 2048
#define RETRY_MS    5000 /* where nobody said how long */

const char problem_precondition[] = "precondition_required";
const char problem_method[] = "method_not_allowed";
const char problem_media[] = "unsupported_media_type";
const char problem_reused[] = "idempotency_key_reused";

const struct problem_kind problem_kinds[OUTCOME_KINDS] = {
    [OUTCOME_DONE] = {500, "internal", "Something is wrong with the server"},
    [OUTCOME_INVALID] = {400, "invalid", "This cannot be taken"},
    [OUTCOME_UNKNOWN] = {404, "unknown", "There is no such thing"},
    [OUTCOME_TAKEN] = {409, "conflict", "This is taken or in use"},
    [OUTCOME_CHANGED] = {412, "changed", "Somebody else changed it first"},
    [OUTCOME_STRANGER] = {401, "unauthenticated", "Sign in first"},
    [OUTCOME_FORBIDDEN] = {403, "forbidden", "This is not allowed"},
    [OUTCOME_TOO_OFTEN] = {429, "too_often", "Too many tries"},
    [OUTCOME_TOO_LARGE] = {413, "too_large", "This is too large"},
    [OUTCOME_BUSY] = {503, "busy", "Too much is asked at once"},
    [OUTCOME_DOWN] = {503, "unavailable", "This does not work now"},
};

static const struct special {
	const char *type;
	unsigned status;
} specials[] = {
    {problem_precondition, 428},
    {problem_method, 405},
    {problem_media, 415},
    {problem_reused, 422},
};

unsigned
problem_status(struct outcome o)
{
	for (size_t i = 0; i < COUNT(specials); i++)
		if (o.type != NULL && strcmp(o.type, specials[i].type) == 0)
			return specials[i].status;
	return problem_kinds[o.kind].status;
}

/* In seconds, rounded up; 0: nothing is said of it. */
static uint64_t
retry_after(struct outcome o)
{
	if (o.kind != OUTCOME_TOO_OFTEN && o.kind != OUTCOME_BUSY && o.kind != OUTCOME_DOWN)
		return 0;
	return ((o.wait_ms > 0 ? o.wait_ms : RETRY_MS) + 999) / 1000;
}

static bool
put_problem(struct outcome o, unsigned status, struct buf *out)
{
	const struct problem_kind *kind = &problem_kinds[o.kind];
	uint64_t retry = retry_after(o);
	bool fits = buf_printf(out, "{\"type\":\"urn:sallyport:problem:%s\",\"title\":",
			       o.type != NULL ? o.type : kind->type) &&
		    json_put_text(out, kind->title) &&
		    buf_printf(out, ",\"status\":%u,\"detail\":", status) &&
		    json_put_text(out, o.text);

	if (fits && o.field[0] != '\0')
		fits = buf_append(out, SPAN_OF(",\"field\":")) && json_put_text(out, o.field);
	if (fits && retry > 0)
		fits = buf_printf(out, ",\"retry_after\":%" PRIu64, retry);
	return fits && buf_byte(out, '}');
}

void
problem_answer(struct arena *memory, struct outcome o, struct api_answer *out)
{
	struct buf body = buf_with_cap(PROBLEM_MAX);
	unsigned status = problem_status(o);
	uint64_t retry = retry_after(o);

	*out = (struct api_answer){.status = status};
	answer_field(out, "content-type", "application/problem+json");
	if (put_problem(o, status, &body))
		out->body = arena_span(memory, buf_span(&body));
	buf_free(&body);
	if (retry > 0)
		answer_field(out, "retry-after", arena_printf(memory, "%" PRIu64, retry));
	if (status == 401)
		answer_field(out, "www-authenticate", "Bearer realm=\"sallyport\"");
}
