/* Warden: the parent of all roles. Holds what needs privileges; parses no byte from the network. */
#ifndef ROLE_WARDEN_H
#define ROLE_WARDEN_H

/* Serves by the configuration `file` (absolute) until told to stop; returns the exit status. */
int warden_main(const char *file);

/* The short-lived child that looks names up (resolver.c). */
int resolver_main(void);

#endif
