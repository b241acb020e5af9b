/*
 * One client of the VPN: what becomes of its packets. Pure: told of packets and of the time, it
 * says what to send, asks whether its user may come in, and holds the keys of the data.
 *
 * Each key has a TLS connection and a delivery of its own, told apart by key id: 0 is that of the
 * beginning, and each rekey makes the next one. The one before stays good for a while.
 *
 * Times are ms by a clock that never jumps; for what is stamped, the wall clock comes beside it.
 */
#ifndef VPN_SESSION_H
#define VPN_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"
#include "tls/engine.h"
#include "tls/wrap_key.h"
#include "vpn/key_method.h"
#include "vpn/push.h"
#include "vpn/wire.h"
#include "vpn/wrap.h"

struct session;

/* The same for all sessions of a worker; must outlive them. */
struct session_settings {
	struct engine_context *engine;
	enum aead_kind ciphers[AEAD_KINDS]; /* in our order */
	size_t cipher_count;
	uint64_t hand_window_ms; /* for a handshake, from reset to keys */
	uint64_t transition_ms;  /* that an old key stays good for */
	uint64_t rekey_ms;       /* from one key to the next that we begin; 0: never */
	uint64_t ping_ms;        /* of silence before we send a keep-alive; 0: never */
	uint64_t silence_ms;     /* of theirs before it is over; 0: never */
	unsigned mtu;            /* of the tunnel */
	const char *options;     /* what we would say as --opt-verify: never empty */
};

/* How it begins. */
struct session_start {
	uint8_t keys[WRAP_KEYS]; /* of tls-crypt: the client's own (v2), or the one for all */
	uint64_t device;         /* that the wrapped key names; 0: none */
	uint8_t client_id[SESSION_ID], server_id[SESSION_ID];
	uint32_t peer_id;
	bool answered;          /* its reset was answered by one who kept no state: at this time */
	uint32_t answered_time; /* seconds since 1970 */
	bool stream;            /* over TCP: what is sent arrives, in order */
};

/* Who wants in; valid during the call. On a rekey it is asked again: `again`. */
struct session_sign_in {
	const struct engine_peer *certificate;
	uint64_t device;
	struct span name, password; /* empty where none was given; secrets */
	struct span code;           /* to session_challenge(), whose state is the password then */
	const struct peer_info *peer;
	bool again;
};

enum session_end {
	END_LEFT,      /* the client said so */
	END_SILENT,    /* nothing was heard of it for too long */
	END_HANDSHAKE, /* it did not come to keys in time, or TLS failed */
	END_REFUSED,   /* it was told why */
	END_KILLED,    /* by us */
};

struct session_ops {
	/* A packet for the client, without the length that TCP has before it. */
	void (*send)(void *owner, struct span packet);
	/* To be answered by session_admit(), session_refuse() or session_challenge(), at once or
	 * later. */
	void (*sign_in)(void *owner, const struct session_sign_in *who);
	/* It was told what it gets, and data may flow. Once. */
	void (*up)(void *owner);
	/* It makes no more calls; to be freed by its owner, but not before this returns. `why` is
	 * for the log. Once. */
	void (*over)(void *owner, enum session_end end, const char *why);
};

/* Settings and ops must outlive it. NULL when memory is short. */
struct session *session_new(const struct session_settings *settings,
			    const struct session_start *start, const struct session_ops *ops,
			    void *owner, int64_t now);
void session_free(struct session *s); /* wipes; NULL is fine */

/* A control packet of any kind, the first one too, its wrapped key still behind it. What is not
 * genuine, or out of turn, is dropped without a sign. */
void session_receive(struct session *s, struct span packet, int64_t now, int64_t wall_ms);

/* What is due: to be called when session_when() has come. */
void session_tick(struct session *s, int64_t now, int64_t wall_ms);
int64_t session_when(const struct session *s);

/* The answers to sign_in. The terms' lists are copied; of a rekey's only the token counts. A reason
 * is told to the person at the client: printable, no commas needed to be kept. */
void session_admit(struct session *s, const struct push_terms *terms, int64_t now, int64_t wall_ms);
void session_refuse(struct session *s, const char *reason, int64_t now, int64_t wall_ms);

/* What is asked for besides the password. */
struct session_challenge {
	const char *user;  /* as he is to be called when he comes again */
	const char *state; /* a secret; printable, without a colon */
	const char *text;  /* for the person at the client */
};
/*
 * A client that can is asked on this connection: sign_in comes again then, with his answer as the
 * code and without a name. Any other is refused in a way by which it asks the person and comes
 * again, its password "CRV1::STATE::CODE".
 */
void session_challenge(struct session *s, const struct session_challenge *c, int64_t now,
		       int64_t wall_ms);

/* Ends it from our side; the client is told: with `restart` that it may come back at once. */
void session_kill(struct session *s, bool restart, const char *reason, int64_t now,
		  int64_t wall_ms);
/* Why it comes to its end, though its client may be told of that yet; NULL: it does not. */
const char *session_ending(const struct session *s);
/* Whether another key is being made. */
bool session_renews(const struct session *s);
/* Begins another key. Nothing happens while one is being made. */
void session_rekey(struct session *s, int64_t now, int64_t wall_ms);

/* --- data */

/* As data_seal(): the packet begins DATA_HEAD bytes before `inner` and is DATA_HEAD longer. False
 * before it is up. */
MUST_CHECK bool session_seal(struct session *s, uint8_t *inner, size_t len, int64_t now);
/* As data_open(). True, with an empty *inner, for what is genuine but not for the tunnel. */
MUST_CHECK bool session_open(struct session *s, uint8_t *packet, size_t len, int64_t now,
			     struct span *inner);

/* --- what it is */

struct session_info {
	bool up;
	enum aead_kind cipher;
	const char *tls;              /* "TLSv1.3"; NULL before it is up */
	const struct peer_info *peer; /* NULL before it is known */
	uint64_t bytes_in, bytes_out; /* inside the tunnel */
	unsigned keys;                /* made so far */
};
void session_info(const struct session *s, struct session_info *out);

#endif
