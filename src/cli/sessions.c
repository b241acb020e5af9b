/* `session list`: who is signed in with a browser, and who is connected to the VPN. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/page.h"
#include "cli/people.h"
#include "cli/print.h"
#include "cli/resource.h"

struct lists {
	json_t *browsers, *tunnels;
};

static bool
narrows_tunnels(struct span part)
{
	return span_starts_with(part, SPAN_OF("user=")) ||
	       span_starts_with(part, SPAN_OF("search="));
}

/* Both are narrowed by the same words; what browsers are sorted by, tunnels may not have. */
static const char *
of_tunnels(struct arena *memory, const char *path)
{
	const char *out = "/tunnels";
	struct span query = span_str(path);

	query = span_tail(query, span_find(query, '?') + 1);
	for (char mark = '?'; query.len > 0;) {
		struct span part = span_head(query, span_find(query, '&'));

		if (narrows_tunnels(part)) {
			out = arena_printf(memory, "%s%c%.*s", out, mark, (int)part.len, part.p);
			mark = '&';
		}
		query = span_tail(query, part.len + 1);
	}
	return out;
}

static int
fetch(struct client *c, struct command_line *l, struct lists *out)
{
	const char *limit = line_value(l, "--limit");
	struct page_request want = {.limit = l->verb->usual};
	struct request r;
	int status = request_make(c, l, &r);

	if (limit != NULL && !text_to_u64(span_str(limit), UINT32_MAX, &want.limit)) {
		fputs("sallyport: --limit takes a number\n", stderr);
		status = EXIT_USAGE;
	}
	want.path = r.path;
	if (status == EXIT_DONE)
		status = page_fetch(c, &want, &out->browsers, NULL);
	want.path = of_tunnels(l->memory, r.path);
	if (status == EXIT_DONE)
		status = page_fetch(c, &want, &out->tunnels, NULL);
	request_free(&r);
	return status;
}

static void
put_table(const struct verb *v, const json_t *items)
{
	print_on_terminal(v->columns, v->column_count, items);
}

static void
put(const struct command_line *l, const struct lists *lists)
{
	json_t *all;

	if (l->json) {
		all = json_pack("{s:O, s:O, s:n}", "items", lists->browsers, "tunnels",
				lists->tunnels, "next");
		print_json(stdout, all);
		json_decref(all);
		return;
	}
	put_table(l->verb, lists->browsers);
	if (json_array_size(lists->tunnels) == 0)
		return;
	puts("\nConnected to the VPN:");
	put_table(verb_find("tunnel", "list"), lists->tunnels);
}

int
people_sessions(struct command_line *l)
{
	struct lists lists = {NULL, NULL};
	struct client *c = NULL;
	int status = client_open(l->file, &c);

	if (status == EXIT_DONE)
		status = fetch(c, l, &lists);
	if (status == EXIT_DONE)
		put(l, &lists);
	json_decref(lists.browsers);
	json_decref(lists.tunnels);
	client_close(c);
	return status;
}
