#include "access/change.h"
#include "access/guard.h"
#include "access/people.h"
#include "access/proof.h"
#include "access/session_inner.h"

#define TOKEN_PREFIX  "sp_"
#define TOKEN_LENGTH  (TOKEN_TEXT - 1)
#define HINT_LENGTH   7 /* "sp_AbCd": of 43 characters that nobody can guess */
#define USED_EVERY_MS MINUTE_MS

const char *const token_scopes[] = {"read", "operate", "admin", NULL};

static enum access_level
level_of_scope(int scope)
{
	static const enum access_level levels[] = {LEVEL_READ, LEVEL_OPERATE, LEVEL_ADMIN};

	return scope >= 0 && (size_t)scope < COUNT(levels) ? levels[scope] : LEVEL_NOBODY;
}

static struct outcome
token_is_over(void)
{
	return outcome_new(OUTCOME_STRANGER, "there is no such token, or it is over");
}

/* No sign-in failed that somebody could have meant: counted, but not for an account. */
static struct outcome
unknown_token(struct access *a, const struct address *from)
{
	char address[ADDRESS_TEXT_MAX];
	struct refusal r = {.where = "api", .reason = "The API token is not known, or is over"};
	struct outcome o = guard_failed(a, "api", NULL, from);

	if (from->family != 0)
		r.address = address_ip_text(from, address);
	refusal_note(a, &r);
	return refused(o) ? o : token_is_over();
}

/* No more than the token's scope, nor than its owner may. */
static struct outcome
actor_of(struct access *a, const struct token *t, struct actor *out)
{
	enum access_level level = LEVEL_ADMIN;
	struct outcome o;
	struct user u;

	out->name = t->name;
	out->level = level_of_scope(t->scope);
	if (t->user == 0)
		return OUTCOME_OK;
	enum store_result r = store_user(a->store, t->user, a->memory, &u);
	if (r == STORE_NONE || (r == STORE_DONE && !access_is_good(a, &u)))
		return token_is_over();
	if (r != STORE_DONE)
		return access_stored(a, r, "user");
	if (refused(o = guard_keeps(a, u.name, &out->from)) ||
	    refused(o = session_level(a, &u, &level)))
		return o;
	out->user = u.id;
	out->name = arena_printf(a->memory, "%s/%s", u.name, t->name);
	out->level = level < out->level ? level : out->level;
	return OUTCOME_OK;
}

static void
note_used(struct access *a, const struct token *t)
{
	if (t->last_used <= a->now && a->now - t->last_used < USED_EVERY_MS)
		return;
	if (store_token_used(a->store, t->id, a->now) == STORE_DOWN)
		return; /* the next request will note it */
}

struct outcome
token_actor(struct access *a, struct span token, const struct address *from, struct actor *out)
{
	struct actor actor = {.kind = ACTOR_TOKEN, .from = *from};
	struct outcome o = guard_keeps(a, NULL, from);
	enum store_result r = STORE_NONE;
	uint8_t hash[SECRET_HASH];
	struct token t;

	if (refused(o))
		return o;
	if (token.len == TOKEN_LENGTH && secret_hash(token, hash))
		r = store_token_by_hash(a->store, hash, a->memory, &t);
	if (r == STORE_NONE)
		return unknown_token(a, from);
	if (r != STORE_DONE)
		return access_stored(a, r, "token");
	if (t.expires != 0 && t.expires <= a->now)
		return token_is_over();
	actor.token = t.id;
	actor.reads_only = t.scope == SCOPE_READ;
	if (refused(o = actor_of(a, &t, &actor)))
		return o;
	note_used(a, &t);
	*out = actor;
	return OUTCOME_OK;
}

/* Nobody makes a token that may do more than he himself. */
static struct outcome
may_create(struct access *a, const struct actor *who, const struct token *t)
{
	struct outcome o;
	struct user u;

	/* Else what is revoked, or expires, would live on in what it made. */
	if (who->kind == ACTOR_TOKEN)
		return outcome_new(OUTCOME_FORBIDDEN, "a token makes no tokens");
	if (level_of_scope(t->scope) == LEVEL_NOBODY)
		return outcome_field(OUTCOME_INVALID, "scope", "there is no such scope");
	if (t->user == 0 && who->kind != ACTOR_MACHINE)
		return outcome_new(OUTCOME_FORBIDDEN,
				   "the machine's own tokens are made on its command line");
	if (t->user != 0) {
		o = access_stored(a, store_user(a->store, t->user, a->memory, &u), "user");
		if (refused(o) || refused(o = actor_is_or_manages(who, &u)))
			return o;
		if (t->scope != SCOPE_READ && level_of_scope(t->scope) > access_level_of(u.role))
			return outcome_field(OUTCOME_INVALID, "scope",
					     "%s himself may not do as much", u.name);
	}
	if (t->scope != SCOPE_READ && level_of_scope(t->scope) > who->level)
		return outcome_field(OUTCOME_FORBIDDEN, "scope", "you may not do as much yourself");
	return OUTCOME_OK;
}

static struct outcome
check_token(struct access *a, struct token *t)
{
	const char *name = arena_lower(a->memory, span_str(t->name != NULL ? t->name : ""));
	const char *why = people_check_name(name);

	if (why != NULL)
		return outcome_field(OUTCOME_INVALID, "name", "the name %s", why);
	if (t->expires != 0 && t->expires <= a->now)
		return outcome_field(OUTCOME_INVALID, "expires", "it would be over already");
	t->name = name;
	return OUTCOME_OK;
}

struct outcome
token_create(struct access *a, const struct actor *who, struct token *t, char text[TOKEN_TEXT])
{
	struct outcome o;

	if (refused(o = check_token(a, t)) || refused(o = may_create(a, who, t)))
		return o;
	if (!secret_new(TOKEN_PREFIX, text, TOKEN_TEXT, t->hash))
		return access_short_of_memory();
	t->hint = arena_copy(a->memory, span_of(text, HINT_LENGTH));
	t->created = a->now;
	if (refused(o = change_begin(a)))
		return o;
	o = access_stored(a, store_token_sweep(a->store, t->user, t->name, a->now), "token");
	if (!refused(o))
		o = access_stored(a, store_token_add(a->store, t), "token");
	if (o.kind == OUTCOME_TAKEN)
		o = outcome_field(OUTCOME_TAKEN, "name", "there is a token %s already", t->name);
	return change_end(a, who, o,
			  &(struct change){.action = "token.add",
					   .object = change_object(a, "token", t->name),
					   .note = proof_note(a, "scope", token_scopes[t->scope],
							      "hint", t->hint),
					   .event = EVENT_TOKEN,
					   .id = t->id});
}

struct outcome
token_revoke(struct access *a, const struct actor *who, const struct token *t)
{
	struct user u = {.role = USER_ROLE_ADMIN}; /* the machine's own are administrators' */
	struct outcome o = OUTCOME_OK;

	if (t->user != 0)
		o = access_stored(a, store_user(a->store, t->user, a->memory, &u), "user");
	if (refused(o) || refused(o = actor_is_or_manages(who, &u)) || refused(o = change_begin(a)))
		return o;
	o = access_stored(a, store_token_remove(a->store, t->id), "token");
	return change_end(a, who, o,
			  &(struct change){.action = "token.revoke",
					   .object = change_object(a, "token", t->name),
					   .note = proof_note(a, "hint", t->hint, NULL, NULL),
					   .event = EVENT_TOKEN,
					   .id = t->id});
}

struct outcome
tokens_sweep(struct access *a)
{
	return access_stored(a, store_tokens_sweep(a->store, a->now - TOKEN_FORGET_MS), "tokens");
}
