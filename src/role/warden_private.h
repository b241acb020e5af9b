/* What the files of warden share. Nobody else includes this. */
#ifndef ROLE_WARDEN_PRIVATE_H
#define ROLE_WARDEN_PRIVATE_H

#include <sys/types.h>

#include "base/buf.h"
#include "ipc/channel.h"
#include "os/loop.h"
#include "role/warden_listen.h"
#include "role/warden_provision.h"

struct edge_status; /* what edge counted, as of when it was last asked */
struct known_hosts; /* names and their addresses, as of the last look-up */
struct command;     /* a command line that waits for its answer */
struct commands;

/* The edge process and what it has been told. */
struct edge_child {
	pid_t pid; /* 0: none */
	struct channel *channel;
	int64_t started_ms;
	unsigned crashes; /* in a row, each soon after its start */
	struct timer restart;
};

struct warden {
	struct loop *loop;
	const char *file; /* of the configuration, absolute */
	int64_t started_ms;
	struct watch signals;
	struct listen_set listeners;

	struct provision *running;
	struct provision *coming; /* told to edge, not answered yet */
	uint64_t generation;      /* of the last one told */
	struct command *waiting;  /* wants to know what becomes of `coming` */
	uint64_t confirm_ms;      /* `coming` is to be confirmed within this, 0: not at all */
	struct timer answer;      /* edge must answer before this */
	bool reload_again;        /* read the file again then */
	bool again;               /* apply `running` anew once `coming` is decided */
	bool ready;               /* systemd knows that we serve */

	struct edge_child edge;
	struct edge_status *status;
	struct known_hosts *hosts;
	struct timer certificates;
	struct timer rollback;
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
void warden_apply(struct warden *w, struct provision *p, struct command *waiting,
		  uint64_t confirm_ms);

/* The file, as it is now. With `waiting` only when nothing is being applied (w->coming). */
void warden_reload(struct warden *w, struct command *waiting, uint64_t confirm_ms);
void warden_reapply(struct warden *w); /* what runs, with its files and names looked at anew */
void warden_reopen_log(struct warden *w);
void warden_tell_log(struct warden *w, const char *file); /* NULL: the terminal, or the journal */

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
void confirm_begin(struct warden *w, struct span previous, uint64_t ms);
void confirm_resume(struct warden *w); /* at the start */
bool confirm_pending(const struct warden *w);
struct err confirm_keep(struct warden *w);
void confirm_keep_history(struct warden *w, struct span text);

/* warden_command.c: the command line's end, STATE_DIR/warden.sock. */
struct err commands_listen(struct warden *w);
void commands_close(struct warden *w);
void command_answer(struct command *c, bool ok, const char *fmt, ...) PRINTF(3, 4);

/* warden_status.c */
struct edge_status *status_new(void);
void status_add(struct warden *w, const struct message *m); /* MESSAGE_SERVER, MESSAGE_STATUS */
unsigned status_rounds(const struct warden *w);             /* how often edge has told all of it */

/* All of it, for people or as one JSON object; `fresh`: edge has just told it. False when `out` is
 * full. */
MUST_CHECK bool status_put_text(const struct warden *w, bool fresh, struct buf *out);
MUST_CHECK bool status_put_json(const struct warden *w, bool fresh, struct buf *out);

#endif
