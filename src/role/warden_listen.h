/* The listening sockets: one for each worker and address, open for as long as it is configured. */
#ifndef ROLE_WARDEN_LISTEN_H
#define ROLE_WARDEN_LISTEN_H

#include "base/attr.h"
#include "base/err.h"
#include "config/config.h"
#include "ipc/message.h"

struct listen_socket {
	enum listener_kind kind;
	struct address at;
	unsigned worker;
	int fd;
	bool wanted; /* by the configuration that is coming */
	bool used;   /* by the one that runs */
	bool told;   /* of LISTENER_VPN: the tunnel has it, and so the port, as long as it lives */
};

struct listen_set {
	struct listen_socket *sockets;
	size_t count;
	unsigned workers; /* of edge */
	unsigned tunnels; /* workers of the tunnel */
};

/* Opens what `c` asks for and is not open yet. On failure nothing has changed. */
MUST_CHECK struct err listen_open(struct listen_set *set, const struct config *c);

/* The coming configuration runs: closes what it does not want, but for what the tunnel has, which
 * may be wanted again. */
void listen_commit(struct listen_set *set);

/* The tunnel is gone, with all that it was told of. */
void listen_untold(struct listen_set *set);

/* The end: closes all. Those that edge holds go on until it lets go of them too. */
void listen_close(struct listen_set *set);

/* It does not: closes what was opened for it. */
void listen_abandon(struct listen_set *set);

#endif
