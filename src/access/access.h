/*
 * Who may do what. Everything that people do here goes through this layer, whichever way it came
 * (web, API, command line, VPN): it checks, changes the store, and writes the audit log, all in
 * one transaction.
 */
#ifndef ACCESS_ACCESS_H
#define ACCESS_ACCESS_H

#include "base/address.h"
#include "base/mem.h"
#include "base/outcome.h"
#include "pki/authority.h"
#include "pki/vault.h"
#include "store/link.h"
#include "store/people.h"
#include "store/session.h"
#include "store/store.h"
#include "store/token.h"

/* Something has changed: consoles that look on are told, and the VPN. */
enum access_event {
	EVENT_USER, /* added, changed or removed: id */
	EVENT_GROUP,
	EVENT_DEVICE, /* added, changed or revoked */
	EVENT_TUNNEL, /* one connected to the VPN, or left it: the device's id */
	EVENT_SESSION,
	EVENT_TOKEN,
	EVENT_LINK,
	EVENT_BAN,
	EVENT_RULE,
	EVENT_SETTINGS,
	EVENT_CERTIFICATE,
	EVENT_AUDIT, /* a row was added */
	EVENT_REFUSAL,
	EVENT_STATUS, /* the counters were read anew */
	EVENT_CONFIG, /* another configuration runs, or one awaits confirmation */
	EVENT_NOTICE,
	EVENT_KINDS
};
const char *access_event_name(enum access_event e); /* "user" */

/* What one thread works with. */
struct access {
	struct store *store;
	const struct vault *vault;
	struct arena *memory; /* for what is returned, until the caller resets it */
	int64_t now;          /* ms since 1970, set for each request */
	const struct password_cost *cost;
	const struct authority_settings *authority;
	/* Called after a commit; from this thread. May be NULL. */
	void (*happened)(void *owner, enum access_event event, int64_t id);
	void *owner;
	const char *audit_head;  /* the file in which the log's last row is noted; NULL: none */
	struct pending *pending; /* what to tell after the commit: access/change.c */
};

/* Who asks. */
enum actor_kind {
	ACTOR_STRANGER, /* nobody has shown who he is */
	ACTOR_USER,     /* by a session */
	ACTOR_TOKEN,
	ACTOR_MACHINE, /* the command line of this machine: its administrator */
	ACTOR_SELF,    /* this program */
};

/* What he may do: each level may do what those below it may. */
enum access_level { LEVEL_NOBODY, LEVEL_SELF, LEVEL_READ, LEVEL_OPERATE, LEVEL_ADMIN };

struct actor {
	enum actor_kind kind;
	enum access_level level;
	int64_t user;     /* 0: none */
	const char *name; /* of the user or token, "root" */
	int64_t session, token;
	int64_t proved;      /* when the password was last given: for dangerous acts */
	struct address from; /* family 0: this machine */
	bool reads_only;     /* a token made for reading: change_end() refuses what it asks for */
};

/* For the audit log: "alice", "token ci", "command line (root)". In a->memory. */
#define ACTOR_SELF_TEXT "sallyport" /* of ACTOR_SELF: nobody else has that name */
const char *actor_text(const struct access *a, const struct actor *who);

/* Whether he may administer that user, his devices, bans, sessions, tokens and links: an operator
 * only plain users. actor_is_or_manages(): or it is he himself. */
MUST_CHECK struct outcome actor_manages(const struct actor *who, const struct user *u);
MUST_CHECK struct outcome actor_is_or_manages(const struct actor *who, const struct user *u);

/* What users of that role may do; whether this one may come in at all. */
enum access_level access_level_of(int role);
bool access_is_good(const struct access *a, const struct user *u); /* enabled, not expired */

/* A peer's words for the store and its logs: printable ASCII, at most `max` bytes. In a->memory;
 * NULL for NULL. */
const char *access_plain(const struct access *a, const char *text, size_t max);

/* Of store calls, for people: what was asked for by `thing`, "user alice". The log has the rest. */
struct outcome access_stored(const struct access *a, enum store_result r, const char *thing);

/* There is too little memory: OUTCOME_BUSY, for a second. */
MUST_CHECK struct outcome access_short_of_memory(void);

/* 32 random bytes as base64url for a person or program to keep, and their hash for us. */
#define SECRET_TEXT 44
MUST_CHECK bool secret_new(const char *prefix, char *text, size_t size, uint8_t hash[SECRET_HASH]);
MUST_CHECK bool secret_hash(struct span text, uint8_t hash[SECRET_HASH]);

#endif
