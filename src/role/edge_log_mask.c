#include "role/edge_log_mask.h"

#include <string.h>

#include "base/attr.h"
#include "base/text.h"

#define API_TOKEN_MIN 40 /* with its prefix; those that we make have 46 */

/* Behind these a token is the next segment of the path. */
static const struct span prefixes[] = {
    SPAN_INIT("/setup/"),        SPAN_INIT("/link/"),          SPAN_INIT("/api/v1/setup/"),
    SPAN_INIT("/api/v1/links/"), SPAN_INIT("/api/v1/import/"),
};

/* The byte that stands at *at, encoded or not; *at goes behind it. */
static uint8_t
take_byte(struct span text, size_t *at)
{
	struct span rest = span_tail(text, *at);
	int high, low;

	if (rest.len >= 3 && rest.p[0] == '%' && (high = text_hex_digit(rest.p[1])) >= 0 &&
	    (low = text_hex_digit(rest.p[2])) >= 0) {
		*at += 3;
		return (uint8_t)(high << 4 | low);
	}
	*at += 1;
	return rest.p[0];
}

/* Where what follows `prefix` begins; 0: `path` does not begin so. */
static size_t
behind(struct span path, struct span prefix)
{
	size_t at = 0;

	for (size_t i = 0; i < prefix.len; i++)
		if (at >= path.len || take_byte(path, &at) != prefix.p[i])
			return 0;
	return at;
}

/* Of "https://host/path": nothing is logged of a user in it, so it may be in the host. */
static size_t
path_of(struct span text)
{
	size_t colon = span_find(text, ':');

	if (span_find(text, '/') < colon ||
	    !span_starts_with(span_tail(text, colon), SPAN_OF("://")))
		return 0;
	return colon + 3 + span_find(span_tail(text, colon + 3), '/');
}

static bool
is_number(struct span s)
{
	uint64_t n;

	return text_to_u64(s, UINT64_MAX, &n);
}

static size_t
segment_length(struct span s)
{
	size_t n = 0;

	while (n < s.len && s.p[n] != '/' && s.p[n] != '?' && s.p[n] != '#')
		n++;
	return n;
}

static bool
is_base64url(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '-' || c == '_';
}

bool
log_mask_find(struct span text, size_t *at, size_t *len)
{
	size_t path = path_of(text), found = 0;

	for (size_t i = 0; i < COUNT(prefixes) && found == 0; i++)
		found = behind(span_tail(text, path), prefixes[i]);
	*at = path + found;
	*len = segment_length(span_tail(text, *at));
	return found > 0 && *len > 0 && !is_number(span_head(span_tail(text, *at), *len));
}

bool
log_mask_find_key(struct span text, size_t *at, size_t *len)
{
	static const struct span prefix = SPAN_INIT("sp_");

	for (*at = 0;; ++*at) {
		const uint8_t *found = NULL;
		struct span rest = span_tail(text, *at);

		if (rest.len > 0)
			found = memmem(rest.p, rest.len, prefix.p, prefix.len);
		if (found == NULL)
			return false;
		*at += (size_t)(found - rest.p);
		rest = span_tail(text, *at);
		for (*len = 0; *len < rest.len && is_base64url(rest.p[*len]);)
			++*len;
		if (*len >= API_TOKEN_MIN)
			return true;
	}
}
