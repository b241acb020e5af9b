/* What may stand in "site NAME... { }". */
#ifndef CONFIG_SITE_BLOCK_H
#define CONFIG_SITE_BLOCK_H

#include "config/option.h"

/* Of the struct config. */
void site_read(struct reader *r, const struct option *o, const struct directive *d, void *into);
void site_print(struct printer *p, const struct option *o, const void *from);

/* Of a struct site. */
void site_read_certificate(struct reader *r, const struct option *o, const struct directive *d,
			   void *into);
void site_print_certificate(struct printer *p, const struct option *o, const void *from);
void site_read_index(struct reader *r, const struct option *o, const struct directive *d,
		     void *into);
void site_print_index(struct printer *p, const struct option *o, const void *from);
void site_read_root(struct reader *r, const struct option *o, const struct directive *d,
		    void *into);
void site_print_root(struct printer *p, const struct option *o, const void *from);
void site_read_route(struct reader *r, const struct option *o, const struct directive *d,
		     void *into);
void site_print_route(struct printer *p, const struct option *o, const void *from);

/* What needs all of the file: paths in state_dir, the list of roots, names to search. */
void site_complete(struct reader *r);

#endif
