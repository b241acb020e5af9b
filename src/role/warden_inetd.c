#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "os/fs.h"
#include "os/spawn.h"
#include "role/warden_private.h"

/* sshd will not start without its privilege separation directory, which its own unit makes. */
static void
make_sshd_directory(void)
{
	struct err e = fs_make_directory("/run/sshd", 0755);

	if (failed(e))
		log_warn("%s", e.text);
}

void
inetd_run(struct warden *w, int fd, const struct address *peer)
{
	static struct log_limit limit;
	const struct config *c = w->running != NULL ? w->running->config : NULL;
	char text[ADDRESS_TEXT_MAX];
	pid_t pid;

	if (c == NULL || c->share.ssh.kind != DOOR_INETD)
		return; /* a reload closed this door meanwhile */
	if (w->inetd_count >= c->limits.inetd_processes) {
		log_peer(&limit,
			 "ssh: %s was turned away: %zu programs run, the most that "
			 "`limits { inetd_processes }` allows",
			 address_text(peer, text), w->inetd_count);
		return;
	}
	if (w->running->root)
		make_sshd_directory();
	struct err e = spawn_on_socket(c->share.ssh.command, fd, &pid);
	if (failed(e)) {
		log_peer(&limit, "ssh: %s", e.text);
		return;
	}
	*MEM_PUSH(w->inetd, w->inetd_count) = pid;
	log_peer(&limit, "ssh: %s is served by %s (pid %d)", address_text(peer, text),
		 c->share.ssh.command[0], (int)pid);
}

void
inetd_ended(struct warden *w, pid_t pid)
{
	for (size_t i = 0; i < w->inetd_count; i++)
		if (w->inetd[i] == pid) {
			w->inetd[i] = w->inetd[--w->inetd_count];
			return;
		}
}
