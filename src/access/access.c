#include "access/access.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/text.h"
#include "tls/digest.h"
#include "tls/random.h"

#define SECRET_BYTES 32

static const char *const event_names[EVENT_KINDS] = {
    [EVENT_USER] = "user",
    [EVENT_GROUP] = "group",
    [EVENT_DEVICE] = "device",
    [EVENT_TUNNEL] = "tunnel",
    [EVENT_SESSION] = "session",
    [EVENT_TOKEN] = "token",
    [EVENT_LINK] = "link",
    [EVENT_BAN] = "ban",
    [EVENT_RULE] = "rule",
    [EVENT_SETTINGS] = "settings",
    [EVENT_CERTIFICATE] = "certificate",
    [EVENT_AUDIT] = "audit",
    [EVENT_REFUSAL] = "refusal",
    [EVENT_STATUS] = "status",
    [EVENT_CONFIG] = "config",
    [EVENT_NOTICE] = "notice",
};

const char *
access_event_name(enum access_event e)
{
	return event_names[e];
}

const char *
actor_text(const struct access *a, const struct actor *who)
{
	const char *name = who->name != NULL ? who->name : "?";

	switch (who->kind) {
	case ACTOR_USER:
		return name;
	case ACTOR_TOKEN:
		return arena_printf(a->memory, "token %s", name);
	case ACTOR_MACHINE:
		return arena_printf(a->memory, "command line (%s)", name);
	case ACTOR_SELF:
		return ACTOR_SELF_TEXT;
	case ACTOR_STRANGER:
		break;
	}
	return "nobody";
}

struct outcome
actor_manages(const struct actor *who, const struct user *u)
{
	if (who->level >= LEVEL_ADMIN)
		return OUTCOME_OK;
	if (who->level < LEVEL_OPERATE)
		return outcome_new(OUTCOME_FORBIDDEN, "only operators and administrators may");
	if (u->role != USER_ROLE_USER)
		return outcome_new(OUTCOME_FORBIDDEN,
				   "operators may not touch operators and administrators");
	return OUTCOME_OK;
}

struct outcome
actor_is_or_manages(const struct actor *who, const struct user *u)
{
	if (who->user != 0 && who->user == u->id && who->level >= LEVEL_SELF)
		return OUTCOME_OK;
	return actor_manages(who, u);
}

enum access_level
access_level_of(int role)
{
	switch (role) {
	case USER_ROLE_ADMIN:
		return LEVEL_ADMIN;
	case USER_ROLE_OPERATOR:
		return LEVEL_OPERATE;
	case USER_ROLE_USER:
		return LEVEL_SELF;
	default:
		return LEVEL_NOBODY;
	}
}

bool
access_is_good(const struct access *a, const struct user *u)
{
	return u->enabled && (u->expires == 0 || u->expires > a->now);
}

const char *
access_plain(const struct access *a, const char *text, size_t max)
{
	/* Each byte may become four, and an ellipsis and the NUL follow. */
	struct buf out = buf_with_cap(4 * max + 4);
	const char *plain = "";

	if (text == NULL)
		return NULL;
	if (text_put_escaped(&out, span_str(text), max, false))
		plain = arena_copy(a->memory, buf_span(&out));
	buf_free(&out);
	return plain;
}

struct outcome
access_stored(const struct access *a, enum store_result r, const char *thing)
{
	static _Thread_local struct log_limit limit;

	switch (r) {
	case STORE_DONE:
		return OUTCOME_OK;
	case STORE_NONE:
		return outcome_new(OUTCOME_UNKNOWN, "there is no %.200s", thing);
	case STORE_TAKEN:
		return outcome_new(OUTCOME_TAKEN, "%.200s is there already, or is in use", thing);
	case STORE_CHANGED:
		return outcome_new(OUTCOME_CHANGED,
				   "somebody else changed %.180s first: look at it again", thing);
	case STORE_NO_SORT:
		return outcome_field(OUTCOME_INVALID, "sort", "the list cannot be sorted by that");
	case STORE_NO_PLACE:
		return outcome_field(OUTCOME_INVALID, "after", "after is no `next` of this list");
	case STORE_DOWN:
		break;
	}
	log_peer(&limit, "store: %s", store_why(a->store));
	return outcome_new(OUTCOME_DOWN, "the database cannot be used now: try again in a moment");
}

struct outcome
access_short_of_memory(void)
{
	struct outcome o = outcome_new(OUTCOME_BUSY, "there is too little memory now: try again");

	o.wait_ms = SECOND_MS;
	return o;
}

bool
secret_hash(struct span text, uint8_t hash[SECRET_HASH])
{
	return digest_of(text, hash);
}

bool
secret_new(const char *prefix, char *text, size_t size, uint8_t hash[SECRET_HASH])
{
	char encoded[BASE64URL_SIZE(SECRET_BYTES)];
	uint8_t secret[SECRET_BYTES];

	random_bytes(secret, sizeof secret);
	base64url_write(span_of(secret, sizeof secret), encoded);
	int n = snprintf(text, size, "%s%s", prefix, encoded);
	explicit_bzero(secret, sizeof secret);
	explicit_bzero(encoded, sizeof encoded);
	return n > 0 && (size_t)n < size && secret_hash(span_of(text, (size_t)n), hash);
}
