/* The servers that this machine asks for names. */
#ifndef OS_RESOLVERS_H
#define OS_RESOLVERS_H

#include <stddef.h>

#include "base/address.h"
#include "base/span.h"

/* At most `max`; 0: none can be told. Where the machine asks one of its own (systemd-resolved),
 * those that that one asks: nobody else could ask it. */
size_t resolvers_list(struct address *out, size_t max);

/* Of a file's text (resolv.conf(5)), without those that only this machine can ask. */
size_t resolvers_read(struct span text, struct address *out, size_t max);

#endif
