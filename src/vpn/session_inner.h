/*
 * The inside of struct session, for the files that are it: session.c, session_delivery.c,
 * session_key.c, session_control.c, session_data.c.
 */
#ifndef VPN_SESSION_INNER_H
#define VPN_SESSION_INNER_H

#include "vpn/keys.h"
#include "vpn/reliable.h"
#include "vpn/session.h"

#define LINGER_MS      5000  /* that a client has to acknowledge its good-bye, or repeat its own */
#define PUSH_REPEAT_MS 30000 /* within which a repeated PUSH_REQUEST is not answered again */
#define LOOK_MS        30000 /* between two looks at how worn a key is */
#define HEARD_MAX      2048  /* of one message inside TLS */
#define WHY_MAX        192
#define ANSWER_MS      300000 /* that a person has to type a code in */
#define ANSWER_MAX     256    /* bytes of it */

/* In the order in which a key goes through them. */
enum key_stage {
	KEY_TLS,     /* shakes hands */
	KEY_METHOD,  /* waits for what the client says first */
	KEY_SIGN_IN, /* the owner is asked */
	KEY_PUSH,    /* let in; the first key waits to be asked for the terms */
	KEY_OPEN,    /* has data keys */
};

struct key {
	unsigned id;
	enum key_stage stage;
	bool began;                /* our reset is sent, or need not be */
	bool answered;             /* our key method is said */
	bool admitted;             /* by the owner */
	bool challenged;           /* the person at the client was asked for a code */
	int64_t deadline;          /* to be in use by; INT64_MAX: it is */
	struct reliable *delivery; /* NULL, as tls: it has fallen silent */
	struct engine *tls;
	enum engine_state state;
	struct buf heard;                 /* inside TLS, and not understood yet; secrets */
	struct buf challenge;             /* its state; a secret */
	struct key_random client, server; /* until the data keys are made */
	struct data_keys *data;           /* NULL before KEY_PUSH */
};

/* Where it comes to its end; what is set first stays. */
struct ending {
	bool set;
	bool deaf; /* nothing is said or heard any more */
	enum session_end how;
	int64_t at;        /* at the latest */
	struct key *tells; /* it may be earlier once the client has all of this; NULL: it may not */
	char why[WHY_MAX];
};

/* It is killed while the client makes another key, by which alone it will listen. */
struct sentence {
	bool set, restart;
	int64_t until; /* whatever the client does */
	char why[WHY_MAX];
};

struct session {
	const struct session_settings *settings;
	const struct session_ops *ops;
	void *owner;
	struct session_start start; /* its keys are wiped once it is up */
	struct wrap *wrap;
	struct wrap *wrap_later; /* of all keys but the first; NULL: the same */

	/* `now` seals, and all open. `next` is being made until the client is known to have it. */
	struct key *now, *next, *old;
	int64_t old_until, old_talks_until;
	int64_t rekey_at;

	struct engine_peer certificate;
	uint8_t name[32];      /* a digest of the user's name */
	uint8_t told_name[32]; /* and of the one that it was told, if `renamed` */
	bool renamed;
	struct peer_info peer;
	bool known; /* the three above are set */
	enum aead_kind cipher;

	struct buf
	    push; /* what it is told once it is let in: messages, each with its NUL; secret */
	bool push_asked;
	int64_t pushed;
	bool up;

	int64_t heard, sent, looked;
	uint64_t bytes_in, bytes_out;
	unsigned keys;

	unsigned busy; /* calls of ours under way: those inside leave the rest to the outermost */
	struct sentence sentence;
	struct ending ending;
	bool over; /* was told */
};

/* What control packets of a key are wrapped with. */
static inline struct wrap *
session_wrap(const struct session *s, unsigned key_id)
{
	return key_id > 0 && s->wrap_later != NULL ? s->wrap_later : s->wrap;
}

/* --- session.c */

/* Sets the ending. With `tells` there is time for the client to hear of it; else it is at once. */
void session_end_by(struct session *s, enum session_end how, const char *why, struct key *tells,
		    int64_t now);
/* What was put off until `k` can be heard. */
void session_carry_out(struct session *s, struct key *k, int64_t now);
/* What is wrong with `k` ends the session, but for the old key, which it can do without. A client
 * that has another key is told to come again. */
void session_fail(struct session *s, struct key *k, const char *why, int64_t now);

/* --- session_delivery.c: keys, and their packets */

struct key *key_new(const struct session *s, unsigned id, int64_t now); /* NULL: memory */
void key_free(struct key *k);                                           /* wipes; NULL is fine */
/* From now on it is a key of data alone: what TLS holds is most of a client's memory. */
void key_fall_silent(struct key *k);

/* The one with that number, of three at most; NULL: none. */
struct key *key_of(const struct session *s, unsigned id);
/* Makes `next`; false when there is no room for it, or no memory. */
MUST_CHECK bool key_begin_next(struct session *s, int64_t now);
unsigned key_next_id(const struct session *s);

/* Has our reset delivered, unless it was; may fail the session. */
void key_begin(struct session *s, struct key *k, int64_t now);

/* What came in one packet: acknowledgements, and maybe TLS. */
void key_receive(struct session *s, struct key *k, unsigned opcode, const struct control *c,
		 int64_t now);
/* So many bytes of what was heard are understood. */
void key_heard(struct key *k, size_t n);
/* Has what TLS says delivered, as far as there is room; false when the session has failed. */
bool key_gather(struct session *s, struct key *k, int64_t now);
/* Sends what is due. */
void key_flush(struct session *s, struct key *k, int64_t now, int64_t wall_ms);

/* --- session_key.c: from TLS to data keys */

/* Adds what was said inside TLS to what is heard; false when the session has failed. */
MUST_CHECK bool key_read(struct session *s, struct key *k, int64_t now);
/* Says our key method, which is the last thing that the client needs for its data keys. Once; false
 * when the session has failed. */
MUST_CHECK bool key_answer(struct session *s, struct key *k, int64_t now);
/* As far as it gets by itself. */
void key_go_on(struct session *s, struct key *k, int64_t now);

/* --- session_control.c: messages inside TLS */

/* Understands what is there of them. */
void talk_hear(struct session *s, struct key *k, int64_t now);
/* Says one; what is not printable in it becomes '?', and what is too long is cut. */
MUST_CHECK bool talk_tell(struct key *k, const char *word, const char *reason);
/* All of PUSH_REPLY. */
MUST_CHECK bool talk_push(struct session *s, struct key *k, int64_t now);
/* A new token alone, to a client that has been told the rest. */
MUST_CHECK bool talk_token(struct key *k, const char *token);
/* A challenge that is answered on this connection; false when it does not fit. */
MUST_CHECK bool talk_challenge(const struct session *s, struct key *k,
			       const struct session_challenge *c);
/* A challenge that ends this connection. */
void talk_challenge_away(struct session *s, struct key *k, const struct session_challenge *c,
			 int64_t now);
/* AUTH_FAILED, and the end. */
void talk_refuse(struct session *s, struct key *k, const char *reason, int64_t now);
/* What it will be told when it asks; false when it does not fit. */
MUST_CHECK bool talk_set_terms(struct session *s, const struct push_terms *terms);

/* --- session_data.c */

/* `next` is in use from here on, and what was stays good for a while. */
void session_use_next(struct session *s, int64_t now);
void session_keep_alive(struct session *s, int64_t now);

#endif
