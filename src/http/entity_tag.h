/* Entity tags (RFC 9110 §8.8.3), as requests tell of them. Pure. */
#ifndef HTTP_ENTITY_TAG_H
#define HTTP_ENTITY_TAG_H

#include "http/field.h"

/* One from the front of a list; its quotes stay. False: no tag. */
MUST_CHECK bool entity_tag_take(struct span *list, struct span *tag, bool *weak);

/* Whether `tag`, with its quotes and strong, is among those that the fields of that name list,
 * which may be several (§5.3); compared strongly, or weakly (§8.8.3.2). "*" lists all. */
bool entity_tags_have(const struct field *fields, size_t count, struct span name, struct span tag,
		      bool strongly);

#endif
