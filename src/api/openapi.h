/* The OpenAPI 3.1 document of all that can be asked, made of the tables of operations. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"

MUST_CHECK bool openapi_write(struct buf *out);

#endif
