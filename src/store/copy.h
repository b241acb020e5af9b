/* Copies of the database as it was before a migration. */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "store/driver.h"

/* In the directory `copies`, under a name with the time and the schema's `number`; of those that
 * are there the last seven stay. */
MUST_CHECK struct err copy_make(struct store *s, const char *copies, int64_t number);

/* Why a database with schema `number`, which is newer than ours, is not used, and what to do. */
MUST_CHECK struct err copy_refusal(const struct store_place *place, int64_t number);

#endif
