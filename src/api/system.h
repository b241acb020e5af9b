/*
 * What warden tells control of the machine, as JSON. It writes by these shapes and the API reads
 * by them, so that what a page shows is what warden saw.
 */
#ifndef API_SYSTEM_H
#define API_SYSTEM_H

#include "json/shape.h"

/* Something that listens: CALL_LISTENERS answers a struct listener_list. */
struct listener {
	const char *protocol; /* "tcp", "udp" */
	const char *address;  /* "0.0.0.0", "::", "192.0.2.1" */
	int64_t port;
	const char *process, *unit; /* "nginx", "nginx.service"; NULL: it cannot be told */
	int64_t pid;                /* 0: it cannot be told */
	bool ours;
	const char *reason; /* why it listens, as a clause; NULL: nobody told us */
};
struct listener_list {
	struct listener *at;
	size_t count;
};

/* A certificate of a site: CALL_CERTIFICATES answers a struct site_certificate_list. */
struct site_certificate {
	const char *site;   /* its first name */
	const char **names; /* all of them; NULL-ended */
	const char *chain;  /* the file */
	int64_t not_before, not_after;
	const char *key_type, *sha256;
	bool self_signed;
	const char *problem; /* why it cannot be used, as a clause; NULL: it can */
};
struct site_certificate_list {
	struct site_certificate *at;
	size_t count;
};

extern const struct shape shape_listener_list, shape_site_certificate_list;

#endif
