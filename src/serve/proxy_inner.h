/* The inside of a request that is passed on, for the files that are the proxy: proxy.c says
 * whom to ask and what becomes of it, proxy_stream.c passes the bytes. */
#ifndef SERVE_PROXY_INNER_H
#define SERVE_PROXY_INNER_H

#include "os/loop.h"
#include "serve/proxy.h"
#include "serve/upstream.h"

/* Bytes on their way through us, in one direction. */
struct flow {
	struct buf kept;   /* what waits for room */
	struct span fresh; /* what comes behind it, for as long as it is being poured */
	bool pouring;      /* on the stack below us */
	bool ended;        /* the last byte came */
	bool done;         /* and was passed on; or nobody wants any more */
};

/*
 * Neither side outlives the other's news: the exchange may be gone while the server's last
 * word is on its way, and anything passed on may make either side vanish before the call
 * returns. So it has memory of its own, held while one of ours is on the stack.
 */
struct proxying {
	const struct serve *serve;
	const struct site *site;
	const struct route *route;
	const struct proxy *proxy;
	struct exchange *ex;        /* NULL once it is gone */
	struct upstream_call *call; /* NULL: none is under way */
	struct call_request request;
	struct timer timer;
	struct flow up, down;         /* the request's body, the answer's */
	const struct field *trailers; /* of the answer */
	size_t trailer_count;
	int64_t left;   /* of the answer's body, where its length is known */
	uint64_t tried; /* a bit for each member */
	uint64_t retried;
	int member;
	unsigned holds;
	bool fresh;     /* asked on a connection that nobody had used */
	bool connected; /* the server may have seen something */
	bool expecting; /* the client waits for 100 before it sends its body */
	bool heard;     /* something of an answer came: nobody else is asked */
	bool begun;     /* the answer was begun */
	bool tunnel;    /* another protocol is spoken now */
	bool passed;    /* bytes of the request's body are gone: nobody else can be given them */
};

/* A tunnel in which nobody said anything for so long is forgotten. */
#define TUNNEL_IDLE_MS 3600000

/*
 * proxy_stream.c. `last`: that is all there is. Each may leave `p` without exchange or call.
 */
void stream_request(struct proxying *p, struct span bytes, bool last);
void stream_answer(struct proxying *p, struct span bytes, bool last);

/* Nobody wants the rest of the request any more. The client may have to get rid of it before it
 * takes the answer. */
void stream_drop_request(struct proxying *p);

void stream_cancel(struct proxying *p); /* nobody wants the answer any more */

/* Nothing can go on: the client is told as well as it can be. */
void stream_break(struct proxying *p);

#endif
