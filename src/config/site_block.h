/* What may stand in "site NAME... { }". */
#ifndef CONFIG_SITE_BLOCK_H
#define CONFIG_SITE_BLOCK_H

#include "config/option.h"

/*
 * The struct of the block: a site, and what it says of all its routes. `own` is its last route,
 * if it has a handler, and otherwise only has the policy and the lists.
 */
struct site_form {
	struct site site;
	struct route own;
};

/* Of the struct config. */
void site_read(struct reader *r, const struct option *o, const struct directive *d, void *into);
void site_print(struct printer *p, const struct option *o, const void *from);

/* Of a struct site_form. */
void site_read_certificate(struct reader *r, const struct option *o, const struct directive *d,
			   void *into);
void site_print_certificate(struct printer *p, const struct option *o, const void *from);
void site_read_hsts(struct reader *r, const struct option *o, const struct directive *d,
		    void *into);
void site_print_hsts(struct printer *p, const struct option *o, const void *from);

/* What needs all of the file: paths in state_dir, limits, the lists of the config. */
void site_complete(struct reader *r);

#endif
