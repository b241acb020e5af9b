/*
 * The console and the portal, as they were built from web/: files that are part of the program,
 * each compressed beforehand.
 */
#ifndef API_WEB_H
#define API_WEB_H

#include "api/api.h"

struct web_file {
	const char *path;  /* of its own: "/portal/assets/main-Bk3x.js"; or a page's: "/portal" */
	const char *media; /* with its charset */
	const char *tag;   /* of its bytes */
	struct span plain, gzip, brotli;
};

struct web {
	const struct web_file *at; /* by path */
	size_t count;
};

/* What this program was built with (tools/embed.py): nothing, where web/ was not built before. */
extern const struct web web_built;

/* Answers with that file, in a coding that the client takes, or with 304 where he has it. False:
 * there is no such file. *policy is the Content-Security-Policy of a page, else it is left. */
MUST_CHECK bool web_answer(const struct web *web, const struct api_request *r, struct span path,
			   struct arena *memory, struct api_answer *out, const char **policy);

#endif
