/*
 * What the program has to say to its administrator, a line each, on stderr.
 *
 * Under systemd lines carry the journal's priority ("<3>"); on a terminal,
 * the role and the level. Never a secret; a peer's bytes only through
 * text_put_escaped().
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* The numbers are syslog's (RFC 5424 §6.2.1). */
enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARN = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

/* Names the role and drops lines above `most`. Before it is called: "sallyport", info. */
void log_init(const char *role, enum log_level most);

/* "error", "warn", "info" or "debug": what is above is dropped from now on. */
void log_set_level(const char *most);

void log_error(const char *fmt, ...) PRINTF(1, 2);
void log_warn(const char *fmt, ...) PRINTF(1, 2);
void log_info(const char *fmt, ...) PRINTF(1, 2);
void log_debug(const char *fmt, ...) PRINTF(1, 2);

/*
 * For lines that a peer can cause: at most `burst` of them in ten seconds from
 * each limit, then one that says how many were kept back. One thread each.
 */
struct log_limit {
	unsigned burst; /* 0: the default, 20 */
	unsigned said, dropped;
	int64_t since_ms;
};
void log_peer(struct log_limit *limit, const char *fmt, ...) PRINTF(2, 3);

#endif
