/*
 * Requests for the access server: control answers them, as one more server behind a proxy, and
 * is told by fields of our own who asks. Nobody else is told so, nor may say so.
 */
#ifndef SERVE_CONTROL_H
#define SERVE_CONTROL_H

#include "serve/serve.h"

/* `route` is of ROUTE_CONTROL: the admin port's own, or one of `site`. */
void control_serve(const struct serve *s, struct exchange *ex, const struct site *site,
		   const struct route *route);

/* Control knows no such page, or will not have it known: answered as if control were not there.
 * Nobody else may have begun an answer, or wait for the request's body. */
void control_unknown(const struct serve *s, struct exchange *ex, const struct site *site,
		     const struct route *route);

/* Control cannot be asked: 503, and when to come back. */
void control_is_down(struct exchange *ex);

/* "x-sallyport-…": between us and control. */
bool control_owns_field(struct span name);

#define CONTROL_FIELDS 3
/* Who asks, since when, and by which door. Returns how many; they live as long as the exchange. */
size_t control_fields(const struct exchange *ex, struct field out[CONTROL_FIELDS]);

/* Whether control says that there is no such page. */
bool control_says_unknown(const struct field *fields, size_t count);

/* Whether it says that the client shall come by another connection next. */
bool control_says_last(const struct field *fields, size_t count);

/* The value of a Cookie field without our own: `value` itself where there is none, empty where
 * there is nothing else. */
struct span control_strip_cookie(struct arena *memory, struct span value);

#endif
