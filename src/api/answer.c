#include <inttypes.h>

#include "api/problem.h"

#define STRICTEST "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

/* What a page of ours has no use for. */
static const char permissions[] =
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), "
    "screen-wake-lock=(), usb=(), xr-spatial-tracking=()";

void
answer_field(struct api_answer *a, const char *name, const char *value)
{
	struct field f = {span_str(name), span_str(value)};

	/* What could not be sent would end the connection; none of ours is so, but for what people
	 * called their things. */
	if (a->field_count < API_FIELDS_MAX && field_is_sound(&f))
		a->fields[a->field_count++] = f;
}

/* Secrets and people's data are in these answers: nobody keeps, frames, guesses or leaks them. */
void
answer_guard(struct api_answer *a, const char *policy)
{
	if (field_find(a->fields, a->field_count, SPAN_OF("cache-control")) == NULL)
		answer_field(a, "cache-control", "no-store");
	answer_field(a, "content-security-policy", policy != NULL ? policy : STRICTEST);
	answer_field(a, "x-content-type-options", "nosniff");
	answer_field(a, "x-frame-options", "DENY");
	answer_field(a, "referrer-policy", "no-referrer");
	answer_field(a, "cross-origin-resource-policy", "same-origin");
}

/* A page keeps to itself what others could read of it, or of the process that shows it. */
void
answer_page_fields(struct api_answer *out)
{
	answer_field(out, "cross-origin-opener-policy", "same-origin");
	answer_field(out, "cross-origin-embedder-policy", "require-corp");
	answer_field(out, "permissions-policy", permissions);
}

void
answer_cookie(struct arena *memory, struct api_answer *a, const char *token, int64_t seconds)
{
	answer_field(a, "set-cookie",
		     arena_printf(memory,
				  SESSION_COOKIE "=%s; Path=/; Max-Age=%" PRId64
						 "; Secure; HttpOnly; SameSite=Lax",
				  token != NULL ? token : "", token != NULL ? seconds : 0));
}
