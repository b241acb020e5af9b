#include "access/vpn.h"

#include <inttypes.h>
#include <string.h>

#include "access/guard.h"
#include "access/vpn_token.h"
#include "store/device.h"

#define SERIAL_MAX 40

/* Who is at the door, as far as it is known. */
struct visitor {
	const struct vpn_request *request;
	struct certificate_row certificate;
	struct device device;
	struct user user;
	int64_t since;       /* when he signed in */
	int64_t known_since; /* as the machine that this is */
	int64_t password_changed;
};

enum why {
	WHY_UNKNOWN,
	WHY_REVOKED,
	WHY_EXPIRED,
	WHY_RETIRED,
	WHY_DISABLED,
	WHY_BANNED,
	WHY_OTHER,
	WHY_OVER,
	WHY_LATE,
};

/*
 * What he is told, and the administrator. The remedy has the user's name in it and the device's
 * number: its name is its user's to choose, and might be another command.
 */
static const struct reason {
	const char *says, *text, *remedy;
} reasons[] = {
    [WHY_UNKNOWN] = {"this profile is not known here: download it anew",
		     "Its certificate is not in the database", NULL},
    [WHY_REVOKED] = {"this device is revoked: download a profile for a new one",
		     "The device is revoked", NULL},
    [WHY_EXPIRED] = {"this profile has expired: download it anew", "Its certificate has expired",
		     "sallyport device renew %s '#%" PRId64 "'"},
    [WHY_RETIRED] = {"this profile has expired: download it anew",
		     "The authority that signed its certificate is retired",
		     "sallyport device renew %s '#%" PRId64 "'"},
    [WHY_DISABLED] = {"this account is disabled or has expired: ask your administrator",
		      "The user is disabled or has expired", "sallyport user enable %s"},
    [WHY_BANNED] = {"too many attempts failed: try again later",
		    "The user or the address is banned", NULL},
    [WHY_OTHER] = {"this profile is another user's: download your own",
		   "Somebody else's name was given on this device", NULL},
    /* Clients know the first word: they forget the token, and ask for the password. */
    [WHY_OVER] = {"SESSION:your session is over: sign in again",
		  "The session that its token stands for is over", NULL},
    [WHY_LATE] = {"the code came too late: sign in again",
		  "The one-time code came too late after the password, or for another sign-in",
		  NULL},
};

static struct outcome
turn_away(struct access *a, const struct visitor *v, enum why why)
{
	const struct reason *reason = &reasons[why];
	const struct address *from = &v->request->from;
	char address[ADDRESS_TEXT_MAX];
	struct refusal r = {
	    .where = "vpn",
	    .user = v->user.name,
	    .device = v->device.name,
	    .address = from->family != 0 ? address_ip_text(from, address) : NULL,
	    .reason = reason->text,
	};

	if (reason->remedy != NULL && v->user.name != NULL)
		r.remedy = arena_printf(a->memory, reason->remedy, v->user.name, v->device.id);
	if (why == WHY_BANNED)
		r.remedy = guard_remedy(a, v->user.name, from);
	refusal_note(a, &r);
	return outcome_new(OUTCOME_FORBIDDEN, "%s", reason->says);
}

/* The authority that signed it, once it was rolled over, is believed for a set time. */
static struct outcome
check_issuer(struct access *a, const struct visitor *v)
{
	struct certificate_row ca;
	enum store_result r = store_certificate(a->store, v->certificate.issuer, a->memory, &ca);

	if (r == STORE_NONE)
		return turn_away(a, v, WHY_UNKNOWN);
	if (r != STORE_DONE)
		return access_stored(a, r, "certificate");
	if (ca.revoked != 0 || ca.not_after <= a->now || (ca.retires != 0 && ca.retires <= a->now))
		return turn_away(a, v, WHY_RETIRED);
	return OUTCOME_OK;
}

/* The certificate, and whose it is. */
static struct outcome
find_visitor(struct access *a, struct visitor *v)
{
	const char *serial = arena_lower(
	    a->memory,
	    span_head(span_str(v->request->serial != NULL ? v->request->serial : ""), SERIAL_MAX));
	struct user_secret secret = {0};
	enum store_result r =
	    store_certificate_by_serial(a->store, serial, a->memory, &v->certificate);

	if (r == STORE_DONE && v->certificate.kind != CERTIFICATE_DEVICE)
		r = STORE_NONE;
	if (r == STORE_DONE)
		r = store_device(a->store, v->certificate.device, a->memory, &v->device);
	if (r == STORE_DONE)
		r = store_user(a->store, v->device.user, a->memory, &v->user);
	if (r == STORE_DONE)
		r = store_user_secret(a->store, v->user.id, a->memory, &secret);
	if (r == STORE_NONE)
		return turn_away(a, v, WHY_UNKNOWN);
	v->password_changed = secret.password_changed;
	return access_stored(a, r, "certificate");
}

static struct outcome
check_device(struct access *a, const struct visitor *v)
{
	if (v->device.revoked != 0 || v->certificate.revoked != 0)
		return turn_away(a, v, WHY_REVOKED);
	if (v->certificate.not_after <= a->now)
		return turn_away(a, v, WHY_EXPIRED);
	return check_issuer(a, v);
}

/* His password, and a code where he needs one. */
static struct outcome
check_person(struct access *a, const struct visitor *v, struct vpn_admitted *out)
{
	const struct vpn_request *r = v->request;
	const struct signin s = {.where = "vpn",
				 .name = r->name,
				 .password = r->password,
				 .code = r->code,
				 .from = r->from,
				 .agent = r->client};
	struct user u;
	struct outcome o = signin_check(a, &s, &u), made;

	if (!refused(o) && u.id != v->user.id)
		return turn_away(a, v, WHY_OTHER);
	if (!signin_needs_code(o))
		return o;
	/* The password was right, so the name is somebody's. */
	if (!span_equal_nocase(r->name, span_str(v->user.name)))
		return turn_away(a, v, WHY_OTHER);
	made = vpn_token_make(a, VPN_TOKEN_CODE, &v->user, v->device.id, a->now,
			      v->password_changed, &out->challenge);
	out->user_name = v->user.name;
	return refused(made) ? made : o;
}

/* The code that he was asked for, which the challenge comes with. */
static struct outcome
check_code(struct access *a, struct visitor *v)
{
	const struct vpn_request *r = v->request;
	const struct signin s = {.where = "vpn",
				 .name = span_str(v->user.name),
				 .code = r->code,
				 .proven = true,
				 .from = r->from,
				 .agent = r->client};
	struct outcome o =
	    vpn_token_look(a, VPN_TOKEN_CODE, &v->user, v->device.id, r->password, &v->since);
	struct user u;

	if (o.kind == OUTCOME_STRANGER)
		return turn_away(a, v, WHY_LATE);
	return refused(o) ? o : signin_check(a, &s, &u);
}

/* The certificate is enough; a ban holds nevertheless. */
static struct outcome
check_bans(struct access *a, const struct visitor *v)
{
	struct outcome o = guard_keeps(a, v->user.name, &v->request->from);

	if (o.kind != OUTCOME_TOO_OFTEN)
		return o;
	uint64_t wait_ms = o.wait_ms;
	o = turn_away(a, v, WHY_BANNED);
	o.kind = OUTCOME_TOO_OFTEN;
	o.wait_ms = wait_ms;
	return o;
}

/* What he got when he gave his password: with it he need not be asked again. */
static struct outcome
check_token(struct access *a, struct visitor *v)
{
	const struct vpn_request *r = v->request;
	struct outcome o =
	    vpn_token_look(a, VPN_TOKEN_SESSION, &v->user, v->device.id, r->password, &v->since);

	if (o.kind == OUTCOME_STRANGER)
		return turn_away(a, v, WHY_OVER);
	if (!refused(o) && !span_equal_nocase(r->name, span_str(v->user.name)))
		return turn_away(a, v, WHY_OTHER);
	return refused(o) ? o : check_bans(a, v);
}

/* A device that nobody signs in for gets a token, too: by that its machine is known again. */
static struct outcome
recognize(struct access *a, struct visitor *v)
{
	struct span token = v->request->password;
	struct outcome o = check_bans(a, v);
	int64_t since;

	if (refused(o) || !vpn_token_is(VPN_TOKEN_MACHINE, token))
		return o;
	o = vpn_token_look(a, VPN_TOKEN_MACHINE, &v->user, v->device.id, token, &since);
	if (!refused(o))
		v->known_since = since;
	return o.kind == OUTCOME_STRANGER ? OUTCOME_OK : o;
}

static struct outcome
check_owner(struct access *a, struct visitor *v, struct vpn_admitted *out)
{
	struct span password = v->request->password;

	v->since = v->known_since = a->now;
	if (v->device.kind != DEVICE_LOCKED)
		return recognize(a, v);
	if (vpn_token_is(VPN_TOKEN_SESSION, password))
		return check_token(a, v);
	if (vpn_token_is(VPN_TOKEN_CODE, password))
		return check_code(a, v);
	return check_person(a, v, out);
}

static struct outcome
make_token(struct access *a, const struct visitor *v, struct vpn_admitted *out)
{
	bool locked = v->device.kind == DEVICE_LOCKED;

	out->known_since = locked ? v->since : v->known_since;
	return vpn_token_make(a, locked ? VPN_TOKEN_SESSION : VPN_TOKEN_MACHINE, &v->user,
			      v->device.id, out->known_since, v->password_changed, &out->token);
}

/* The earlier of the two; 0 is never. */
static int64_t
earlier(int64_t one, int64_t other)
{
	return one == 0 || (other != 0 && other < one) ? other : one;
}

/* It ends when what it stands on does, and as long after he gave his password as policy says. */
static struct outcome
admit(struct access *a, const struct visitor *v, const struct implied *implied,
      struct vpn_admitted *out)
{
	struct grant *g = &out->grant;
	struct outcome o = grant_of(a, &v->user, v->device.id, implied, g);

	if (refused(o))
		return o;
	if (g->session_until != 0)
		g->session_until -= a->now - v->since;
	if (refused(o = make_token(a, v, out)))
		return o;
	g->session_until = earlier(g->session_until, v->user.expires);
	g->session_until = earlier(g->session_until, v->certificate.not_after);
	out->user_name = v->user.name;
	out->device_name = v->device.name;
	out->address = v->device.address;
	return OUTCOME_OK;
}

struct outcome
vpn_admit(struct access *a, const struct vpn_request *r, const struct implied *implied,
	  struct vpn_admitted *out)
{
	struct visitor v = {.request = r};
	struct outcome o;

	*out = (struct vpn_admitted){.user_name = NULL};
	/* Whoever has the device's key may know that its user is disabled. */
	if (refused(o = find_visitor(a, &v)) || refused(o = check_device(a, &v)))
		return o;
	if (!access_is_good(a, &v.user))
		return turn_away(a, &v, WHY_DISABLED);
	if (refused(o = check_owner(a, &v, out)))
		return o;
	o = admit(a, &v, implied, out);
	if (refused(o))
		*out = (struct vpn_admitted){.user_name = NULL};
	return o;
}

static struct outcome
is_no_more(const char *why)
{
	return outcome_new(OUTCOME_FORBIDDEN, "%s", why);
}

struct outcome
vpn_still(struct access *a, int64_t user, int64_t device, const struct implied *implied,
	  struct vpn_admitted *out)
{
	const struct address nowhere = {0};
	struct device d;
	struct user u;
	enum store_result r = store_device(a->store, device, a->memory, &d);
	struct outcome o;

	*out = (struct vpn_admitted){.user_name = NULL};
	if (r == STORE_DONE)
		r = store_user(a->store, user, a->memory, &u);
	if (r == STORE_NONE || (r == STORE_DONE && d.user != user))
		return is_no_more(reasons[WHY_UNKNOWN].says);
	if (r != STORE_DONE)
		return access_stored(a, r, "device");
	if (d.revoked != 0)
		return is_no_more(reasons[WHY_REVOKED].says);
	if (!access_is_good(a, &u))
		return is_no_more(reasons[WHY_DISABLED].says);
	if (refused(o = guard_keeps(a, u.name, &nowhere)) ||
	    refused(o = grant_of(a, &u, device, implied, &out->grant)))
		return o;
	out->grant.session_until = earlier(out->grant.session_until, u.expires);
	out->user_name = u.name;
	out->device_name = d.name;
	out->address = d.address;
	return OUTCOME_OK;
}
