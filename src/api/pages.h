/*
 * What is here for browsers where no console is installed: pages of plain HTML, without script,
 * that say so; and those behind one-time links, which have to work in any case.
 */
#ifndef API_PAGES_H
#define API_PAGES_H

#include "api/door.h"

/* False: there is no such page, or not for him. *policy is the page's Content-Security-Policy. */
MUST_CHECK bool pages_answer(struct api *api, const struct api_request *r, const struct visitor *v,
			     struct api_answer *out, const char **policy);

/* Which list guards it; false: there is no such page. */
MUST_CHECK bool pages_list(const struct api_request *r, enum door_list *out);

/* Puts a page in place of the problem that `out` is, if it was a page that was asked for. */
void pages_refuse(struct arena *memory, const struct api_request *r, struct outcome o,
		  struct api_answer *out, const char **policy);

/* Whether a password is hashed for it. */
bool pages_are_slow(const struct api_request *r);

#endif
