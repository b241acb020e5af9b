/*
 * A connection that was accepted, until it is known what it is: then it goes to
 * a site (edge_http), a back end (edge_relay) or another process (edge_hand_over()).
 */
#ifndef ROLE_EDGE_CONN_H
#define ROLE_EDGE_CONN_H

#include "base/address.h"
#include "base/list.h"
#include "ipc/message.h"
#include "os/loop.h"
#include "share/direct.h"

struct worker;
struct view;

struct conn {
	struct watch watch;
	struct timer timer;
	struct list link, evictable, asking;
	struct worker *worker;
	struct view *view; /* as of its acceptance, or its last request */
	int fd;
	enum listener_kind kind; /* of the port that it came in on */
	int64_t accepted_ms;     /* by clock_ms() */
	bool proxied;            /* a PROXY header was read */
	bool spoke;              /* at least one byte came */
	bool fin;                /* the FIN of the peer came: READY_RDHUP tells of it only once */
	int64_t spoke_ms;        /* when the first one did */
	bool lingering;
	uint64_t question; /* that the tunnel was asked about it; 0: none */
	int64_t due_us;    /* until when that may say yes, by clock_us() */
	struct address peer, local;
	void (*end)(struct conn *c); /* lets go of what a later stage added; may be NULL */
	void *stage;                 /* that stage's own */
};

/* Takes a socket that was just accepted. */
void conn_begin(struct worker *w, int fd, const struct address *peer, enum listener_kind kind);

/* The tunnel did not take it: it is looked at as all others are. */
void conn_decided(struct conn *c);

/* Closes and forgets it. */
void conn_close(struct conn *c);

/* Forgets it, but gives its socket, watched by nobody, to the caller. */
int conn_give_up(struct conn *c);

/* Says FIN, reads (and drops) what still comes for a moment, so that no RST
 * overtakes our last bytes, then closes. */
void conn_linger(struct conn *c);

/*
 * Whether it may be closed to make room for others. First go those that have said nothing,
 * or not enough, or wait for their next request; then, if there are none, those that are
 * served but wait for the peer to read or to send. Of each kind who has waited longest.
 */
void conn_keep(struct conn *c);
void conn_may_go(struct conn *c);
void conn_may_go_last(struct conn *c);

/* What a watch on it waits for: told once per change. */
#define CONN_EVENTS (READY_IN | READY_RDHUP | READY_EDGE)

#endif
