/*
 * An error is a sentence for the person who must act on it; no text, no error.
 * It is returned by value, so it has no owner and outlives its maker.
 *
 *	struct err e = open_it(&it);
 *	if (failed(e))
 *		return err_in(e, "cannot start");	-> "cannot start: <why>"
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#include "base/attr.h"

#define ERR_TEXT_MAX 320 /* bytes with the NUL; longer texts are cut */

struct err {
	char text[ERR_TEXT_MAX];
};

#define ERR_NONE ((struct err){.text = ""})

static inline bool
failed(struct err e)
{
	return e.text[0] != '\0';
}

/* Makes an error from a format. */
MUST_CHECK struct err err_new(const char *fmt, ...) PRINTF(1, 2);

/* The same, with ": " and what errno means after it. */
MUST_CHECK struct err err_sys(const char *fmt, ...) PRINTF(1, 2);

/* `why` with "<fmt>: " before it; ERR_NONE stays ERR_NONE. */
MUST_CHECK struct err err_in(struct err why, const char *fmt, ...) PRINTF(2, 3);

#endif
