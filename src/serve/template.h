/*
 * Texts of the configuration with placeholders for what a client asked for: {path}, {query},
 * {uri} (path and query) and {host}. Each is put in so that it stays what it is, where it is.
 */
#ifndef SERVE_TEMPLATE_H
#define SERVE_TEMPLATE_H

#include "base/mem.h"
#include "base/span.h"

struct template_values {
	struct span path; /* as wire_path() makes it */
	struct span query, host;
};

/*
 * A client cannot choose where it leads to but by {host}: a path keeps one '/' at its
 * beginning, nothing else can end the host's name, and nothing a field line.
 */
struct span template_fill(const char *text, const struct template_values *values,
			  struct arena *memory);

/* Whether it has a query of its own, so that the client's is not added. */
bool template_has_query(const char *text);

#endif
