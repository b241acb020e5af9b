/* Single words that are more than numbers: addresses, names, paths. Each tells of what is wrong. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config/reader.h"

/* Absolute, from the configuration file's directory; no "//", no "/./", no "/" at the end. */
const char *value_path(struct reader *r, const struct word *w); /* NULL: a fault */

MUST_CHECK bool value_endpoint(struct reader *r, const struct word *w, struct endpoint *out);
MUST_CHECK bool value_backend(struct reader *r, const struct word *w, struct backend *out);

/* Whether a word has the form of a back end, right or wrong: names and ALPN protocols do not. */
bool value_looks_like_backend(struct span w);

/* "example.org", "*.example.org" or an IP address, in lower case and the address's shortest form.
 */
const char *value_site_name(struct reader *r, const struct word *w); /* NULL: a fault */

/* "NETWORK...", each added to the list; the word loopback is 127.0.0.0/8 and ::1. */
void value_networks(struct reader *r, const struct option *o, const struct directive *d,
		    struct network **list, size_t *count);

/* One of these words; `what` is what it should have been, for a message. */
void value_network(struct reader *r, const struct word *w, const char *what, struct network **list,
		   size_t *count);
void value_loopback(struct reader *r, struct network **list, size_t *count);

#endif
