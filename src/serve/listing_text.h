/* A directory's entries as text. Names are anything that a file may be called. Pure. */
#ifndef SERVE_LISTING_TEXT_H
#define SERVE_LISTING_TEXT_H

#include "base/buf.h"
#include "os/fs.h"

struct listed {
	struct span name;
	struct fs_info info; /* of a file or a directory */
};

struct listing {
	struct span path; /* with '/' at both ends */
	struct listed *entries;
	size_t count;
	bool cut; /* there is more */
};

MUST_CHECK bool listing_put_html(struct buf *b, const struct listing *l);

/* An array of objects, as nginx's autoindex makes it. */
MUST_CHECK bool listing_put_json(struct buf *b, const struct listing *l);

#endif
