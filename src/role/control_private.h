/* What the files of control share. Nobody else includes this. */
#ifndef ROLE_CONTROL_PRIVATE_H
#define ROLE_CONTROL_PRIVATE_H

#include <stdatomic.h>

#include "api/api.h"
#include "api/history.h"
#include "base/list.h"
#include "http/date.h"
#include "ipc/channel.h"
#include "os/loop.h"

/* The configuration that runs, for as long as a request needs it. */
struct shared_config {
	atomic_uint refs;
	uint64_t generation;
	struct config *config;
};

struct control {
	struct loop *loop;
	struct channel *channel;
	struct calls *warden, *engine, *edge; /* what they can be asked */
	struct channel *edge_line;            /* NULL: there is no edge */
	struct tunnel_line *tunnel;           /* the line to the VPN engine */
	struct numbers *numbers;
	struct pool *pool;
	struct chores *chores;
	struct list doors;   /* listening sockets */
	struct list clients; /* connections on them, those heard of longest ago first */
	size_t client_count, machine_count;
	struct list watchers; /* exchanges that are told of events */
	atomic_size_t watcher_count;
	struct timer beat;
	int64_t date_second;
	char date[DATE_LENGTH + 1];
	struct history *history;
	struct vault *vault; /* NULL until the store is ready */
	/* Of the store that was made ready: another one is not opened before the next start. */
	char *store_url; /* NULL: SQLite */
	struct shared_config *coming;
	struct shared_config *config; /* read and changed by the loop's thread alone */
	atomic_bool ready;            /* store and keys can be used */
	bool at_terminal;             /* whoever started the server sees what it says */
	int status;
	atomic_ullong requests, busy;
	atomic_ullong vpn_admitted, vpn_refused; /* sign-ins */
	atomic_ullong vpn_in, vpn_out;           /* bytes, of tunnels that ended */
	bool awaits_engine;                      /* its counters, for the next sample */
	bool sample_due;
};

/* control.c */
struct shared_config *control_config(struct control *c); /* a share, for the loop's thread */
void control_config_release(struct shared_config *s);    /* from any thread; NULL is fine */
struct span control_date(struct control *c);
const char *control_server_name(const struct config *c); /* what profiles verify */
void control_sample(struct control *c);                  /* one for the history, if it is due */
/* Nobody administers this server yet. `token`: of a link for a person at the terminal, or "". From
 * any thread. */
void control_tell_setup(struct control *c, const char *token);
#define AUDIT_HEAD "audit.head"

/* control_look.c: what goes wrong by itself, for those who want to be told. */
void control_look(struct api *api);

/* control_calls.c: what other processes are asked from the API's threads, and answer. */
/* `whom`: in messages to people. Nobody answers before there is a line to him. */
struct calls *calls_new(struct control *c, const char *whom, uint64_t patience_ms);
struct outcome calls_ask(struct calls *calls, unsigned what, struct span argument, struct span body,
			 struct buf *answer);
/* For the loop's thread: from now on he is asked by this line (NULL: by none), which stays the
 * caller's. What he was asked before will not be answered. */
void calls_line(struct calls *calls, struct channel *line);
void calls_answered(struct calls *calls, struct message *m);
void calls_stop(struct calls *calls); /* nobody waits any more */
void calls_free(struct calls *calls); /* once nobody can ask; NULL is fine */

/* control_numbers.c: what is counted, here and by edge. */
struct numbers *numbers_new(void);
void numbers_free(struct numbers *n);                                    /* NULL is fine */
void numbers_count(struct numbers *n, const struct message *m);          /* MESSAGE_STATUS */
void numbers_count_tunnels(struct numbers *n, const uint64_t *counters); /* enum tunnel_counter */
void numbers_get(void *owner, struct api_numbers *out);                  /* from any thread */

/* control_tunnel.c: what the VPN engine asks. For the loop's thread. */
struct tunnel_line *tunnel_line_new(struct control *c);
void tunnel_line_free(struct tunnel_line *t); /* NULL is fine */
/* There is a new engine; takes `fd` over. */
void tunnel_line_open(struct tunnel_line *t, int fd);
/* The engine is asked for its counters, and control_sample() called when it has said them. False:
 * there is none. */
bool tunnel_line_ask(struct tunnel_line *t);
/* The engine is told, if it concerns those who are connected. */
void tunnel_line_happened(struct tunnel_line *t, enum access_event event);

/* control_visits.c: who has come in by the VPN, until it is noted. */
struct vpn_visit;
struct visits *visits_new(struct control *c);
/* From any thread; it keeps a copy. False: too much could not be noted yet. */
MUST_CHECK bool visits_add(struct visits *v, const struct vpn_visit *visit);
void visits_free(struct visits *v); /* notes what is left: once the pool has stopped */

/* control_pool.c: threads that answer requests, and whatever else waits for the store. */
struct job;
struct job_kind {
	bool (*is_slow)(const struct job *j);        /* a password is hashed */
	void (*run)(struct job *j, struct api *api); /* in a thread */
	/* Instead: there is no room (OUTCOME_BUSY), or no store. In whichever thread. */
	void (*refuse)(struct job *j, struct outcome why);
};

struct job {
	const struct job_kind *kind;
	struct list link;
	uint64_t turn; /* the pool's own */
	struct control *control;
	struct exchange *ex; /* NULL: whoever asked is gone */
	struct arena *memory;
	struct shared_config *config;
	struct api_request request; /* of all kinds: by whom, for their turns */
	struct buf body;
	struct api_answer answer;
	void (*done)(void *job); /* in the loop's thread, once it is answered */
	void *of;                /* for `done` */
};
MUST_CHECK struct err pool_new(struct control *c, struct pool **out);
void pool_ask(struct pool *p, struct job *j); /* where there is no room, `done` has it refused */
/* The store is ready, or could not be made ready: until then, for the first seconds, those who ask
 * wait. From any thread. */
void pool_tried(struct pool *p);
void pool_waiting(struct pool *p, uint64_t *fast, uint64_t *slow);
/* Takes no more, and waits until its threads have ended, or until then: false, and they still work.
 */
MUST_CHECK bool pool_stop(struct pool *p, const struct timespec *until);
void pool_free(struct pool *p); /* once it has stopped */
void job_free(struct job *j);

/* control_store.c */
struct store;
/* Makes database, keys and certificates what they have to be, and opens the store. */
MUST_CHECK struct err control_open(struct control *c, const struct config *config,
				   struct store **store);
/* Fills what a thread works with; its store is opened if it can be. */
MUST_CHECK bool control_api(struct control *c, struct store **store, struct arena *memory,
			    const struct config *config, struct api *out);

/* control_http.c */
extern const struct job_kind job_request; /* what the API answers */
MUST_CHECK struct err doors_open(struct control *c, int fd, enum api_door door);
void doors_close(struct control *c);

/* control_events.c */
void events_begin(struct control *c, struct job *j); /* its exchange is told from now on */
void events_happened(void *owner, enum access_event event, int64_t id); /* from any thread */
void events_stop(struct control *c);

/* control_chores.c: what is done now and then, in a thread of its own. */
MUST_CHECK struct err chores_new(struct control *c, struct chores **out);
void chores_poke(struct chores *ch); /* there may be something to deliver */
MUST_CHECK bool chores_stop(struct chores *ch, const struct timespec *until); /* as pool_stop() */
void chores_free(struct chores *ch);

#endif
