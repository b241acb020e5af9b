/* The options outside of all blocks that are more than one word. */
#ifndef CONFIG_TOP_BLOCK_H
#define CONFIG_TOP_BLOCK_H

#include "config/option.h"

/* `into` and `from` are the struct config, for all of these. */
void top_read_listen(struct reader *r, const struct option *o, const struct directive *d,
		     void *into);
void top_print_listen(struct printer *p, const struct option *o, const void *from);
void plain_read_listen(struct reader *r, const struct option *o, const struct directive *d,
		       void *into);
void plain_print_listen(struct printer *p, const struct option *o, const void *from);
void top_read_trust_proxy(struct reader *r, const struct option *o, const struct directive *d,
			  void *into);
void top_print_trust_proxy(struct printer *p, const struct option *o, const void *from);
void top_read_trust_forwarded(struct reader *r, const struct option *o, const struct directive *d,
			      void *into);
void top_print_trust_forwarded(struct printer *p, const struct option *o, const void *from);
void plain_read_http2(struct reader *r, const struct option *o, const struct directive *d,
		      void *into);
void plain_print_http2(struct printer *p, const struct option *o, const void *from);

/* "listen ENDPOINT...|off" of a port that need not be, for a directive with one word more or more.
 */
void read_listen_or_off(struct reader *r, const struct directive *d, struct endpoint **list,
			size_t *count, bool *is_off);
void print_listen_or_off(struct printer *p, const struct endpoint *list, size_t count);

#endif
