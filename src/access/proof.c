#include "access/proof.h"

#include "access/change.h"
#include "access/credential.h"
#include "access/guard.h"
#include "access/people.h"
#include "base/log.h"
#include "base/text.h"
#include "tls/password.h"
#include "tls/totp.h"
#include "json/shape.h"

#define NAME_MAX_BYTES 64
#define SECRET_ROOM    64 /* to unseal takes a byte more than there is */

struct outcome
proof_load(struct access *a, struct span name, struct proof *out)
{
	const char *account = arena_lower(a->memory, span_head(name, NAME_MAX_BYTES + 1));
	enum store_result r = STORE_NONE;

	*out = (struct proof){0};
	if (strlen(account) != name.len || people_check_name(account) != NULL)
		return OUTCOME_OK;
	out->account = account;
	r = store_user_by_name(a->store, account, a->memory, &out->user);
	if (r == STORE_DONE)
		r = store_user_secret(a->store, out->user.id, a->memory, &out->secret);
	out->is_known = r == STORE_DONE;
	return r == STORE_NONE ? OUTCOME_OK : access_stored(a, r, "user");
}

bool
proof_password(const struct proof *p, struct span password)
{
	const char *encoded = p->is_known ? p->secret.password : NULL;

	if (password.len > PASSWORD_MAX || password.len == 0) {
		encoded = NULL;
		password = span_head(password, PASSWORD_MAX);
	}
	return password_is_right(password, encoded);
}

const char *
proof_totp_about(const struct access *a, int64_t user)
{
	return arena_printf(a->memory, "totp of user %lld", (long long)user);
}

/* A step is good once: of two who come with the same code at the same time, one. */
static struct outcome
check_totp(struct access *a, const struct proof *p, struct span code, enum factor *out)
{
	struct buf secret = buf_with_cap(SECRET_ROOM);
	bool opens =
	    vault_unseal(a->vault, proof_totp_about(a, p->user.id), p->secret.totp, &secret);
	int64_t step = opens ? totp_step(buf_span(&secret), code, a->now) : -1;
	enum store_result r = STORE_NONE;

	buf_wipe(&secret);
	if (!opens) {
		log_error("the one-time codes of %s cannot be checked: what is stored was sealed "
			  "with another key",
			  p->user.name);
		return outcome_new(OUTCOME_DOWN, "one-time codes cannot be checked now");
	}
	if (step >= 0)
		r = store_user_use_totp(a->store, p->user.id, step);
	*out = r == STORE_DONE ? FACTOR_RIGHT : r == STORE_CHANGED ? FACTOR_USED : FACTOR_WRONG;
	return r == STORE_DOWN ? access_stored(a, r, "code") : OUTCOME_OK;
}

/*
 * Under a key of the vault: the codes are short enough to be found from a plain hash. The audit
 * log's rows, which the same key is used for, begin with 32 bytes: none is like this.
 */
bool
proof_recovery_hash(const struct access *a, int64_t user, struct span code, uint8_t hash[32])
{
	char typed[RECOVERY_TEXT], *to = typed;

	for (size_t i = 0; i < code.len; i++) {
		if (code.p[i] == '-' || code.p[i] == ' ')
			continue;
		if (to == typed + RECOVERY_LETTERS)
			return false;
		*to++ = (char)text_lower(code.p[i]);
	}
	const struct span parts[] = {SPAN_OF("recovery code"), span_of(&user, sizeof user),
				     span_of(typed, RECOVERY_LETTERS)};
	return to == typed + RECOVERY_LETTERS && vault_mac(a->vault, parts, COUNT(parts), hash);
}

static struct outcome
check_recovery(struct access *a, const struct proof *p, struct span code, enum factor *out)
{
	enum store_result r = STORE_NONE;
	uint8_t hash[32];

	if (proof_recovery_hash(a, p->user.id, code, hash))
		r = store_recovery_use(a->store, p->user.id, hash, a->now);
	*out = r == STORE_DONE ? FACTOR_RIGHT : FACTOR_WRONG;
	return r == STORE_DOWN ? access_stored(a, r, "code") : OUTCOME_OK;
}

struct outcome
proof_code(struct access *a, const struct proof *p, struct span code, enum factor *out)
{
	struct outcome o = OUTCOME_OK;

	*out = p->secret.totp.len == 0 ? FACTOR_NONE : FACTOR_MISSING;
	if (*out == FACTOR_NONE || code.len == 0)
		return o;
	o = check_totp(a, p, code, out);
	if (!refused(o) && *out == FACTOR_WRONG)
		o = check_recovery(a, p, code, out);
	return o;
}

const char *
proof_note(const struct access *a, const char *name, const char *text, const char *other_name,
	   const char *other_text)
{
	struct buf json = buf_with_cap(4096);
	const char *note = "{}";
	bool fits = buf_printf(&json, "{\"%s\":", name) && json_put_text(&json, text);

	if (fits && other_name != NULL)
		fits =
		    buf_printf(&json, ",\"%s\":", other_name) && json_put_text(&json, other_text);
	if (fits && buf_byte(&json, '}'))
		note = arena_copy(a->memory, buf_span(&json));
	buf_free(&json);
	return note;
}

static const struct reason {
	const char *text, *remedy; /* with the user's name, which is a harmless one */
} reasons[] = {
    [FAILURE_UNKNOWN] = {"There is no user of that name", NULL},
    [FAILURE_DISABLED] = {"The user is disabled", "sallyport user enable %s"},
    [FAILURE_EXPIRED] = {"The user has expired", "sallyport user change %s --expires never"},
    [FAILURE_NO_PASSWORD] = {"The user has no password yet", "sallyport user invite %s"},
    [FAILURE_PASSWORD] = {"The password was wrong", "sallyport user password %s"},
    [FAILURE_CODE] = {"The one-time code was wrong", "sallyport user reset-totp %s"},
    [FAILURE_CODE_USED] = {"The one-time code had been used already", NULL},
};

static const char *
remedy_for(const struct access *a, const struct reason *reason, const char *account)
{
	return reason->remedy != NULL && account != NULL
		   ? arena_printf(a->memory, reason->remedy, account)
		   : NULL;
}

bool
proof_is_kept_out(const struct access *a, const struct user *u, enum failure *why)
{
	if (access_is_good(a, u))
		return false;
	*why = u->enabled ? FAILURE_EXPIRED : FAILURE_DISABLED;
	return true;
}

struct outcome
proof_problem(struct access *a, const char *account, const char **problem, const char **remedy)
{
	struct user u;
	enum store_result r = store_user_by_name(a->store, account, a->memory, &u);
	enum failure why = FAILURE_UNKNOWN;

	*problem = *remedy = NULL;
	if (r != STORE_NONE && r != STORE_DONE)
		return access_stored(a, r, "user");
	if (r == STORE_DONE && !proof_is_kept_out(a, &u, &why))
		return OUTCOME_OK;
	*problem = reasons[why].text;
	*remedy = remedy_for(a, &reasons[why], account);
	return OUTCOME_OK;
}

static void
note_refusal(struct access *a, const struct signin *s, const struct proof *p,
	     const struct reason *reason)
{
	char address[ADDRESS_TEXT_MAX];
	struct refusal r = {
	    .where = s->where,
	    .user = p->account,
	    .address = s->from.family != 0 ? address_ip_text(&s->from, address) : NULL,
	    .reason = reason->text,
	    .remedy = remedy_for(a, reason, p->account),
	};

	refusal_note(a, &r);
}

struct outcome
proof_is_wrong(void)
{
	return outcome_typed(OUTCOME_STRANGER, "sign_in_failed",
			     "name, password or one-time code is wrong");
}

struct outcome
proof_holds(struct access *a, const struct proof *p)
{
	struct user_secret now;
	struct outcome o =
	    access_stored(a, store_user_secret(a->store, p->user.id, a->memory, &now), "user");

	if (refused(o) || now.password_changed == p->secret.password_changed)
		return o;
	return proof_is_wrong();
}

struct outcome
proof_failed(struct access *a, const struct signin *s, const struct proof *p, const char *action,
	     enum failure why)
{
	const struct reason *reason = &reasons[why];
	/* What nobody can be called may be a password in the wrong field. */
	const char *name = p->account != NULL ? p->account : "?";
	struct actor who = {.kind = ACTOR_STRANGER, .from = s->from};
	struct change note = {
	    .action = action,
	    .object = change_object(a, "user", name),
	    .note = proof_note(a, "where", s->where, "reason", reason->text),
	    .event = EVENT_AUDIT,
	};
	struct outcome o = guard_failed(a, s->where, p->account, &s->from);

	if (refused(o) || refused(o = change_note(a, &who, &note)))
		return o;
	note_refusal(a, s, p, reason);
	return proof_is_wrong();
}
