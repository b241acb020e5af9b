/* UDP, on sockets that are bound already; an answer leaves from the address that was asked. */
#ifndef OS_DATAGRAM_H
#define OS_DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/span.h"

/* A socket that shares its port with others of ours (SO_REUSEPORT), tells to which address a
 * datagram came, and does not fragment what it sends more than the path asks for. */
MUST_CHECK struct err datagram_open(const struct address *at, int *fd);

/* As sock_check_free() has it: is nobody at that port, not even another instance of ours? */
MUST_CHECK struct err datagram_check_free(const struct address *at);

/*
 * Of `count` sockets that share a port, opened one after the other, OpenVPN's packets come to the
 * one whose number is their peer id's or, of control packets, session id's remainder. Set once for
 * all of them, and again does no harm; without it they come by address, and get lost when that
 * changes.
 */
void datagram_steer(int fd, unsigned count);

/* --- many at once */

#define DATAGRAMS 32
struct datagram {
	struct address from, local;
	uint8_t *bytes;
	size_t len, each; /* several of that size may have become one; the last may be shorter */
};
struct datagrams; /* memory for so many */
struct datagrams *datagrams_new(void);
void datagrams_free(struct datagrams *d); /* NULL is fine */

/* How many came; they are there until the next call. Empty ones may be among them. None also after
 * an error that told of one sent earlier. */
size_t datagrams_receive(struct datagrams *d, int fd, const struct datagram **out);

/* From now on the kernel may join those of one sender, if it can. */
void datagram_join(int fd);

/* Sends `bytes` as datagrams of `each`, the last may be shorter; at most DATAGRAM_BURST of them.
 * False, and nothing is sent, where the kernel cannot do so with one call. */
#define DATAGRAM_BURST       64
#define DATAGRAM_BURST_BYTES 65000
MUST_CHECK bool datagram_send_burst(int fd, struct span bytes, size_t each,
				    const struct address *to, const struct address *local);

/* --- one by one */

/* Lost without a word where it cannot be sent now. `local` may be of family 0. */
void datagram_send(int fd, struct span bytes, const struct address *to,
		   const struct address *local);

#endif
