/* Reads a configuration as root would from /etc/sallyport/sallyport.conf. */
#ifndef TEST_UNIT_CONFIG_TRY_H
#define TEST_UNIT_CONFIG_TRY_H

#include <stdio.h>

#include "unit.h"

#include "config/config.h"

static const struct config_defaults as_root = {"/etc/sallyport/sallyport.conf", true};
static const struct config_defaults as_user = {"/etc/sallyport/sallyport.conf", false};

/* One site that has all that it must. */
#define SITE "site example.org { certificate self-signed; root /srv }\n"

/* What config_read() says of `text`: its errors, empty when there are none. In `errors`. */
static inline struct config *
read_with(const struct config_defaults *defaults, const char *text, struct buf *errors)
{
	struct config *c = config_read(span_str(text), defaults, errors);

	assert_true(buf_append(errors, span_of("", 1)));
	return c;
}

/* For a text that must be right. */
static inline struct config *
good(const char *text)
{
	struct buf errors = buf_with_cap(1 << 16);
	struct config *c = read_with(&as_root, text, &errors);

	if (c == NULL)
		fail_msg("%s\nshould be right, but: %s", text, (const char *)buf_span(&errors).p);
	buf_free(&errors);
	return c;
}

/* For a text that must be wrong, and of which `expected` must be said. */
static inline void
assert_said(const struct config_defaults *defaults, const char *text, const char *expected)
{
	struct buf errors = buf_with_cap(1 << 16);
	struct config *c = read_with(defaults, text, &errors);
	const char *said = (const char *)buf_span(&errors).p;

	if (c != NULL)
		fail_msg("%s\nshould be wrong: %s", text, expected);
	if (strstr(said, expected) == NULL)
		fail_msg("%s\nshould say: %s\nbut says: %s", text, expected, said);
	buf_free(&errors);
}

static inline unsigned
count_lines_with(const char *text, const char *piece)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, piece)) != NULL; at++)
		n++;
	return n;
}

#endif
