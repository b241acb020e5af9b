/* Request targets and Host fields: whatever is accepted is a path that stays below its root. */
#include "http/target.h"
#include "fuzz.h"
#include "serve/location.h"

static bool
has(struct span s, const char *text)
{
	return s.len > 0 && memmem(s.p, s.len, text, strlen(text)) != NULL;
}

static bool
ends_with(struct span s, const char *text)
{
	size_t n = strlen(text);

	return s.len >= n && memcmp(s.p + s.len - n, text, n) == 0;
}

static void
check_path(struct span path)
{
	if (span_equal(path, SPAN_OF("*")))
		return;
	check(path.len > 0 && path.p[0] == '/');
	check(!has(path, "//") && !has(path, "/../") && !has(path, "/./"));
	check(!ends_with(path, "/..") && !ends_with(path, "/."));
	check(span_find(path, '\0') == path.len);
}

/* What is sent back in a Location holds nothing that ends a line, and leads to the same path. */
static void
check_location(const struct target_parts *t, struct arena *memory)
{
	struct span location = location_encode(memory, t->path, SPAN_NONE, t->query);
	struct target_parts again;

	for (size_t i = 0; i < location.len; i++)
		check(location.p[i] > 0x20 && location.p[i] < 0x7F);
	if (t->path.p[0] != '/')
		return;
	check(target_parse(location, METHOD_GET, memory, &again));
	check(span_equal(again.path, t->path) && span_equal(again.query, t->query));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_of(data, size), authority, host;
	struct arena *memory = arena_new();
	struct target_parts t;

	if (target_parse(text, METHOD_GET, memory, &t)) {
		check_path(t.path);
		check_location(&t, memory);
	}
	if (target_parse(text, METHOD_OPTIONS, memory, &t))
		check_path(t.path);
	if (authority_parse(text, memory, &authority, &host))
		check(authority.len == size && host.len > 0 && host.len <= authority.len);
	arena_free(memory);
	return 0;
}
