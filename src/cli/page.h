/* Lists, which the API answers in parts. */
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

#include "cli/client.h"

struct page_request {
	const char *path; /* with its query */
	uint64_t limit;   /* 0: all */
};

/* All items, as a list that is the caller's; *more (may be NULL): there are others still. Other
 * than EXIT_DONE: it was said why. */
int page_fetch(struct client *c, const struct page_request *want, json_t **items, bool *more);

#endif
