/* What the files of the tunnel role share. Nobody else includes this. */
#ifndef ROLE_TUNNEL_PRIVATE_H
#define ROLE_TUNNEL_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "access/admission.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/offload.h"
#include "config/config.h"
#include "ipc/channel.h"
#include "os/loop.h"
#include "role/tunnel_noted.h"
#include "tls/context.h"
#include "vpn/greet.h"
#include "vpn/inner.h"
#include "vpn/lease.h"
#include "vpn/session.h"

struct burst;
struct client;
struct crowd;
struct datagrams;
struct flows;
struct plea;
struct review;
struct strays;
struct tidy;

/* --- what the main thread has */

/*
 * A client that control has let in, as the main thread knows it: who it is, and which address it
 * has. There from its admission until its worker has said that it is over.
 */
struct seat {
	struct list link, of_client, of_device, of_user;
	uint64_t client;
	struct tunnel_worker *worker;
	int64_t user, device;
	struct address from; /* when it signed in */
	uint32_t lease;
	int64_t since, taken_over; /* ms, by the clock that never jumps; 0: never */
	int64_t known_since;       /* its machine, as control says */
	bool has_ways;             /* of its own, which warden was told */
};

/* All of them, and by what they are looked for: numbers that follow each other. */
#define SEAT_BUCKETS 1024
struct seats {
	struct list all;
	struct list by_client[SEAT_BUCKETS], by_device[SEAT_BUCKETS], by_user[SEAT_BUCKETS];
};

struct tunnel {
	struct loop *loop;
	struct channel *warden, *edge;
	struct control_line *control;
	struct timer ask_again; /* control, for the keys */
	struct config *config, *coming;
	uint64_t coming_generation;
	struct address resolvers[MESSAGE_ADDRESSES_MAX]; /* this machine's */
	size_t resolver_count;
	struct leases *leases;
	atomic_uchar *owners; /* of a lease: its client's worker and 1, or 0 */
	struct seats seats;
	struct firsts *firsts;
	struct crowd *crowd;
	struct review *review; /* of the seats; NULL: none is under way */
	uint64_t changes;      /* that were heard of, by which seats are reviewed */
	struct tidy *tidy;
	struct tunnel_worker **workers;
	pthread_t *threads;
	unsigned worker_max, worker_count, next_worker, draining;
	unsigned notes;                /* that control does not have yet */
	bool drained;                  /* all clients are gone */
	struct timer last_words;       /* for so long they are waited for then */
	uint64_t ways_told, ways_done; /* to warden, by number; and in force */
	struct list waiting;           /* struct later: for that */
	bool confined;
	int status;
	int64_t began; /* by the wall clock */

	pthread_mutex_t lock; /* of the gate, which all workers ask, and of what was noted */
	struct greeter greeter;
	struct noted noted;
};

/* tunnel.c */
/* greet(), for any thread. Nobody is known before control has told of the keys. */
enum greeting tunnel_greet(struct tunnel *t, struct span packet, const struct address *from,
			   enum gate_verdict *verdict, struct gate_first *first,
			   struct session_start *start, struct buf *reply);
/* gate_judge(), or gate_judge_static() where that is wanted, for a packet that came by TCP. For the
 * main thread. */
enum gate_verdict tunnel_judge(struct tunnel *t, struct span packet, struct gate_first *first);
/* Keys, or what somebody may do, may have changed. */
void tunnel_changed(struct tunnel *t);
/* From any worker: it has ended all of its clients. */
void tunnel_worker_done(struct tunnel *t);
/* Ends it, if all clients are gone and control knows of it. */
void tunnel_end_if_told(struct tunnel *t);
/* From any worker: the role cannot go on, and ends; warden starts another. */
void tunnel_fail(struct tunnel *t, const char *why);

/* tunnel_control.c: what control is asked, in the main thread. */
struct ask {
	struct list link;
	uint64_t number;
	int64_t at; /* by the clock that never jumps */
	/* Once. `text` is the answer, or to the refused why; where there is no control it is
	 * ADMISSION_LATER. The ask is its owner's to free then. */
	void (*answered)(struct ask *a, enum admission_verdict verdict, struct span text);
};
/* What control does not answer within `patience_ms` is ADMISSION_LATER. */
struct control_line *control_line_new(struct tunnel *t, uint64_t patience_ms);
void control_line_free(struct control_line *c);
void control_line_follow(struct control_line *c, int fd); /* another control: takes `fd` */
void control_ask(struct control_line *c, struct ask *a, enum tunnel_call what, const char *argument,
		 struct span body);

/* An answer to a call of control's own. */
void control_reply(struct control_line *c, uint64_t number, bool done, struct span text);
void control_line_tell(struct control_line *c, const struct message *m);

/* tunnel_firsts.c: connections that edge asks about, and hands over. */
struct firsts *firsts_new(struct tunnel *t);
void firsts_free(struct firsts *f);
void firsts_judge(struct firsts *f, struct message *m);
void firsts_take(struct firsts *f, struct message *m);

/* tunnel_crowd.c: how many may begin, and how often. All may be called from any thread. */
struct beginner {
	struct address from;
	uint64_t device;
	bool proven; /* it receives at that address */
};
struct crowd *crowd_new(void);
void crowd_free(struct crowd *c); /* NULL is fine */
/* Whether one more first packet, which is genuine, is answered. */
bool crowd_may_begin(struct crowd *c, const struct address *from);
/* Takes a place among those that are not in yet; where it was had, crowd_leave() gives it back. */
MUST_CHECK bool crowd_enter(struct crowd *c, const struct beginner *b);
void crowd_leave(struct crowd *c, const struct beginner *b);

/* tunnel_tidy.c: memory that many let go of at once; of the main thread. */
struct tidy *tidy_new(struct tunnel *t);
void tidy_free(struct tidy *t);
void tidy_note(struct tidy *t); /* a client is gone, or takes another key */

/* tunnel_pass.c: what a client gets; its own from when it is told. */
struct pass {
	struct arena *memory;
	struct admission who;
	struct push_terms terms;
	struct reach *reach;
	size_t reach_count;
	uint32_t lease;
};
struct pass *pass_read(struct span text); /* control's answer; NULL: it is none */
void pass_complete(struct pass *p, const struct tunnel *t, uint32_t lease);
/* It comes in the place of another: the resolvers that were pushed with that can be asked still, as
 * the client's system goes on doing. */
void pass_keep_resolvers(struct pass *p, const struct pass *before);
void pass_free(struct pass *p); /* NULL is fine */

/* tunnel_ways.c: which ways clients have of their own, in the main thread. */
struct later {
	struct list link;
	uint64_t number;
	void (*go)(struct later *l); /* once; it is its owner's to free then */
};
/* Warden is told what is new; `p` NULL: the client is gone. */
void ways_tell(struct tunnel *t, struct seat *s, const struct pass *p);
/* When all that was told so far is in force, which may be at once. */
void ways_wait(struct tunnel *t, struct later *l);
void ways_done(struct tunnel *t, uint64_t number);

/* tunnel_admit.c: signing in. */

/* From a worker: a client wants in. Answered by client_admitted() in the worker's thread. */
struct plea {
	struct ask ask;
	struct tunnel *tunnel;
	struct tunnel_worker *worker;
	uint64_t client;
	struct address peer;
	bool again;
	uint64_t changes;  /* that were heard of when it was asked */
	struct buf body;   /* the question, as control reads it; wiped */
	struct pass *pass; /* the answer; NULL: it is not let in, or not yet */
	struct later later;
	struct arena *memory; /* of the challenge */
	struct admission_challenge challenge;
	enum admission_verdict verdict;
	bool noted;       /* control has kept why it was refused */
	char reason[256]; /* of ADMISSION_REFUSED, and ADMISSION_LATER */
};
/* NULL where name or password are no text. */
struct plea *plea_new(const struct client *c, const struct session_sign_in *who);
void plea_begin(struct plea *p);
void plea_free(struct plea *p);

/* tunnel_seats.c */
void seats_init(struct seats *s);
/* NULL, and *why for the person, if it may not have one. */
struct seat *seat_take(struct tunnel *t, const struct plea *p, const struct admission *who,
		       const char **why);
/* These addresses are kept for some device each. */
void seats_keep(struct tunnel *t, const char *const *addresses);
struct seat *seat_find(const struct tunnel *t, uint64_t client);
void seat_kill(const struct seat *s, bool restart, const char *reason);
void seats_free(struct tunnel *t);
/* From a worker: the client is over, and its seat is free. */
struct farewell {
	struct tunnel *tunnel;
	uint64_t client;
	int64_t device;
	int64_t bytes_in, bytes_out, seconds;
	char from[ADDRESS_TEXT_MAX], why[160];
};
void farewell_say(struct farewell *f);
/* Something at the gate that an administrator should know of; from any thread. */
void tunnel_note(struct tunnel *t, enum gate_verdict verdict, const struct gate_first *first,
		 const struct address *from);
/* A client that was refused by the engine itself, and why. */
void tunnel_note_refused(struct tunnel *t, int64_t device, const struct address *from,
			 const char *why);
/* What they may do may have changed: asks of each again. */
void seats_review(struct tunnel *t);

/* tunnel_list.c: who is connected, for control. */
void tunnel_list(struct tunnel *t, uint64_t number);
void tunnel_count(struct tunnel *t); /* MESSAGE_STATUS */
void tunnel_end(struct tunnel *t, uint64_t number, const char *argument);

/* --- what a worker has */

/* What sessions are made with: from a change of keys or configuration to the next. */
struct era {
	unsigned refs;
	struct session_settings settings;
};
struct era *era_share(struct era *e);
void era_release(struct era *e); /* NULL is fine */

/* Clients by an address: their outer one, or one of the tunnel's. */
struct place {
	struct list link;
	struct address at;
	struct client *client;
};
#define PLACES 1024
struct places {
	struct list buckets[PLACES];
};
void places_init(struct places *p);
void places_add(struct places *p, struct place *place); /* its address and client are set */
void places_remove(struct place *place);                /* harmless for one that is nowhere */
struct client *places_find(const struct places *p, const struct address *at);

#define TUNNEL_SCRATCH 65536

/* How many datagrams come. */
struct pace {
	unsigned turn;   /* packets in this turn of the loop */
	unsigned so_far; /* in this millisecond */
	unsigned before; /* in the one before */
	int64_t ms;
};

struct tunnel_worker {
	unsigned number;
	struct tunnel *tunnel;
	struct loop *loop;
	struct tls_library *tls;
	struct era *era; /* NULL until control has told of the keys */
	struct list clients;
	struct client **peers; /* by peer id, which is our own among the workers' */
	size_t peer_count;
	uint32_t *vacant; /* of them, those that nobody has */
	size_t vacant_count;
	struct places outside, inside;
	uint64_t last; /* of clients */
	struct list sockets;
	struct watch queue; /* of the tunnel's interface */
	bool offloads;      /* which it has */
	struct datagrams *datagrams;
	struct burst *burst;
	struct flows *flows;
	struct strays *strays;
	atomic_uint bags_waiting; /* of strays, for it */
	struct pace pace;
	struct list unsent; /* clients with frames to write at the end of the turn */
	uint8_t *scratch;
	unsigned half_open, half_open_max;
	uint64_t gone_in, gone_out; /* bytes, of clients that are gone */
	unsigned renewing;          /* clients whose next key is being made */
	bool draining;
	struct timer drain_over;
	struct log_limit limit;
};

/* tunnel_worker.c */
MUST_CHECK struct err tunnel_worker_new(unsigned number, struct tunnel *t,
					struct tunnel_worker **out);
void tunnel_worker_run(struct tunnel_worker *w);
void tunnel_worker_free(struct tunnel_worker *w);
/* In the worker's own thread; each takes its descriptor over. */
void worker_take_queue(struct tunnel_worker *w, int fd, bool offloads);
void worker_take_socket(struct tunnel_worker *w, int fd);
void worker_drain_tunnel(struct tunnel_worker *w, uint64_t ms);
MUST_CHECK struct err worker_begin_era(struct tunnel_worker *w, const struct vpn *vpn,
				       const struct admission_material *m);
struct client *worker_client(const struct tunnel_worker *w, uint64_t number);

void worker_client_gone(struct tunnel_worker *w);
/* A packet from the interface for a client of its own; it is written to. */
void worker_deliver(struct tunnel_worker *w, uint8_t *bytes, size_t len, const struct offload *how);

/* tunnel_client.c */
#define PEER_ID_BITS 24
struct client {
	uint64_t number; /* never another's; its last bits are the peer id */
	struct tunnel_worker *worker;
	struct list link, unsent;
	struct era *era;
	struct session *session;
	struct timer clock;
	int64_t due;
	struct pass *pass; /* once it is let in */
	struct place outside, inside4, inside6;
	uint32_t peer_id;
	uint64_t device;                /* as its wrapped key says */
	bool noted;                     /* why it was refused is known to control */
	struct beginner begun;          /* as which it was counted until it was in */
	uint8_t session_id[SESSION_ID]; /* that it chose */
	uint32_t stamp;                 /* over UDP: of its first packet, by its own clock, in s */
	uint64_t foreign, denied;       /* packets of it that went nowhere, and why */
	struct address peer, local;
	int64_t since; /* by the clock that never jumps */
	bool renews;
	bool up, left, over; /* left: its seat is given back; it is there to be told so */
	enum session_end end;
	char why[160];

	int fd; /* of a connection; of the socket that it came by over UDP: that is not its own */
	bool stream, waits; /* `waits`: to be told when it can be written to */
	struct watch watch;
	struct buf in, out;
};

/* NULL when there is no room. Its first packet is for the caller to give. */
struct client *client_new(struct tunnel_worker *w, struct session_start *start, int fd,
			  const struct address *peer, const struct address *local);
void client_control(struct client *c, struct span packet);
void client_admitted(struct client *c, struct plea *p);
/* What it gets from now on; takes the pass over. */
void client_regrant(struct client *c, struct pass *pass);
void client_kill(struct client *c, bool restart, const char *reason);
void client_give_up(struct client *c, enum session_end end, const char *why); /* it is over */
void client_free(struct client *c);
/* After anything was done with it: frees it if it is over, else sets its clock. */
void client_settle(struct client *c);

/* tunnel_data.c */
/* An IP packet for it; the other stands for several. */
void client_deliver(struct client *c, const struct inner *packet, struct span bytes);
void client_deliver_super(struct client *c, struct span bytes, const struct offload *how);
/* Its packet, opened in place: the bytes stay as they are until flows_leave(). Whether it was
 * authentic. */
bool client_data(struct client *c, uint8_t *packet, size_t len);

/*
 * tunnel_burst.c: packets by UDP that leave together. Those of one client and of one length wait
 * for each other until the turn is over.
 */
struct burst *burst_new(void);
void burst_free(struct burst *b);                                         /* NULL is fine */
uint8_t *burst_room(struct burst *b, const struct client *c, size_t len); /* for its next packet */
void burst_add(struct burst *b, size_t len);                              /* which is there now */
void burst_leave(struct burst *b);

/*
 * tunnel_flows.c: packets for the tunnel's interface. Those of one flow wait for each other, where
 * they are, until flows_leave().
 */
struct flows *flows_new(void);
void flows_free(struct flows *f); /* NULL is fine */
void flows_take(struct tunnel_worker *w, const struct inner *packet, uint8_t *bytes, size_t len);
void flows_leave(struct tunnel_worker *w);

/* tunnel_strays.c: packets for clients of other workers. */
struct strays *strays_new(const struct tunnel *t);
void strays_free(struct strays *s); /* NULL is fine */
void strays_own(const struct tunnel_worker *w, uint32_t lease);
void strays_disown(const struct tunnel_worker *w, uint32_t lease);
/* Which other worker's client has that address; NULL: none. */
struct tunnel_worker *strays_owner(const struct tunnel_worker *w, const struct address *to);
void strays_take(struct tunnel_worker *w, struct tunnel_worker *to, struct span packet,
		 const struct offload *how);
void strays_leave(struct tunnel_worker *w);

/* tunnel_stream.c: over TCP. */
void stream_begin(struct tunnel_worker *w, int fd, struct gate_first *first,
		  const struct address *peer, const struct address *local);
void stream_send(struct client *c, struct span packet);
/* Room for its next packet of data, of that length; NULL: too much waits already. And: it is there
 * now. */
uint8_t *stream_room(struct client *c, size_t len);
void stream_add(struct client *c, size_t len);
void stream_flush(struct client *c);

/* tunnel_datagram.c: over UDP. */
void datagrams_take(struct tunnel_worker *w, int fd);

#endif
