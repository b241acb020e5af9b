/* Single words of HTTP: parts of URLs, fields, media types. Each tells of what is wrong. */
#ifndef CONFIG_VALUE_HTTP_H
#define CONFIG_VALUE_HTTP_H

#include "config/reader.h"

/* "http://host[:port]", "https://host[:port]" or "unix:/path"; with its authority. */
MUST_CHECK bool value_server(struct reader *r, const struct word *w, enum scheme *scheme,
			     struct backend *out);

/* NULL: a fault, for all of these. */
const char *value_method(struct reader *r, const struct word *w);
const char *value_media_type(struct reader *r, const struct word *w); /* or "text/" and "*" */
const char *value_field_name(struct reader *r, const struct word *w); /* in lower case */
const char *value_field_value(struct reader *r, const struct word *w);

/* A name in a directory, not a way out of it. */
const char *value_file_name(struct reader *r, const struct word *w);

/* A path of a site: begins with "/", no dot segments. */
const char *value_site_path(struct reader *r, const struct word *w);

/* The same, or one that "{path}" stands in. */
const char *value_try_path(struct reader *r, const struct word *w);

/* What a request asks for: a path and maybe a query, as they are sent. */
const char *value_target(struct reader *r, const struct word *w);

/* With placeholders: a path, and where a redirect leads to. */
const char *value_rewrite(struct reader *r, const struct word *w);
const char *value_location(struct reader *r, const struct word *w);

/* 100 to 599, within the range given. */
MUST_CHECK bool value_status(struct reader *r, const struct word *w, unsigned least, unsigned most,
			     unsigned *out);

#endif
