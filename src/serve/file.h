/* Answers with files below a root: GET and HEAD (RFC 9110 §9), what is tried, what is hidden. */
#ifndef SERVE_FILE_H
#define SERVE_FILE_H

#include "serve/cache.h"
#include "serve/serve.h"

/* `path` is what to look up: decoded, without dot segments, with its '/'. */
void file_serve(const struct serve *s, struct exchange *ex, const struct site *site,
		const struct route *route, struct span path);

/* What `path` is on a route of files; as cache_find(), and ENOENT for what is hidden: ".git",
 * ".htpasswd" and their like. `request` may be NULL. */
MUST_CHECK int file_find(const struct serve *s, const struct route *route, struct span path,
			 const struct request *request, struct arena *memory, struct found *out);

/* 405 with what is allowed on files; true when the method is one of these. */
MUST_CHECK bool file_method_allowed(struct exchange *ex);

/* The page for what fs_open_beneath() said. */
void file_respond_errno(struct exchange *ex, int why);

#endif
