/*
 * What the VPN engine and control tell each other: of who signs in, and of who is there. They are
 * two processes, so all of it is JSON, by these shapes.
 */
#ifndef ACCESS_ADMISSION_H
#define ACCESS_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json/shape.h"

/* What stands as `kind` in control's MESSAGE_RESULT; its text says why. */
enum admission_verdict {
	ADMISSION_REFUSED, /* he is told so, or his connection ends */
	ADMISSION_DONE,
	ADMISSION_LATER, /* it cannot be said now: too much is asked, or there is no database. Who
			    is in already stays until it can */
	ADMISSION_CODE,  /* to CALL_ADMIT: the password is right, and a one-time code is needed; the
			    answer is a struct admission_challenge */
};

/* The engine asks. Texts are in whatever arena they were read into; NULL is as good as "". */
struct admission_ask {
	const char *serial;          /* of the certificate, hex */
	const char *name;            /* "" where none was given */
	const char *password, *code; /* secrets */
	const char *from;            /* the client's address, without a port */
	const char *client;          /* "OpenVPN 2.6.14 linux" */
	bool again;                  /* a rekey: somebody who is in already */
};
extern const struct shape shape_admission_ask;

struct admission_rule {
	const char *to; /* CIDR */
	bool allow;
	int64_t protocol; /* IP protocol's number; 0: any. ICMP (1) is IPv6's (58) too */
	int64_t port_from, port_to;
	const char *way; /* "nat" or "route" */
	bool written;    /* by an administrator; else the configuration has it */
};

/* Control answers, to CALL_ADMIT and CALL_STILL. */
struct admission {
	int64_t user, device;
	const char *user_name, *device_name;
	const char *address; /* in the VPN, kept for this device; NULL: any */
	const char *token;   /* a secret: what the client gives as its password from now on, instead
				of password and code. NULL: none; CALL_STILL's has none */
	int64_t known_since; /* ms since 1970, when that token was first made: who comes with it is
				the machine that got it */
	bool everything;     /* a full tunnel */
	bool client_to_client;
	const char **dns;      /* NULL: as the configuration says */
	int64_t connections;   /* of this user at once; 0: any number */
	int64_t session_until; /* ms since 1970; 0: no end. Of CALL_STILL's and the one before, the
				  earlier holds */
	struct admission_rule *rules;
	size_t rule_count;
};
extern const struct shape shape_admission;

struct admission_challenge {
	const char *user_name;
	const char *state; /* a secret: stands for the password when the code comes */
};
extern const struct shape shape_admission_challenge;

/* CALL_MATERIAL's answer; secrets. */
struct admission_material {
	const char *authorities, *certificate, *key; /* PEM */
	const char *wrap_key, *static_key; /* of tls-crypt-v2 and tls-crypt: hexadecimal */
	const char **reserved; /* addresses in the VPN that are kept for some device; NULL-ended */
};
extern const struct shape shape_admission_material;

/* CALL_NOTE: something that an administrator, or the audit log, is to know. */
struct admission_note {
	const char *what; /* "stale", "replayed", "refused", "ended" */
	int64_t device;   /* as the wrapped key, or the session, has it; 0: unknown */
	const char *from;
	const char *text;                     /* the reason, in words */
	int64_t clock_ms;                     /* "stale": our clock minus theirs */
	int64_t bytes_in, bytes_out, seconds; /* "ended" */
};
extern const struct shape shape_admission_note;

/* Who is connected: CALL_TUNNELS answers a struct live_tunnel_list. */
struct live_tunnel {
	int64_t id; /* never that of another one, as long as the engine runs */
	int64_t user, device;
	const char *user_name, *device_name;
	const char *from;    /* "192.0.2.7:40000", "[2001:db8::1]:40000" */
	const char **inside; /* addresses of the VPN; NULL-ended */
	int64_t since;       /* ms since 1970 */
	int64_t bytes_in, bytes_out;
	int64_t foreign, denied; /* packets from it that went nowhere */
	const char *cipher;      /* "AES-256-GCM" */
	const char *tls;         /* "TLSv1.3" */
	const char *client;      /* "2.6.14 linux"; NULL: it did not say */
	const char *protocol;    /* "tcp", "udp" */
};
struct live_tunnel_list {
	struct live_tunnel *at;
	size_t count;
	int64_t beginning; /* besides: clients that are not in yet */
};
extern const struct shape shape_live_tunnel, shape_live_tunnel_list;

#endif
