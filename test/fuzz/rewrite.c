/*
 * Targets through strip_prefix, rewrite and redirect: what is passed on is what was matched,
 * and nothing leads where the configuration does not.
 */
#include "serve/rewrite.h"
#include "fuzz.h"
#include "http/target.h"
#include "serve/wire.h"

static void
check_text(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		check(s.p[i] > 0x20 && s.p[i] < 0x7F);
}

static void
check_target(struct exchange *ex, const struct route *route, const struct span *expected)
{
	struct span target = rewrite_target(ex, route);
	struct target_parts t;

	check_text(target);
	check(target_parse(target, METHOD_GET, ex->memory, &t));
	check(t.authority.len == 0 && t.path.p[0] == '/');
	if (expected != NULL)
		check(span_equal(t.path, *expected));
	struct span path = rewrite_path(ex, route);
	check(span_equal(t.path, path));
}

static void
check_location(struct exchange *ex, const char *template, const char *begins)
{
	static const char *names[] = {"example.org"};
	const struct site site = {.names = names, .name_count = 1};
	const struct route route = {.text = template};
	struct span location = rewrite_location(ex, &site, &route);

	check_text(location);
	check(span_starts_with(location, span_str(begins)));
	check(!span_starts_with(location, SPAN_OF("//")));
	check(!span_starts_with(location, SPAN_OF("/\\")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct route plain = {.path = "/*"}, strip = {.strip_prefix = "/app"},
				  rewrite = {.rewrite = "/v2/{path}"},
				  both = {.strip_prefix = "/app/", .rewrite = "/x?{query}&p={uri}"},
				  strange = {.rewrite = "/{query}/{host}"};
	struct arena *memory = arena_new();
	struct exchange ex = {.memory = memory};
	struct target_parts t;

	ex.request.target = span_of(data, size);
	if (target_parse(ex.request.target, METHOD_GET, memory, &t)) {
		ex.request.path = t.path;
		ex.request.query = t.query;
		ex.request.host = t.host;
		check_target(&ex, &plain, &t.path);
		check_target(&ex, &strip, NULL);
		check_target(&ex, &rewrite, NULL);
		check_target(&ex, &both, NULL);
		check_target(&ex, &strange, NULL);
		check_location(&ex, "https://example.org{uri}", "https://example.org/");
		check_location(&ex, "https://example.org{query}{path}", "https://example.org/");
		check_location(&ex, "/{path}", "/");
		check_location(&ex, "{path}", "/");
		check_location(&ex, "{query}", "");
		check_location(&ex, "/login?next={uri}&p={path}&q={query}", "/login?next=/");
	}
	arena_free(memory);
	return 0;
}
