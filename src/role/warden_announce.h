/* What a person at a terminal is told when the server is up. */
#ifndef ROLE_WARDEN_ANNOUNCE_H
#define ROLE_WARDEN_ANNOUNCE_H

#include "config/config.h"

/* Each URL, what is relayed where, and what is off without root and why. */
void announce(const struct config *c, bool root);

#endif
