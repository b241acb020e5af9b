/* What may stand in "proxy URL... { }". */
#ifndef CONFIG_PROXY_BLOCK_H
#define CONFIG_PROXY_BLOCK_H

#include "config/option.h"

/* The struct of the block. */
struct proxy_form {
	struct proxy proxy;
	struct backends to;
};

/* Of a struct route. */
void proxy_read(struct reader *r, const struct option *o, const struct directive *d, void *into);
void proxy_print(struct printer *p, const struct option *o, const void *from);

/* Of a struct proxy_form. */
void proxy_read_verify(struct reader *r, const struct option *o, const struct directive *d,
		       void *into);
void proxy_print_verify(struct printer *p, const struct option *o, const void *from);
void proxy_read_balance(struct reader *r, const struct option *o, const struct directive *d,
			void *into);
void proxy_print_balance(struct printer *p, const struct option *o, const void *from);

/* The name to ask a server for: a host name or an IP address. NULL: a fault. */
const char *proxy_server_name(struct reader *r, const struct word *w);

#endif
