#include "api/router.h"

#include <string.h>

#include "api/query.h"

#define SPECIFICITY_NONE (-1)

static const char *const methods[] = {
    [METHOD_GET] = "GET",         [METHOD_HEAD] = "HEAD",     [METHOD_POST] = "POST",
    [METHOD_PUT] = "PUT",         [METHOD_DELETE] = "DELETE", [METHOD_OPTIONS] = "OPTIONS",
    [METHOD_CONNECT] = "CONNECT", [METHOD_TRACE] = "TRACE",   [METHOD_PATCH] = "PATCH",
    [METHOD_OTHER] = "",
};

const char *
router_method(enum method method)
{
	return methods[method];
}

const struct operation *
router_next(size_t *group, size_t *index)
{
	while (operation_groups[*group] != NULL) {
		const struct operation_group *g = operation_groups[*group];

		if (*index < g->count)
			return &g->at[(*index)++];
		++*group;
		*index = 0;
	}
	return NULL;
}

/* Takes "/part" from the front. */
static bool
next_part(struct span *path, struct span *part)
{
	if (path->len == 0 || path->p[0] != '/')
		return false;
	struct span rest = span_tail(*path, 1);
	*part = span_head(rest, span_find(rest, '/'));
	*path = span_tail(rest, part->len);
	return true;
}

/* How many parts of the path are literally those of the pattern, when it fits at all. Of two that
 * fit, "/users/import" is meant rather than "/users/{user}". */
static int
fits(const char *pattern, struct span path, struct span parameters[API_PARAMETERS_MAX])
{
	struct span left = span_str(pattern), wanted, part;
	size_t parameter = 0;
	int literal = 0;

	while (next_part(&left, &wanted)) {
		if (!next_part(&path, &part))
			return SPECIFICITY_NONE;
		if (wanted.len > 0 && wanted.p[0] == '{') {
			if (part.len == 0 || parameter == API_PARAMETERS_MAX)
				return SPECIFICITY_NONE;
			parameters[parameter++] = part;
		} else if (span_equal(wanted, part)) {
			literal++;
		} else {
			return SPECIFICITY_NONE;
		}
	}
	return path.len == 0 ? literal : SPECIFICITY_NONE;
}

/* What of the path the operation's own path is compared with. */
static bool
path_for(const struct operation *op, struct span path, struct span *out)
{
	struct span prefix = SPAN_OF(API_PREFIX);

	*out = path;
	if (op->flags & OP_ROOT)
		return true;
	if (!span_starts_with(path, prefix))
		return false;
	*out = span_tail(path, prefix.len);
	return true;
}

const struct operation *
router_match(enum method method, struct span path, struct span parameters[API_PARAMETERS_MAX])
{
	const struct operation *best = NULL, *op;
	int most = SPECIFICITY_NONE;

	for (size_t group = 0, i = 0; (op = router_next(&group, &i)) != NULL;) {
		struct span own[API_PARAMETERS_MAX] = {{0}}, rest;
		int literal;

		if (op->method != method || !path_for(op, path, &rest) ||
		    (literal = fits(op->path, rest, own)) <= most)
			continue;
		most = literal;
		best = op;
		memcpy(parameters, own, sizeof own);
	}
	return best;
}

static const char *
methods_of(struct span path, struct arena *memory)
{
	const char *allow = NULL;
	const struct operation *op;

	for (size_t group = 0, i = 0; (op = router_next(&group, &i)) != NULL;) {
		struct span own[API_PARAMETERS_MAX], rest;
		const char *name = methods[op->method];

		if (!path_for(op, path, &rest) || fits(op->path, rest, own) == SPECIFICITY_NONE)
			continue;
		if (allow == NULL)
			allow = name;
		else if (strstr(allow, name) == NULL)
			allow = arena_printf(memory, "%s, %s", allow, name);
	}
	return allow;
}

const struct operation *
router_find(enum method method, struct span path, struct arena *memory,
	    struct span parameters[API_PARAMETERS_MAX], const char **allow)
{
	const struct operation *op;

	*allow = NULL;
	if (!query_is_text(memory, path))
		return NULL;
	op = router_match(method, path, parameters);
	if (op == NULL && method == METHOD_HEAD)
		op = router_match(METHOD_GET, path, parameters);
	if (op == NULL)
		*allow = methods_of(path, memory);
	return op;
}
