#include "cli/settable.h"

#include <stdio.h>

#include "api/router.h"

json_t *
settable(const char *path, const json_t *now)
{
	struct span parameters[API_PARAMETERS_MAX];
	json_t *out = json_object();
	char whole[256];

	snprintf(whole, sizeof whole, API_PREFIX "%s", path);
	const struct operation *op = router_match(METHOD_PUT, span_str(whole), parameters);
	for (size_t i = 0; op != NULL && i < op->body->count; i++) {
		json_t *value = json_object_get(now, op->body->members[i].name);

		if (value != NULL)
			json_object_set(out, op->body->members[i].name, value);
	}
	return out;
}
