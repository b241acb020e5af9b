/* Answers with one file that was found: conditions, ranges, the whole (RFC 9110 §13, §14). */
#ifndef SERVE_ANSWER_H
#define SERVE_ANSWER_H

#include "serve/cache.h"

/*
 * Gives file->fd away. `cache_control` is the value of that field, empty: none. With `types`,
 * a large one is compressed on its way for those who accept it.
 */
void answer_file(struct exchange *ex, const struct found *file, struct span cache_control,
		 const char *const *types);

/* With `status`, whatever the conditions and the method of the request, and with `fields`. */
void answer_file_as(struct exchange *ex, const struct found *file, unsigned status,
		    const struct field *fields, size_t count);

/* Closes what was found and is not answered with. */
void answer_let_go(const struct found *file);

#endif
