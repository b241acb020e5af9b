/* The media type of a file, by the end of its name. */
#ifndef SERVE_TYPE_H
#define SERVE_TYPE_H

#include "base/span.h"

struct span type_of_name(struct span name);

#endif
