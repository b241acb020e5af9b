/* The configuration, as warden tells the other roles of it by MESSAGE_SNAPSHOT. */
#ifndef ROLE_TOLD_CONFIG_H
#define ROLE_TOLD_CONFIG_H

#include "base/attr.h"
#include "base/err.h"
#include "config/config.h"
#include "ipc/message.h"

struct provision;

/* Makes the message; its descriptor is the caller's to close, once it is sent. */
MUST_CHECK struct err told_config_message(const struct provision *p, uint64_t generation,
					  unsigned workers, struct message *out);

/* Reads it. *out is the caller's, freed with config_free(); NULL on failure. */
MUST_CHECK struct err told_config(const struct message *m, struct config **out);

#endif
