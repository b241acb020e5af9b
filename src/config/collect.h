/* What sites and routes need from outside, each once, for those who open and connect. */
#ifndef CONFIG_COLLECT_H
#define CONFIG_COLLECT_H

#include "config/config.h"

/* Each fills a list of the config and tells routes and proxies their places there. */
void collect_roots(struct config *c);
void collect_proxies(struct config *c); /* and their back ends */
void collect_authorities(struct config *c);

/* Where Debian, and most others, keep the authorities that the system trusts. */
#define COLLECT_SYSTEM_AUTHORITIES "/etc/ssl/certs/ca-certificates.crt"

#endif
