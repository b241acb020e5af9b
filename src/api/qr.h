/* A QR code as a picture, for one-time codes on a phone. */
#ifndef API_QR_H
#define API_QR_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/mem.h"

/* Adds an SVG document with `text` as a QR code: black on white, a quiet zone of four modules
 * (ISO/IEC 18004 §9.1). False when it is too long for one, or `out` is full. */
MUST_CHECK bool qr_put_svg(const char *text, struct buf *out);

/* The same as a text in `memory`, which may be as secret as what it was made of; NULL: it is too
 * long. */
const char *qr_svg(const char *text, struct arena *memory);

#endif
