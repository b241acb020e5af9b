/* Tunnel: OpenVPN's sessions and their packets. It has the tunnel's interface and the VPN's keys,
 * and nothing of the web's. */
#ifndef ROLE_TUNNEL_H
#define ROLE_TUNNEL_H

/* The role, from its channel at descriptor 3; returns the process's exit status. */
int tunnel_main(void);

#endif
