/* What is in a directory, as a page or, for programs, as JSON. */
#ifndef SERVE_LISTING_H
#define SERVE_LISTING_H

#include "serve/serve.h"

/*
 * Lists the directory `path` (decoded, '/' at both ends) below `root`. Hidden files are left
 * out; of a very large directory a part is shown, and it says so. 0: answered; or an errno.
 */
MUST_CHECK int listing_serve(struct exchange *ex, int root, struct span path,
			     const struct policy *policy);

#endif
