/* One-time codes, and the recovery codes for who has lost them. */
#include "tls/totp.h"

#include "access/change.h"
#include "access/credential.h"
#include "access/people.h"
#include "access/proof.h"
#include "base/text.h"
#include "tls/random.h"

#define ISSUER      "Sallyport"
#define SEALED_MAX  256
#define SECRET_ROOM 64 /* to unseal takes a byte more than there is */

static struct outcome
end_for(struct access *a, const struct actor *who, const struct user *u, struct outcome o,
	const char *action)
{
	return change_end(a, who, o,
			  &(struct change){.action = action,
					   .object = change_object(a, "user", u->name),
					   .event = EVENT_USER,
					   .id = u->id});
}

/* What he uses until now stays good: the new secret counts once it is confirmed. */
static struct outcome
store_new_secret(struct access *a, const struct user *u, struct span sealed)
{
	struct user_secret secret;
	struct outcome o =
	    access_stored(a, store_user_secret(a->store, u->id, a->memory, &secret), "user");

	if (refused(o))
		return o;
	return access_stored(a, store_user_set_totp(a->store, u->id, secret.totp, sealed), "user");
}

struct outcome
totp_begin(struct access *a, const struct actor *who, const struct user *u, struct buf *uri,
	   struct buf *secret)
{
	struct outcome o = actor_is_or_manages(who, u);
	struct buf sealed = buf_with_cap(SEALED_MAX);
	uint8_t bytes[TOTP_SECRET];
	struct span plain = span_of(bytes, sizeof bytes);

	if (refused(o))
		return o;
	random_bytes(bytes, sizeof bytes);
	if (!vault_seal(a->vault, proof_totp_about(a, u->id), plain, &sealed) ||
	    !totp_put_uri(plain, ISSUER, u->name, uri) || !totp_put_secret(plain, secret))
		o = access_short_of_memory();
	explicit_bzero(bytes, sizeof bytes);
	if (!refused(o) && !refused(o = change_begin(a)))
		o = end_for(a, who, u, store_new_secret(a, u, buf_span(&sealed)), "totp.begin");
	buf_free(&sealed);
	return o;
}

/* --- recovery codes */

/* 32 letters: five bits each, and none of them a 0 or 1. */
static void
make_code(char out[RECOVERY_TEXT])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t random[RECOVERY_LETTERS];
	char *to = out;

	random_bytes(random, sizeof random);
	for (size_t i = 0; i < RECOVERY_LETTERS; i++) {
		if (i == RECOVERY_LETTERS / 2)
			*to++ = '-';
		*to++ = letters[random[i] % 32];
	}
	*to = '\0';
	explicit_bzero(random, sizeof random);
}

static struct outcome
set_recovery(struct access *a, const struct user *u, char codes[RECOVERY_CODES][RECOVERY_TEXT])
{
	uint8_t hashes[RECOVERY_CODES][32];

	for (size_t i = 0; i < RECOVERY_CODES; i++) {
		make_code(codes[i]);
		if (!proof_recovery_hash(a, u->id, span_str(codes[i]), hashes[i]))
			return access_short_of_memory();
	}
	return access_stored(
	    a, store_recovery_set(a->store, u->id, (const uint8_t(*)[32])hashes, RECOVERY_CODES),
	    "user");
}

struct outcome
recovery_renew(struct access *a, const struct actor *who, const struct user *u,
	       char codes[RECOVERY_CODES][RECOVERY_TEXT])
{
	struct outcome o = actor_is_or_manages(who, u);
	struct user_secret secret;

	if (refused(o) || refused(o = change_begin(a)))
		return o;
	o = access_stored(a, store_user_secret(a->store, u->id, a->memory, &secret), "user");
	if (!refused(o) && secret.totp.len == 0)
		o = outcome_new(OUTCOME_UNKNOWN, "%s has set up no one-time codes", u->name);
	if (!refused(o))
		o = set_recovery(a, u, codes);
	return end_for(a, who, u, o, "recovery.renew");
}

/* --- confirming and removing */

/* The step whose code it is; what goes wrong else is for him who types it. */
static struct outcome
check_new(struct access *a, const struct user *u, const struct user_secret *secret,
	  struct span code, int64_t *step)
{
	struct buf plain = buf_with_cap(SECRET_ROOM);
	bool opens;

	if (secret->totp_new.len == 0)
		return outcome_new(OUTCOME_UNKNOWN, "no one-time codes are being set up");
	opens = vault_unseal(a->vault, proof_totp_about(a, u->id), secret->totp_new, &plain);
	*step = opens ? totp_step(buf_span(&plain), code, a->now) : -1;
	buf_wipe(&plain);
	if (!opens)
		return outcome_new(OUTCOME_DOWN, "what was set up cannot be read: begin again");
	if (*step < 0)
		return outcome_field(
		    OUTCOME_INVALID, "code",
		    "the code is not right: see whether the clock of your device is");
	return OUTCOME_OK;
}

static struct outcome
confirm(struct access *a, const struct user *u, struct span code,
	char codes[RECOVERY_CODES][RECOVERY_TEXT])
{
	struct user_secret secret;
	struct outcome o;
	int64_t step = -1;

	o = access_stored(a, store_user_secret(a->store, u->id, a->memory, &secret), "user");
	if (refused(o) || refused(o = check_new(a, u, &secret, code, &step)))
		return o;
	o = access_stored(a, store_user_set_totp(a->store, u->id, secret.totp_new, SPAN_NONE),
			  "user");
	if (refused(o))
		return o;
	/* A later step was used with the secret before: then this one is no good again either. */
	enum store_result r = store_user_use_totp(a->store, u->id, step);
	if (r != STORE_DONE && r != STORE_CHANGED)
		return access_stored(a, r, "user");
	return set_recovery(a, u, codes);
}

struct outcome
totp_confirm(struct access *a, const struct actor *who, const struct user *u, struct span code,
	     char codes[RECOVERY_CODES][RECOVERY_TEXT])
{
	struct outcome o = actor_is_or_manages(who, u);

	if (refused(o) || refused(o = change_begin(a)))
		return o;
	o = end_for(a, who, u, confirm(a, u, code, codes), "totp.set");
	if (refused(o))
		explicit_bzero(codes, RECOVERY_CODES * sizeof codes[0]);
	return o;
}

/* He himself may not where they are asked of him; who administers him may, for a lost phone. */
static struct outcome
may_remove(struct access *a, const struct actor *who, const struct user *u)
{
	struct outcome o = actor_is_or_manages(who, u);
	struct user_policy policy;

	if (refused(o) || who->user != u->id)
		return o;
	if (refused(o = policy_of_user(a, u, &policy)) || policy.totp_required != 1)
		return o;
	return outcome_new(OUTCOME_FORBIDDEN, "one-time codes are needed here: set up new ones");
}

struct outcome
totp_remove(struct access *a, const struct actor *who, const struct user *u)
{
	struct outcome o = may_remove(a, who, u);

	if (refused(o) || refused(o = change_begin(a)))
		return o;
	o = access_stored(a, store_user_set_totp(a->store, u->id, SPAN_NONE, SPAN_NONE), "user");
	if (!refused(o))
		o = access_stored(a, store_recovery_set(a->store, u->id, NULL, 0), "user");
	return end_for(a, who, u, o, "totp.remove");
}
