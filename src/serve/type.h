/* The media type of a file, by the end of its name. */
#ifndef SERVE_TYPE_H
#define SERVE_TYPE_H

#include <stdbool.h>

#include "base/span.h"

struct span type_of_name(struct span name);

/* Whether files of that type are compressed by their own nature: images, archives, fonts. */
bool type_is_packed(struct span type);

#endif
