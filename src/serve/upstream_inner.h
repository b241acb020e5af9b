/* The inside of upstreams: upstream.c (who is asked), upstream_connect.c (until a connection is
 * there), upstream_conn.c (what it carries). */
#ifndef SERVE_UPSTREAM_INNER_H
#define SERVE_UPSTREAM_INNER_H

#include "base/list.h"
#include "os/loop.h"
#include "serve/target.h"
#include "serve/upstream.h"
#include "tls/client.h"

#define UPSTREAM_WAITING_MAX   64          /* calls for one HTTP/2 connection to come */
#define UPSTREAM_HEADER_BYTES  (64 * 1024) /* of an answer's head */
#define UPSTREAM_HEADER_FIELDS 256
#define UPSTREAM_SPARE_CALLS   64 /* kept for the next ones */

/* One member of a proxy, as one worker knows it. */
struct pool {
	struct upstreams *all;
	const struct proxy *proxy;
	struct target *target;
	size_t member;
	struct tls_client *tls; /* made when first needed */
	struct list idle;       /* connections kept, the latest used last */
	size_t idle_count;
	struct list busy; /* all others, until they are closed */
};

/* The members of one proxy. */
struct choice {
	struct pool *pools;
	uint64_t *seeds; /* BALANCE_HASH */
	size_t count, turn;
};

struct upstreams {
	struct upstreams_needs needs;
	struct choice *choices; /* by config.proxies */
	struct list spare;      /* struct upstream_call */
	size_t spare_count;
	uint64_t open; /* connections, of all members; as many as clients may have */
	bool retired;
};

enum conn_stage {
	CONN_CONNECTING,
	CONN_SECURING, /* TLS */
	CONN_OPEN,
	CONN_CLOSED, /* freed as soon as nothing of it is on the stack */
};

struct upstream_conn {
	struct list link; /* of its pool: idle or busy */
	struct watch watch;
	struct timer timer; /* until it is open, while it is idle, or to go on at once */
	struct pool *pool;
	enum conn_stage stage;
	int fd;
	struct tls_conn *tls;  /* NULL in clear */
	struct caller *caller; /* from CONN_OPEN on */
	struct list calls;
	size_t address;  /* the next one to try */
	struct err why;  /* the last attempt failed */
	int64_t sent_ms; /* when it took something last */
	unsigned depth;  /* of our functions that go on with it after they called others */
	bool readable;   /* recv may give something */
	bool fin;        /* the peer's FIN is there, or behind what can be read */
	bool asks_out;   /* READY_OUT is watched for too */
	bool idle;
	bool answered;   /* a request, at least: the next one reuses it */
	bool half_ended; /* FIN was sent */
};

struct upstream_call {
	struct list link; /* of its connection's calls, or of the spare ones */
	struct pool *pool;
	struct upstream_conn *conn;
	struct call *call; /* NULL until it has a connection */
	const struct call_ops *ops;
	void *owner;
	struct timer timer;          /* how long the server may be silent */
	struct address peer, local;  /* for a PROXY header */
	struct arena *memory;        /* of `request`; NULL once that was passed on */
	struct call_request request; /* a copy, until there is a connection */
	bool reused, has_time;
	bool whole;   /* no body comes after the head */
	bool waiting; /* it was the server's turn already when that was last looked at */
};

static inline const struct backends *
pool_to(const struct pool *p)
{
	return p->proxy->to;
}

static inline struct loop *
loop_of(const struct upstream_conn *c)
{
	return c->pool->all->needs.loop;
}

/* Connects are made for a first call, which waits for it. */
void up_new(struct pool *p, struct upstream_call *first);

/* It is connected, or secured as well: its calls begin. */
void up_opened(struct upstream_conn *c);

/* Sends and receives until it has to wait. `c` may be gone then. */
void up_pump(struct upstream_conn *c);

/* It has a call more; `whole`: without a body to come. */
void up_engage(struct upstream_conn *c, bool whole);

/* Sends what there is, and tells nobody. */
void up_send(struct upstream_conn *c);

/* Without a call on it, it is kept, or closed: as soon as nothing of it is on the stack. */
void up_settle(struct upstream_conn *c);

/* Around what calls others: its memory stays until the last of these has left. */
void up_enter(struct upstream_conn *c);
void up_leave(struct upstream_conn *c);

/* Its calls fail so, and it is closed. */
void up_fail(struct upstream_conn *c, enum call_failure how, const char *why);
void up_close(struct upstream_conn *c);

/* What sockets say; the pieces of it that reading and writing need. */
enum tls_result up_read(struct upstream_conn *c, void *to, size_t len, size_t *got);
enum tls_result up_write(struct upstream_conn *c, struct span bytes, size_t *taken);
void up_wait_for_room(struct upstream_conn *c);

/* Begins it on a connection that is open; false when that takes no more. Tells nobody. */
MUST_CHECK bool up_begin_call(struct upstream_call *c, struct upstream_conn *conn,
			      const struct call_request *request);

/* It never had a connection. */
void up_fail_call(struct upstream_call *c, enum call_failure how, const char *why);

#endif
