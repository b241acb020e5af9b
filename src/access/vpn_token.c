#include "access/vpn_token.h"

#include <endian.h>
#include <string.h>

#include "access/people.h"
#include "base/clock.h"
#include "base/encode.h"
#include "tls/hmac.h"

#define MAC        32
#define LONGEST_MS (366 * DAY_MS) /* where policy says that there is no end */
#define TO_TYPE_MS (5 * MINUTE_MS)

static const struct kind {
	struct span prefix, label;
} kinds[] = {
    /* By this prefix clients know it. */
    [VPN_TOKEN_SESSION] = {SPAN_INIT("SESS_ID_AT_"), SPAN_INIT("token of the VPN")},
    [VPN_TOKEN_CODE] = {SPAN_INIT("SIGN_IN_AT_"), SPAN_INIT("password of the VPN")},
    [VPN_TOKEN_MACHINE] = {SPAN_INIT("SESS_ID_AT_"), SPAN_INIT("machine of the VPN")},
};

/* As it is in base64url behind the prefix. */
struct ticket {
	uint64_t since; /* big-endian */
	uint8_t mac[MAC];
};

static struct outcome
is_none(void)
{
	return outcome_new(OUTCOME_STRANGER, "sign in again");
}

bool
vpn_token_is(enum vpn_token kind, struct span password)
{
	return span_starts_with(password, kinds[kind].prefix);
}

/* A new password makes all before it void. */
static struct outcome
mac_of(struct access *a, enum vpn_token kind, const struct user *u, int64_t device, int64_t since,
       int64_t password_changed, uint8_t mac[MAC])
{
	const uint64_t about[] = {htobe64((uint64_t)u->id), htobe64((uint64_t)device),
				  htobe64((uint64_t)since), htobe64((uint64_t)password_changed)};
	const struct span parts[] = {kinds[kind].label, span_of(about, sizeof about)};
	return vault_mac(a->vault, parts, COUNT(parts), mac) ? OUTCOME_OK
							     : access_short_of_memory();
}

struct outcome
vpn_token_make(struct access *a, enum vpn_token kind, const struct user *u, int64_t device,
	       int64_t since, int64_t password_changed, const char **out)
{
	struct ticket t = {.since = htobe64((uint64_t)since)};
	char text[BASE64URL_SIZE(sizeof t)];
	struct outcome o = mac_of(a, kind, u, device, since, password_changed, t.mac);

	*out = NULL;
	if (refused(o))
		return o;
	base64url_write(span_of(&t, sizeof t), text);
	char *token = arena_printf(a->memory, "%s%s", (const char *)kinds[kind].prefix.p, text);
	arena_wipes(a->memory, token);
	explicit_bzero(text, sizeof text);
	explicit_bzero(&t, sizeof t);
	*out = token;
	return OUTCOME_OK;
}

static bool
read_token(enum vpn_token kind, struct span text, struct ticket *out)
{
	struct buf bytes = buf_with_cap(sizeof *out);

	*out = (struct ticket){.since = 0};
	bool good = vpn_token_is(kind, text) &&
		    base64url_read(span_tail(text, kinds[kind].prefix.len), &bytes) &&
		    buf_len(&bytes) == sizeof *out;

	if (good)
		span_put((uint8_t *)out, buf_span(&bytes));
	buf_wipe(&bytes);
	return good;
}

/* Whether it is over. */
static struct outcome
check_age(struct access *a, enum vpn_token kind, const struct user *u, int64_t since)
{
	struct user_policy policy;
	struct outcome o = policy_of_user(a, u, &policy);
	int64_t longest = LONGEST_MS;

	if (refused(o))
		return o;
	if (kind == VPN_TOKEN_CODE)
		longest = TO_TYPE_MS;
	else if (kind == VPN_TOKEN_SESSION && policy.session_minutes > 0)
		longest = policy.session_minutes * MINUTE_MS;
	return since > a->now || a->now - since >= longest ? is_none() : OUTCOME_OK;
}

struct outcome
vpn_token_look(struct access *a, enum vpn_token kind, const struct user *u, int64_t device,
	       struct span token, int64_t *since)
{
	struct user_secret secret;
	uint8_t mac[MAC];
	struct ticket t;
	struct outcome o;

	*since = 0;
	if (!read_token(kind, token, &t))
		return is_none();
	int64_t when = (int64_t)be64toh(t.since);
	o = access_stored(a, store_user_secret(a->store, u->id, a->memory, &secret), "user");
	if (!refused(o))
		o = mac_of(a, kind, u, device, when, secret.password_changed, mac);
	bool right = !refused(o) && hmac_equal(mac, t.mac, sizeof mac);
	explicit_bzero(mac, sizeof mac);
	explicit_bzero(&t, sizeof t);
	if (refused(o))
		return o;
	if (!right || when < 0)
		return is_none();
	if (!refused(o = check_age(a, kind, u, when)))
		*since = when;
	return o;
}
