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

struct mistake {
	const char *text, *said;
};

/* Each of these is wrong, and is told so. */
static inline void
assert_each_said(const struct mistake *wrong, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_said(&as_root, wrong[i].text, wrong[i].said);
}

/* The first fault is not followed by others that come of it. */
static inline void
assert_each_is_one_fault(const struct mistake *wrong, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct buf errors = buf_with_cap(1 << 16);

		assert_null(read_with(&as_root, wrong[i].text, &errors));
		if (count_lines_with((const char *)errors.data, "sallyport.conf:") != 1)
			fail_msg("%s\n%s", wrong[i].text, (const char *)errors.data);
		buf_free(&errors);
	}
}

struct allowed {
	const char *text, *warning; /* NULL: none */
};

/* Each of these is right, with one warning or with none. */
static inline void
assert_each_warns(const struct allowed *allowed, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct config *c = good(allowed[i].text);
		const char *said = c->warning_count > 0 ? c->warnings[0] : NULL;

		if (c->warning_count != (allowed[i].warning != NULL) ||
		    (said != NULL && strstr(said, allowed[i].warning) == NULL))
			fail_msg("%s: %s", allowed[i].text, said != NULL ? said : "no warning");
		config_free(c);
	}
}

#endif
