/* What edge counts, by name: one table for the history, the metrics and the document. */
#ifndef API_COUNTERS_H
#define API_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>

#include "ipc/message.h"

struct counter_row {
	enum counter counter;
	const char *name; /* as `status` groups it: "requests_proxied" is requests.proxied */
	bool now;         /* how many there are, rather than how many there have been */
	const char *doc;  /* a sentence */
	const char *family, *label; /* where metrics have several as one; NULL: by its name alone */
};
extern const struct counter_row counter_rows[];
extern const size_t counter_row_count;

#endif
