/* Sockets, non-blocking and close-on-exec throughout. */
#ifndef OS_SOCK_H
#define OS_SOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/address.h"
#include "base/attr.h"
#include "base/err.h"

/*
 * A listening TCP socket with SO_REUSEPORT (and IPV6_V6ONLY, so that v4 and v6
 * are two listeners). The error of a port in use names its holder where /proc
 * tells: "443/tcp is held by nginx (pid 712, nginx.service)", with what to do.
 * What it accepts has TCP_NODELAY, as what sock_connect_tcp() makes.
 */
MUST_CHECK struct err sock_listen_tcp(const struct address *at, int *fd);

/*
 * Is nobody at that port, not even another instance of ours? SO_REUSEPORT would share
 * it with one silently. To be asked before the first listener of an address is made.
 */
MUST_CHECK struct err sock_check_free(const struct address *at);

/* -1: none waiting, or the peer is gone already. -2: out of descriptors or memory. */
int sock_accept(int listener, struct address *peer);

/* Begins to connect; watch for READY_OUT, then ask sock_connected(). */
MUST_CHECK struct err sock_connect_tcp(const struct address *to, int *fd);

/* The same for a Unix socket, by its name in a directory that was opened before. This moves the
 * calling thread's working directory, which must be its own: sock_own_directory(). */
MUST_CHECK struct err sock_connect_unix(int dirfd, const char *name, int *fd);
MUST_CHECK struct err sock_own_directory(void);

/* How a connect ended: 0, or the errno value. */
int sock_connected(int fd);

void sock_local(int fd, struct address *out); /* the address that was connected to */

void sock_no_delay(int fd);

/* So that close() sends RST, where bytes unread or a peer too slow should not linger. */
void sock_reset_on_close(int fd);

/* For one read or write. */
#define SOCK_AGAIN (-1) /* nothing now */
#define SOCK_DEAD  (-2) /* reset, or any other end without FIN */

/* Bytes copied, 0 at the peer's FIN, or one of the above. */
ssize_t sock_read(int fd, void *to, size_t len);
ssize_t sock_peek(int fd, void *to, size_t len);
ssize_t sock_write(int fd, const void *from, size_t len);
/* As sock_write, but kept back to leave in one packet with what follows at once: more, or FIN. */
ssize_t sock_write_more(int fd, const void *from, size_t len);
void sock_half_close(int fd); /* sends FIN; reading goes on */

/* What was received is acknowledged now: a sender with Nagle's algorithm waits for that before
 * the rest of what it has to say, for 40 ms. */
void sock_ack_now(int fd);

/* Loops tell of fewer bytes than that only with FIN or an error; reads give what there is. */
void sock_low_water(int fd, int bytes);

#endif
