/* What the files of warden share. Nobody else includes this. */
#ifndef ROLE_WARDEN_PRIVATE_H
#define ROLE_WARDEN_PRIVATE_H

#include <sys/types.h>

#include "base/address.h"
#include "base/buf.h"
#include "ipc/channel.h"
#include "os/loop.h"
#include "role/child.h"
#include "role/warden_listen.h"
#include "role/warden_provision.h"

struct edge_status; /* what edge counted, as of when it was last asked */
struct known_hosts; /* names and their addresses, as of the last look-up */
struct control_sockets;
struct commands;
struct tunnel_device;
struct forward;
struct ways;

#define TUNNEL_WORKERS_MAX 64

/* Somebody who waits for an answer: the command line, or control. */
struct asker {
	/* Once; the asker is gone then. */
	void (*answer)(struct asker *asker, bool ok, struct span text);
};
void asker_answer(struct asker *asker, bool ok, const char *fmt, ...) PRINTF(3, 4);

struct warden {
	struct loop *loop;
	const char *file; /* of the configuration, absolute */
	int64_t started_ms;
	struct watch signals;
	struct listen_set listeners;

	struct provision *running;
	struct provision *coming; /* told to edge, not answered yet */
	uint64_t generation;      /* of the last one told */
	uint64_t given_up;        /* of one that edge did not take in time, but still may; or 0 */
	struct asker *waiting;    /* wants to know what becomes of `coming` */
	const char *waits;   /* of `coming`: an option that the next start applies; NULL: none */
	uint64_t confirm_ms; /* `coming` is to be confirmed within this, 0: not at all */
	struct timer answer; /* edge must answer before this */
	bool reload_again;   /* read the file again then */
	bool again;          /* apply `running` anew once `coming` is decided */
	bool ready;          /* systemd knows that we serve */

	struct child edge;
	struct child control; /* only where the configuration wants it */
	struct child tunnel;  /* only where it wants a VPN */
	struct tunnel_device *device;
	struct forward *forward;
	struct ways *ways;                 /* of the VPN's clients */
	struct timer follow;               /* what the tunnel told of them is not in force yet */
	uint64_t ways_told;                /* the number of the last that it told */
	char tunnel_problem[ERR_TEXT_MAX]; /* why there is no VPN though it is wanted; or empty */
	struct control_sockets *sockets;
	unsigned calls;      /* of control, not answered yet */
	struct timer sample; /* edge is asked for its counters, for control */
	bool sampling;       /* what it says next is a sample */
	int64_t applied_ms;  /* when what awaits confirmation was applied, by clock_ms() */
	struct edge_status *status;
	struct known_hosts *hosts;
	struct timer certificates;
	uint64_t unusable; /* why they were not taken, as a hash of what was said; 0: they were */
	struct timer rollback;
	struct buf previous;      /* what comes back then */
	struct asker *going_back; /* wants to know what becomes of the roll-back */
	struct commands *commands;
	pid_t *inetd; /* programs that serve a client each */
	size_t inetd_count;
	bool stopping;
	struct timer kill;
};

/* warden.c */

/*
 * Begins to apply `p`, which it takes over, when nothing else is being applied; the outcome comes
 * to `waiting` (may be NULL), which is answered in any case. With `confirm_ms`, what runs now comes
 * back after that unless warden_confirm() is called before.
 */
void warden_apply(struct warden *w, struct provision *p, struct asker *waiting,
		  uint64_t confirm_ms);

/* The file, as it is now. With `waiting` only when nothing is being applied (w->coming). */
void warden_reload(struct warden *w, struct asker *waiting, uint64_t confirm_ms);
void warden_reapply(struct warden *w); /* what runs, with its files and names looked at anew */
void warden_reopen_log(struct warden *w);
void warden_child_ended(struct warden *w); /* while stopping: the last one ends warden too */
void warden_tell_log(struct warden *w, const struct config *c); /* as it says; NULL: the terminal */

/* warden_edge.c */
void edge_start(struct warden *w);
void edge_tell(struct warden *w, const struct message *m);
void edge_tell_snapshot(struct warden *w, const struct provision *p, uint64_t generation);
void edge_ended(struct warden *w, const char *why);

/* What warden does when edge answers (warden.c). */
void warden_applied(struct warden *w, uint64_t generation);
void warden_refused(struct warden *w, uint64_t generation, const char *why);

/* warden_inetd.c */
void inetd_run(struct warden *w, int fd, const struct address *peer);
void inetd_ended(struct warden *w, pid_t pid); /* harmless for a stranger */

/* warden_hosts.c */
struct known_hosts *hosts_new(struct warden *w);

/* Starts looking up the names of `c` (and again every 30 s); calls warden_reapply() when
 * something changed. `done` (may be NULL) is called once: when all are known, or after 3 s. */
void hosts_follow(struct known_hosts *h, const struct config *c, void (*done)(struct warden *w));
bool hosts_resolver_ended(struct known_hosts *h, pid_t pid); /* false: not its child */

/* Addresses of `host` with `port`, at most MESSAGE_ADDRESSES_MAX; 0 when it has none. */
size_t hosts_addresses(const struct known_hosts *h, const char *host, uint16_t port,
		       struct address *out);

/* warden_confirm.c: a change that comes back unless it is confirmed, also after a restart. */
/* Before the file says what is to be applied, so that a restart meanwhile goes back as well; and
 * when it was refused. */
void confirm_expect(struct warden *w, uint64_t ms);
void confirm_unexpect(struct warden *w);
void confirm_begin(struct warden *w, struct span previous, uint64_t ms);
void confirm_resume(struct warden *w); /* at the start */
bool confirm_pending(const struct warden *w);
int64_t confirm_left_s(const struct warden *w); /* 0: it comes back now, or nothing awaits it */
struct err confirm_keep(struct warden *w);
void confirm_go_back(struct warden *w, struct asker *waiting); /* at once, and answers then */

/* warden_history.c: every configuration that was applied, in STATE_DIR/history. */
void history_keep(struct warden *w, struct span text);
/* Adds lines "NAME MS BYTES", the newest first. */
MUST_CHECK struct err history_list(const struct warden *w, struct buf *out);
MUST_CHECK struct err history_read(const struct warden *w, struct span name, struct buf *out);

/* warden_command.c: the command line's end, STATE_DIR/warden.sock. */
struct err commands_listen(struct warden *w);
void commands_close(struct warden *w);

/* warden_control.c */
/* Starts, tells or stops it, as the configuration that runs has it. */
void control_follow(struct warden *w);
void control_stop(struct warden *w);
bool control_ended(struct warden *w, pid_t pid, const char *why); /* false: not it */
/* Gives it and edge a line to each other, as tunnel_meet(). */
void control_meet_edge(struct warden *w);
void control_tell_status(struct warden *w, const struct message *status);

/* warden_tunnel.c */
/* Starts, tells or stops it, as the configuration that runs has it. */
void tunnel_follow(struct warden *w);
void tunnel_stop(struct warden *w, uint64_t ms);
bool tunnel_ended(struct warden *w, pid_t pid, const char *why); /* false: not it */
/* Gives it and another role (edge, control) a line to each other, an earlier one is dead; nothing
 * where either is not there. */
void tunnel_meet(struct warden *w, enum role other);

struct tunnel_state {
	bool wanted;
	const char *device; /* its interface; NULL: there is none */
	pid_t pid;
	const char *problem; /* why there is no VPN, or it leads nowhere; NULL: all is well */
};
/* Whether the interface has another network than is wanted next. */
bool tunnel_waits(const struct warden *w, const struct vpn *next);
void tunnel_describe(const struct warden *w, struct tunnel_state *out);

/* warden_forward.c: what clients of the VPN need to reach more than this machine. */
/* From now on, or as the configuration that runs has it now. */
void forward_begin(struct warden *w, const char *device, const struct network *network,
		   const struct network *network6);
/* All is as it was before, also what an earlier life left; harmless where there is nothing. */
void forward_end(struct warden *w);
/* What w->ways has is in force then, or the log says why not. */
void forward_follow(struct warden *w);
const char *forward_problem(const struct warden *w); /* NULL: none */

/* warden_call.c: answers MESSAGE_CALL. */
void call_begin(struct warden *w, struct message *m);

/* warden_machine.c: JSON of what listens here, and of the sites' certificates (api/system.h). */
MUST_CHECK bool machine_put_listeners(const struct warden *w, struct buf *out);
MUST_CHECK bool machine_put_certificates(const struct warden *w, struct buf *out);
/* Whether this machine's authorities vouch for all certificates that `host` may be shown. */
bool machine_trusts(const struct warden *w, struct span host);

/* warden_status.c */
struct edge_status *status_new(void);
void status_add(struct warden *w, const struct message *m); /* MESSAGE_SERVER, MESSAGE_STATUS */

/* Asks edge and waits until it has told all of it; `fresh` false: it does not come to it. */
struct status_wait {
	struct timer timer;
	struct warden *warden;
	unsigned asked, tries;
	void (*done)(struct status_wait *wait, bool fresh);
};
void status_await(struct warden *w, struct status_wait *wait,
		  void (*done)(struct status_wait *wait, bool fresh));

/* All of it, for people or as one JSON object; `fresh`: edge has just told it. False when `out` is
 * full. */
MUST_CHECK bool status_put_text(const struct warden *w, bool fresh, struct buf *out);
MUST_CHECK bool status_put_json(const struct warden *w, bool fresh, struct buf *out);

#endif
