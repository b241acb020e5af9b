/* What may stand in "route PATH { }", and the handlers, which may stand in a site too. */
#ifndef CONFIG_ROUTE_BLOCK_H
#define CONFIG_ROUTE_BLOCK_H

#include "config/option.h"

/* Of a struct site_form: its routes. */
void route_read(struct reader *r, const struct option *o, const struct directive *d, void *into);
void route_print(struct printer *p, const struct option *o, const void *from);

/* Of a struct route. */
void route_read_from(struct reader *r, const struct option *o, const struct directive *d,
		     void *into);
void route_print_from(struct printer *p, const struct option *o, const void *from);
void route_read_match(struct reader *r, const struct option *o, const struct directive *d,
		      void *into);
void route_print_match(struct printer *p, const struct option *o, const void *from);
void route_read_root(struct reader *r, const struct option *o, const struct directive *d,
		     void *into);
void route_print_root(struct printer *p, const struct option *o, const void *from);
void route_read_redirect(struct reader *r, const struct option *o, const struct directive *d,
			 void *into);
void route_print_redirect(struct printer *p, const struct option *o, const void *from);
void route_read_respond(struct reader *r, const struct option *o, const struct directive *d,
			void *into);
void route_print_respond(struct printer *p, const struct option *o, const void *from);

/* Whether this is the one that answers here; tells of another before it. */
MUST_CHECK bool route_take_handler(struct reader *r, const struct option *o,
				   const struct directive *d, struct route *route,
				   enum route_handler handler);

#endif
