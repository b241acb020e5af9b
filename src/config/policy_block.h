/* How requests are treated, in a site and in its routes. */
#ifndef CONFIG_POLICY_BLOCK_H
#define CONFIG_POLICY_BLOCK_H

#include "config/option.h"

/* Of a struct route. */
void policy_read_rate(struct reader *r, const struct option *o, const struct directive *d,
		      void *into);
void policy_print_rate(struct printer *p, const struct option *o, const void *from);
void policy_read_basic_auth(struct reader *r, const struct option *o, const struct directive *d,
			    void *into);
void policy_print_basic_auth(struct printer *p, const struct option *o, const void *from);
void policy_read_cache_control(struct reader *r, const struct option *o, const struct directive *d,
			       void *into);
void policy_print_cache_control(struct printer *p, const struct option *o, const void *from);
void policy_read_error_page(struct reader *r, const struct option *o, const struct directive *d,
			    void *into);
void policy_print_error_page(struct printer *p, const struct option *o, const void *from);

/* Of a struct policy_lists: accounts. */
void policy_read_user(struct reader *r, const struct option *o, const struct directive *d,
		      void *into);
void policy_print_user(struct printer *p, const struct option *o, const void *from);

/* The struct policy_lists whose fields are set stands at the option's offset. */
void policy_read_header(struct reader *r, const struct option *o, const struct directive *d,
			void *into);
void policy_print_header(struct printer *p, const struct option *o, const void *from);

#endif
