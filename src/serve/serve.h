/*
 * Who answers: from the site's name and the path of a request to a handler.
 */
#ifndef SERVE_SERVE_H
#define SERVE_SERVE_H

#include "base/log.h"
#include "config/config.h"
#include "http/exchange.h"

struct loop;
struct upstreams;
struct limiter;
struct passwords;
struct policies;

struct serve_files; /* a worker's cache of open and small files */
struct serve_files *serve_files_new(size_t max_files, size_t max_bytes);
void serve_files_free(struct serve_files *f);

/* What handlers of one worker stand on; one per worker and configuration. */
struct serve {
	const struct config *config;
	struct policies *policies; /* of this configuration */
	const int *roots; /* fs_root descriptors, by config.roots; -1: could not be opened */
	int acme_root;    /* state_dir/acme-challenge; -1: none */
	struct serve_files *files; /* outlives configurations; told by serve_files_forget() */
	uint16_t redirect_port;    /* where HTTPS is, for redirects: 443 is left out */
	int64_t (*now_ms)(void);   /* of the wall clock */
	struct loop *loop;
	struct upstreams *upstreams; /* of this configuration */
	struct limiter *limiter;     /* of all workers; outlives configurations */
	struct passwords *passwords; /* the same, but the worker's own */
	struct log_limit *log;       /* for what clients and back ends can cause */
};

/* Descriptors of roots were closed: whatever was opened below them is let go. */
void serve_files_forget(struct serve_files *f);

/* Answers a request that came by TLS. 421 when the name is of another site than the TLS was for. */
void serve_secure(const struct serve *s, struct exchange *ex);

/* Answers a request on the admin port. */
void serve_admin(const struct serve *s, struct exchange *ex);

/* Answers a request on the plain port: ACME challenges, sites that opted in, else a redirect. */
void serve_plain(const struct serve *s, struct exchange *ex);

#endif
