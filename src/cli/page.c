#include "cli/page.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/value.h"
#include "cli/verb.h"

#define PART 500 /* rows of one answer */

static const char *
part_path(struct arena *memory, const struct page_request *want, uint64_t have, const char *after)
{
	uint64_t limit = want->limit > 0 && want->limit - have < PART ? want->limit - have : PART;
	const char *path =
	    arena_printf(memory, "%s%climit=%u", want->path,
			 strchr(want->path, '?') != NULL ? '&' : '?', (unsigned)limit);

	return after == NULL
		   ? path
		   : arena_printf(memory, "%s&after=%s", path, value_escaped(memory, after));
}

/* One part; `after` is where the next begins, NULL when there is none. */
static int
fetch_part(struct client *c, const char *path, json_t *items, struct arena *memory,
	   const char **after)
{
	struct answer a;
	int status = client_get(c, path, &a);

	if (status != EXIT_DONE)
		return status;
	const char *next = json_string_value(json_object_get(a.json, "next"));
	json_array_extend(items, json_object_get(a.json, "items"));
	*after = next != NULL ? arena_copy(memory, span_str(next)) : NULL;
	answer_free(&a);
	return EXIT_DONE;
}

int
page_fetch(struct client *c, const struct page_request *want, json_t **items, bool *more)
{
	struct arena *memory = arena_new();
	const char *after = NULL;
	int status;

	*items = json_array();
	do {
		uint64_t have = json_array_size(*items);

		status =
		    fetch_part(c, part_path(memory, want, have, after), *items, memory, &after);
	} while (status == EXIT_DONE && after != NULL &&
		 (want->limit == 0 || json_array_size(*items) < want->limit));
	if (more != NULL)
		*more = after != NULL;
	if (status != EXIT_DONE) {
		json_decref(*items);
		*items = NULL;
	}
	arena_free(memory);
	return status;
}
