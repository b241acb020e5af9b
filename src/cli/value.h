/* What is written behind an option, as JSON. */
#ifndef CLI_VALUE_H
#define CLI_VALUE_H

#include <jansson.h>

#include "cli/verb.h"

/* NULL: it was said why, and *status is what to end with. A secret of a file is the caller's to
 * forget with value_forget(). */
json_t *value_json(const struct option *o, const char *text, int *status);

/* Drops it, its texts wiped. NULL is fine. */
void value_forget(json_t *json);

/* Sets the member of an object, "policy.devices_max" of one inside. Takes `value` over. */
void value_set(json_t *object, const char *member, json_t *value);

/* As one part of a path or query (RFC 3986 §2.1). */
const char *value_escaped(struct arena *memory, const char *text);

#endif
