/* A site's TLS context from its certificate files, for who serves it and for who checks it. */
#ifndef ROLE_SITE_TLS_H
#define ROLE_SITE_TLS_H

#include "base/attr.h"
#include "base/err.h"
#include "config/config.h"
#include "tls/context.h"

/*
 * `fds` are a chain's and a key's descriptor for each certificate, read from their start and
 * left open. On success *out is the caller's: tls_context_free().
 */
MUST_CHECK struct err site_context(struct tls_library *lib, const struct site *site, int (*fds)[2],
				   struct tls_context **out);

#endif
