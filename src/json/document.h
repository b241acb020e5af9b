/* A request's text as Jansson's values, within limits: for this folder alone. */
#ifndef JSON_DOCUMENT_H
#define JSON_DOCUMENT_H

#include <jansson.h>

#include "base/outcome.h"
#include "base/span.h"

#define DOCUMENT_DEPTH_MAX 16

/* OUTCOME_INVALID unless it is one whole object or list. On success *out is the caller's; what
 * was in it is wiped when it goes, for it may hold a password. */
MUST_CHECK struct outcome document_parse(struct span text, json_t **out);

/* A name that somebody made up, fit to be shown: cut, and what is not printable is "?". */
void document_show_name(struct span name, char *out, size_t size);

#endif
