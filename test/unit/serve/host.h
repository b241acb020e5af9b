/* What a host of connections says where a test does not care. */
#ifndef TEST_SERVE_HOST_H
#define TEST_SERVE_HOST_H

#include "http/session.h"

static inline void
host_over(struct exchange *ex, void *owner)
{
	(void)ex, (void)owner;
}

static inline void
host_output(void *owner)
{
	(void)owner;
}

static inline struct span
host_date(void *owner)
{
	(void)owner;
	return SPAN_OF("Sun, 06 Nov 1994 08:49:37 GMT");
}

#endif
