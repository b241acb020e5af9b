/* What a configuration is searched by, once it is read. */
#ifndef CONFIG_NAMES_H
#define CONFIG_NAMES_H

#include "config/config.h"

/* Puts config.site_names in order. */
void names_sort(struct config *c);

/* Fills config.roots, in order, and tells each route where its root stands there. */
void roots_collect(struct config *c);

#endif
