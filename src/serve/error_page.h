/* Pages of a site's own for errors: what it has for a status, in place of our short one. */
#ifndef SERVE_ERROR_PAGE_H
#define SERVE_ERROR_PAGE_H

#include "serve/serve.h"

/*
 * From here on, errors on `ex` are answered with the pages that the route (or NULL) and the
 * site have for them: files of the site's own root, with the error's status.
 */
void error_pages_offer(const struct serve *s, struct exchange *ex, const struct site *site,
		       const struct route *route);

#endif
