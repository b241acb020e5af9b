/* The access server: "admin { }", "vpn { }", access_server in a site, and what control goes by. */
#ifndef CONFIG_ACCESS_BLOCK_H
#define CONFIG_ACCESS_BLOCK_H

#include "config/option.h"

struct site_form;

/* Of the struct config. */
void admin_read(struct reader *r, const struct option *o, const struct directive *d, void *into);
void admin_print(struct printer *p, const struct option *o, const void *from);
void trusted_read_paths(struct reader *r, const struct option *o, const struct directive *d,
			void *into);
void trusted_print_paths(struct printer *p, const struct option *o, const void *from);
void edits_read(struct reader *r, const struct option *o, const struct directive *d, void *into);
void edits_print(struct printer *p, const struct option *o, const void *from);

/* Of a struct admin; the option's offset is of its list. */
void admin_read_listen(struct reader *r, const struct option *o, const struct directive *d,
		       void *into);
void admin_print_listen(struct printer *p, const struct option *o, const void *from);
void admin_read_list(struct reader *r, const struct option *o, const struct directive *d,
		     void *into);
void admin_print_list(struct printer *p, const struct option *o, const void *from);

/* Of a struct site_form. */
void access_read_server(struct reader *r, const struct option *o, const struct directive *d,
			void *into);
void access_print_server(struct printer *p, const struct option *o, const void *from);

/* The routes of a site with access_server: before its own ones, and behind them where it has no
 * handler. */
void access_add_routes(struct reader *r, struct site_form *form);
void access_add_rest(struct reader *r, struct site_form *form);

/* What such a site must not have beside it. */
void access_check_site(struct reader *r, const struct site *site);

/* NULL: a fault, for both. */
const char *access_store_url(struct reader *r, const struct word *w);
const char *access_endpoint(struct reader *r, const struct word *w);

/* What needs all of the file: who is let in where nothing is said, and control itself. */
void access_complete(struct reader *r);

#endif
