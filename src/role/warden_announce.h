/* What a person at a terminal is told when the server is up. */
#ifndef ROLE_WARDEN_ANNOUNCE_H
#define ROLE_WARDEN_ANNOUNCE_H

#include "config/config.h"

/* Each URL, what is relayed where, and what is off without root and why. */
void announce(const struct config *c, bool root);

/*
 * Nobody administers this server yet: how to become who does. `token` is a secret for the terminal,
 * or "" where there is none: a log says how to get one. `file` is the configuration's.
 */
void announce_setup(const struct config *c, const char *file, const char *token);

#endif
