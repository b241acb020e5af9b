/* What was refused, as application/problem+json (RFC 9457). */
#ifndef API_PROBLEM_H
#define API_PROBLEM_H

#include "api/api.h"

/* Types that have a status of their own. */
extern const char problem_precondition[]; /* 428: If-Match is needed */
extern const char problem_method[];       /* 405 */
extern const char problem_media[];        /* 415 */
extern const char problem_reused[];       /* 422: an idempotency key with another body */

unsigned problem_status(struct outcome o);

/* The whole answer but for the fields that all answers have. */
void problem_answer(struct arena *memory, struct outcome o, struct api_answer *out);

/* Every kind with its status, type and title, for the document. */
struct problem_kind {
	unsigned status;
	const char *type, *title;
};
extern const struct problem_kind problem_kinds[OUTCOME_KINDS];

/* --- fields of answers (answer.c) */

/* Adds one; both texts live as long as the answer. */
void answer_field(struct api_answer *a, const char *name, const char *value);

/* Those that every answer has: what browsers must not do with it; nor keep it, unless it says so.
 * `policy` NULL: the strictest. */
void answer_guard(struct api_answer *a, const char *policy);

/* What is said of pages besides: they are alone in their window, and have no use for devices. */
void answer_page_fields(struct api_answer *a);

/* "__Host-sallyport=…" with its attributes; `token` NULL takes it back. */
void answer_cookie(struct arena *memory, struct api_answer *a, const char *token, int64_t seconds);

#define SESSION_COOKIE "__Host-sallyport"

#endif
