/* Control: who may do what. Holds database, certificate authority and audit log; answers the REST
 * API on two Unix sockets, and asks warden for what only that may do. */
#ifndef ROLE_CONTROL_H
#define ROLE_CONTROL_H

/* The role, from its channel at descriptor 3; returns the process's exit status. */
int control_main(void);

#endif
