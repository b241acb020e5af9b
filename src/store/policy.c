#include "store/policy.h"

#include "store/driver.h"

static const char **
split(struct arena *memory, const char *lines)
{
	const char **list = NULL;
	size_t count = 0;

	for (struct span rest = span_str(lines); rest.len > 0;) {
		size_t length = span_find(rest, '\n');

		*ARENA_PUSH(memory, list, count) = arena_copy(memory, span_head(rest, length));
		rest = span_tail(rest, length + 1);
	}
	*ARENA_PUSH(memory, list, count) = NULL;
	return list;
}

void
policy_read(struct row *r, struct user_policy *out)
{
	const char *dns;

	out->totp_required = (int)row_int(r);
	out->devices_max = row_int(r);
	out->connections_max = row_int(r);
	out->session_minutes = row_int(r);
	out->tunnel = (int)row_int(r);
	out->client_to_client = (int)row_int(r);
	dns = row_text(r);
	out->dns = dns != NULL ? split(r->memory, dns) : NULL;
}

char *
policy_dns(const struct user_policy *p)
{
	size_t size = 1;
	uint8_t *text, *end;

	if (p->dns == NULL)
		return NULL;
	for (const char **d = p->dns; *d != NULL; d++)
		size += strlen(*d) + 1;
	text = end = mem_new(size);
	for (const char **d = p->dns; *d != NULL; d++) {
		end = span_put(end, span_str(*d));
		*end++ = '\n';
	}
	return (char *)text;
}
