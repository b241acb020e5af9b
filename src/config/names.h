/* What a configuration is searched by, once it is read. */
#ifndef CONFIG_NAMES_H
#define CONFIG_NAMES_H

#include "config/config.h"

/* Puts config.site_names in order. */
void names_sort(struct config *c);

#endif
