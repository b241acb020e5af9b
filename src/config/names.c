#include "config/names.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"

static int
by_key(const void *a, const void *b)
{
	return strcmp(((const struct site_name *)a)->key, ((const struct site_name *)b)->key);
}

void
names_sort(struct config *c)
{
	if (c->site_name_count > 0)
		qsort(c->site_names, c->site_name_count, sizeof *c->site_names, by_key);
}

/* As strcmp(), with `host` in lower case. */
static int
compare(struct span host, const char *key)
{
	for (size_t i = 0; i < host.len; i++) {
		int difference = text_lower(host.p[i]) - (uint8_t)key[i];

		if (difference != 0 || key[i] == '\0')
			return difference != 0 ? difference : 1;
	}
	return key[host.len] == '\0' ? 0 : -1;
}

static const struct site *
find(const struct config *c, struct span host)
{
	size_t low = 0, high = c->site_name_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(host, c->site_names[middle].key);

		if (order == 0)
			return c->site_names[middle].site;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* The forms of one name in a URL: "[2001:db8::1]" and, with its root, "example.org.". */
static struct span
plain_host(struct span host)
{
	if (host.len > 2 && host.p[0] == '[' && host.p[host.len - 1] == ']')
		return span_of(host.p + 1, host.len - 2);
	if (host.len > 1 && host.p[host.len - 1] == '.')
		host.len--;
	return host;
}

const struct site *
config_site(const struct config *c, struct span host)
{
	host = plain_host(host);
	if (host.len == 0 || host.p[0] == '.')
		return NULL; /* keys of wildcards begin so, names do not */
	const struct site *site = find(c, host);
	return site != NULL ? site : find(c, span_tail(host, span_find(host, '.')));
}

bool
config_name_fits(const char *pattern, struct span host)
{
	struct span rest = span_str(pattern);

	host = plain_host(host);
	if (pattern[0] == '*') {
		size_t label = span_find(host, '.');

		if (label == 0)
			return false;
		rest = span_tail(rest, 1);
		host = span_tail(host, label);
	}
	return rest.len > 0 && span_equal_nocase(rest, host);
}
