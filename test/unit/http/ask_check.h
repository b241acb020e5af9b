/* What unit tests say of an owner of calls: it needs cmocka, which fuzz targets have not. */
#ifndef TEST_HTTP_ASK_CHECK_H
#define TEST_HTTP_ASK_CHECK_H

#include "ask.h"
#include "http/pool.h"
#include "unit.h"

/* What was ever sent, as text. */
static inline void
ask_assert_sent(struct ask *a, const char *expected)
{
	ask_flush(a);
	struct span sent = buf_span(&a->sent);
	if (!span_equal(sent, span_str(expected)))
		fail_msg("sent: %.*s", (int)sent.len, (const char *)sent.p);
}

/* The end of a group of tests. */
static inline int
ask_teardown(void **state)
{
	(void)state;
	pool_thread_end();
	return 0;
}

#endif
