/* Fields (RFC 9110 §5): their grammar, which of them are for whom, and looking among them. */
#ifndef HTTP_FIELD_H
#define HTTP_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/span.h"

struct field {
	struct span name, value; /* names in lower case */
};

/* The value of the first of that name (given in lower case); NULL when there is none. */
const struct span *field_find(const struct field *fields, size_t count, struct span name);

/* Leaves those of other names, in their order; returns how many these are. */
size_t field_drop(struct field *fields, size_t count, struct span name);

/* Copies of them, and of their names and values. */
struct field *field_copy(struct arena *memory, const struct field *fields, size_t count);

/* Whether it may stand in a value: no control character but the tab may (§5.5). */
static inline bool
field_is_text(uint8_t c)
{
	return (c >= 0x20 && c != 0x7F) || c == '\t';
}

/* Whether it can be sent as it is: parsers let nothing else in, and nothing else gets out. */
MUST_CHECK bool field_is_sound(const struct field *f);

/* protocol-name ["/" protocol-version] (§7.8). */
bool field_is_protocol(struct span s);

/* Whether that is a protocol of ours to speak, not a handler's: switched to by a back end, a
 * version of HTTP would hide requests from us. */
bool field_is_http(struct span protocol);

/* Without the spaces and tabs at both ends. */
struct span field_trim(struct span s);

/*
 * Takes the next element that is not empty from a comma-separated list, trimmed;
 * false at the end. For lists without quoted strings.
 */
MUST_CHECK bool field_list_next(struct span *list, struct span *element);

/* Whether a list has that element, in any case and with any parameters (";q=1"). */
bool field_list_has(struct span list, struct span wanted);

/* Of one connection only (RFC 9110 §7.6.1), or of framing: not passed on, neither way. */
bool field_is_hop(struct span name);

/* Whether a trailer section may hold a field of that name, in lower case (RFC 9110 §6.5.1). */
bool field_may_trail(struct span name);

/* Whether it can be sent in one. */
bool field_is_trailer(const struct field *f);

#endif
