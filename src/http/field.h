/* The grammar that field lines share (RFC 9110 §5.6): tokens, lists, white space around values. */
#ifndef HTTP_FIELD_H
#define HTTP_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/span.h"

/* For each byte that may stand in a token its lower case, for all others 0. */
extern const uint8_t field_token_lower[256];

bool field_is_token(struct span s); /* at least one byte */

/* Without the spaces and tabs at both ends. */
struct span field_trim(struct span s);

/*
 * Takes the next element that is not empty from a comma-separated list, trimmed;
 * false at the end. For lists without quoted strings.
 */
MUST_CHECK bool field_list_next(struct span *list, struct span *element);

/* Whether a trailer section may hold a field of that name, in lower case (RFC 9110 §6.5.1). */
bool field_may_trail(struct span name);

#endif
