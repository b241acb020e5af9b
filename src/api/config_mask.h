/*
 * Secrets in a configuration's text: what is shown has a mark in place of each, and a text that
 * comes back gets them again. A mark says which secret it stands for to us alone.
 */
#ifndef API_CONFIG_MASK_H
#define API_CONFIG_MASK_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/span.h"
#include "pki/vault.h"

/* False when `out` is full. A text with faults is masked as well as one without. */
MUST_CHECK bool config_mask(const struct vault *v, struct arena *memory, struct span text,
			    struct buf *out);

/* Puts back what the marks stand for, out of `originals`. *line is then 0; or the first line that
 * has a mark of something which is in none of them, or where no secret stands: there it would be
 * shown, and nothing of `out` is to be used. False when `out` is full. */
MUST_CHECK bool config_unmask(const struct vault *v, struct arena *memory, struct span text,
			      const struct span *originals, size_t count, struct buf *out,
			      unsigned *line);

/* What config_read() says of `text`, without the lines that it quotes where they have a secret:
 * a fault may be just that the word which makes it one is not where it belongs. */
MUST_CHECK bool config_mask_faults(struct arena *memory, struct span text, const char *file,
				   struct span faults, struct buf *out);

#endif
