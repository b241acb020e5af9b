/* The access log: a line for each request and each relayed connection. */
#ifndef ROLE_EDGE_LOG_H
#define ROLE_EDGE_LOG_H

#include "config/config.h"
#include "http/exchange.h"
#include "os/relay.h"

struct access_log;

struct access_log *access_log_new(void);
void access_log_free(struct access_log *log);

/* Writes to `fd` from now on, which it takes over; what is held is written to the old one first. */
void access_log_to(struct access_log *log, int fd, enum log_format format);

/* With `masks`, "***" stands for one-time tokens from now on: there is an access server. */
void access_log_mask(struct access_log *log, bool masks);

void access_log_request(struct access_log *log, const struct exchange *ex, int64_t now_ms);

struct relayed {
	struct address client;
	const char *rule, *backend; /* backend "-": none was reached */
	const char *end;
	uint64_t from_client, from_backend;
	int64_t duration_ms;
};
void access_log_relay(struct access_log *log, const struct relayed *r);

/* Writes what is held; at the end of each turn of the loop. */
void access_log_flush(struct access_log *log);

#endif
