/* Which door? From the protocol, and for TLS from the hello, to what shall be done. */
#ifndef SHARE_DIRECT_H
#define SHARE_DIRECT_H

#include "config/config.h"
#include "share/classify.h"
#include "share/hello.h"

enum direction_kind {
	DIRECTION_TERMINATE, /* TLS ends here, with the site's certificate */
	DIRECTION_RELAY,
	DIRECTION_INETD,
	DIRECTION_REFUSE, /* what a web server says to bytes that are not TLS */
};

struct direction {
	enum direction_kind kind;
	const char *rule; /* for the log: "tls", "sni imap.example.org", "ssh", "silent" */
	const struct site
	    *site; /* TERMINATE; NULL where the name is nobody's: the first site then */
	const struct backends *to; /* RELAY */
	char *const *command;      /* INETD */
};

/* The bits for classify(): TLS, HTTP and what has a door here; PROXY headers not included. */
unsigned direct_among(const struct config *c);

/*
 * `hello` is given for PROTOCOL_TLS (NULL if it was not well-formed: then our own
 * TLS answers with the alert), NULL otherwise. In order: a site that has the name
 * exactly; sni rules; a site by wildcard; alpn rules; the tls back end; the first site.
 */
struct direction direct(const struct config *c, enum protocol protocol, const struct hello *hello);

/* For a client that has said nothing for `silent_after`. */
struct direction direct_silent(const struct config *c);

#endif
