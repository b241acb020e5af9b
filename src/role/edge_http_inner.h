/* The inside of a connection that speaks HTTP: edge_http.c moves its bytes, edge_http_host.c
 * answers what its session asks. */
#ifndef ROLE_EDGE_HTTP_INNER_H
#define ROLE_EDGE_HTTP_INNER_H

#include "role/edge_http.h"
#include "role/edge_worker.h"
#include "tls/conn.h"

struct http {
	struct conn *conn;
	struct worker *worker;
	struct tls_conn *tls;      /* NULL in clear */
	struct http_session *http; /* NULL until TLS is there */
	struct client client;
	enum counter open;        /* what it is counted among, with `http` */
	struct buf in;            /* received, not used yet; mostly empty */
	enum session_state timed; /* what the timer runs for */
	bool timed_sending;       /* it is the peer that is waited for, to take what is sent */
	uint32_t progress;        /* the session's, as it was when that was set */
	bool moved;               /* the peer has taken some of the output since */
	bool restless;            /* idle, and not for long: the timer runs for REST_MS */
	bool undecided;           /* in clear: it may still begin as HTTP/2 does */
	bool readable;            /* recv may give something */
	bool fin;                 /* the peer's FIN is there, or behind what can be read */
	bool asks_out;            /* READY_OUT is watched for too */
	bool answered; /* an answer was begun: a ticket went with it, if any was worth it */
	bool last;     /* what is sent now is the last: FIN follows at once */
	bool pumping;  /* pump() is on the stack: it will see what handlers add */
	char name[HELLO_NAME_MAX + 1];
};

/* Reads, answers and writes until it has to wait, or it is the others' turn. `h` may be gone then.
 */
void http_pump(struct http *h);

/* False when there is no memory for it. */
MUST_CHECK bool http_make_session(struct http *h, bool is_http2);

/* In clear: whether its client may begin with HTTP/2 (RFC 9113 §3.3). */
bool http_may_be_http2(const struct conn *c);

/*
 * Whether it does; h->in has what came so far. False while that cannot be told, or when there is
 * no session any more.
 */
MUST_CHECK bool http_decide(struct http *h);

#endif
