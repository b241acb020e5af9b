/* The tables, as numbered migrations. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "store/driver.h"

extern const int schema_newest; /* the number of the last migration */

/* Every table with rows of people's, those that are referred to before those that refer. Each has
 * an id. NULL-ended. */
extern const char *const schema_tables[];

/* 0: the database is empty. */
MUST_CHECK enum store_result schema_number(struct store *s, int64_t *number);

/* Migrates up to `to`, in the transaction that is open. */
MUST_CHECK enum store_result schema_migrate(struct store *s, int64_t to);

/* Whether there is no row in any table. */
MUST_CHECK enum store_result schema_is_empty(struct store *s, bool *empty);

/* Drops all tables: as if nothing had ever been migrated. */
MUST_CHECK enum store_result schema_clear(struct store *s);

/* Ids were given by hand: the database goes on after the highest. */
MUST_CHECK enum store_result schema_count_on(struct store *s);

#endif
