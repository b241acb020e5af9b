/* Bytes as text and back: hexadecimal, and base64 in both alphabets (RFC 4648). */
#ifndef BASE_ENCODE_H
#define BASE_ENCODE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

#define HEX_SIZE(n)       (2 * (n) + 1) /* with the NUL */
#define BASE64URL_SIZE(n) (((n)*4 + 2) / 3 + 1)

/* Lower case, with a NUL after it; `out` has HEX_SIZE(bytes.len). */
void hex_write(struct span bytes, char *out);

/* Both cases; false unless it is just `len` bytes. */
MUST_CHECK bool hex_read(struct span text, uint8_t *out, size_t len);

/* Without padding (§5), as in URLs; `out` has BASE64URL_SIZE(bytes.len). */
void base64url_write(struct span bytes, char *out);
/* Adds the bytes, or nothing: unless `text` is just what base64url_write() makes of them. */
MUST_CHECK bool base64url_read(struct span text, struct buf *out);

/* With padding (§4), in lines of `line` characters, each with its newline; 0: in one, without. */
MUST_CHECK bool base64_put(struct buf *out, struct span bytes, unsigned line);

/* Whitespace between is fine; anything else that does not belong there is not, and nothing is
 * added then. */
MUST_CHECK bool base64_read(struct span text, struct buf *out);

#endif
