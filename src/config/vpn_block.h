/* The VPN: "vpn { }", and what follows of it for the shared port. */
#ifndef CONFIG_VPN_BLOCK_H
#define CONFIG_VPN_BLOCK_H

#include "config/option.h"

/* Of a struct vpn. */
void vpn_read_listen(struct reader *r, const struct option *o, const struct directive *d,
		     void *into);
void vpn_print_listen(struct printer *p, const struct option *o, const void *from);
void vpn_read_network(struct reader *r, const struct option *o, const struct directive *d,
		      void *into);
void vpn_print_network(struct printer *p, const struct option *o, const void *from);
void vpn_read_route(struct reader *r, const struct option *o, const struct directive *d,
		    void *into);
void vpn_print_route(struct printer *p, const struct option *o, const void *from);
void vpn_read_dns(struct reader *r, const struct option *o, const struct directive *d, void *into);
void vpn_print_dns(struct printer *p, const struct option *o, const void *from);

const char *vpn_domain(struct reader *r, const struct word *w); /* NULL: a fault */

/* What needs all of the file: the network by IPv6, and whom the shared port leads OpenVPN to. */
void vpn_complete(struct reader *r);

/* As config_needs_restart(). */
const char *vpn_needs_restart(const struct vpn *running, const struct vpn *next);

#endif
