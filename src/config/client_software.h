/* Where people get what their devices connect with. */
#ifndef CONFIG_CLIENT_SOFTWARE_H
#define CONFIG_CLIENT_SOFTWARE_H

#include "config/option.h"

struct reader;
struct printer;
struct directive;

/* Of a struct vpn. */
void software_read(struct reader *r, const struct option *o, const struct directive *d, void *into);
void software_print(struct printer *p, const struct option *o, const void *from);

#endif
