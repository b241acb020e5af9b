/* Methods by name (RFC 9110 §9.1), the same for every version. */
#ifndef HTTP_METHOD_H
#define HTTP_METHOD_H

#include "base/attr.h"
#include "http/exchange.h"

#define METHOD_MAX 32 /* bytes of a name; longer ones nobody has */

/* The status that says what is wrong with it; 0: nothing. An empty one is only not there yet. */
MUST_CHECK unsigned method_check(struct span name);

enum method method_of(struct span name);

#endif
