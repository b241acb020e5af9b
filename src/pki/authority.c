#include "pki/authority.h"

#include "base/encode.h"
#include "base/log.h"
#include "base/text.h"
#include "base/utf8.h"
#include "pki/certified.h"
#include "pki/server_key.h"
#include "tls/random.h"

#define RENEW_MS (30 * DAY_MS)

const struct authority_settings authority_usual = {
    .key = ISSUE_P256, .ca_days = 3650, .server_days = 825, .device_days = 825};

/* Two authorities of one server must not have the same name: a client looks for the issuer by it.
 */
static struct err
make_ca(const struct authority *a, const struct authority_settings *s, int64_t retires)
{
	uint8_t mark[4];
	char hex[HEX_SIZE(sizeof mark)];
	struct certified_request r = {.kind = CERTIFICATE_CA, .key = s->key, .days = s->ca_days};
	struct certificate_row made;
	struct err e;

	random_bytes(mark, sizeof mark);
	hex_write(span_of(mark, sizeof mark), hex);
	r.name = arena_printf(a->memory, "Sallyport VPN CA %s", hex);
	e = certified_make(a, &r, &made);
	if (!failed(e))
		e = certified_stored(a, store_certificate_use(a->store, made.id, retires),
				     "the VPN's certificate authority");
	return e;
}

static struct err
ensure_ca(const struct authority *a, const struct authority_settings *s)
{
	struct certificate_row current;
	enum store_result r =
	    store_certificate_current(a->store, CERTIFICATE_CA, a->memory, &current);

	if (r == STORE_NONE)
		return make_ca(a, s, 0);
	return certified_stored(a, r, "the VPN's certificate authority");
}

/* Stands in every profile, between quotes of none: what has other characters than names of hosts
 * have, or is too long for a common name, is just called "vpn". */
static const char *
common_name(const char *server_name)
{
	size_t len = strlen(server_name);

	if (len == 0 || len >= AUTHORITY_NAME)
		return "vpn";
	for (size_t i = 0; i < len; i++)
		if (text_token_lower[(uint8_t)server_name[i]] == 0 &&
		    server_name[i] != ':') /* of an IPv6 address */
			return "vpn";
	return server_name;
}

static bool
is_to_be_replaced(const struct authority *a, const struct certificate_row *now,
		  const struct certified_request *r)
{
	if (now->issuer != r->issuer->id || now->revoked != 0)
		return true;
	/* One that ends with its CA cannot be made longer. */
	return now->not_after - a->now < RENEW_MS && certified_end(a, r) - now->not_after > DAY_MS;
}

/*
 * The server's certificate is always of the oldest CA that is good still. A profile holds the
 * CAs that were good when it was written, and is good itself as long as the one that issued its
 * certificate is; the oldest of those that are left was among them. So a roll-over breaks no
 * profile, old or new, and needs no cross-signing, which some clients do not follow.
 */
static struct err
ensure_server(const struct authority *a, const struct authority_settings *s,
	      const char *server_name)
{
	const char *const names[] = {server_name, NULL};
	struct certified_request r = {.kind = CERTIFICATE_SERVER,
				      .key = s->key,
				      .dns_names = server_name[0] != '\0' ? names : NULL,
				      .days = s->server_days};
	struct certificate_row_list authorities;
	struct certificate_row now, made;
	enum store_result found;
	struct err e = certified_authorities(a, &authorities);

	if (failed(e))
		return e;
	r.issuer = &authorities.at[0];
	found = store_certificate_current(a->store, CERTIFICATE_SERVER, a->memory, &now);
	if (found != STORE_DONE && found != STORE_NONE)
		return certified_stored(a, found, "the VPN server's certificate");
	if (found == STORE_DONE && !is_to_be_replaced(a, &now, &r))
		return ERR_NONE;
	r.name = found == STORE_DONE ? now.name : common_name(server_name);
	e = certified_make(a, &r, &made);
	if (!failed(e))
		e = certified_stored(a, store_certificate_use(a->store, made.id, a->now),
				     "the VPN server's certificate");
	return e;
}

struct err
authority_ensure(const struct authority *a, const struct authority_settings *s,
		 const char *server_name)
{
	struct err e = certified_stored(a, store_begin(a->store), "the database");

	if (!failed(e))
		e = ensure_ca(a, s);
	if (!failed(e))
		e = ensure_server(a, s, server_name);
	if (!failed(e))
		e = server_key_ensure(a);
	if (!failed(e))
		e = certified_stored(a, store_commit(a->store), "the database");
	if (failed(e))
		store_abort(a->store);
	return e;
}

/* For whoever asked; the log has the rest. */
static struct outcome
sorry(struct err why)
{
	log_error("%s", why.text);
	return outcome_new(OUTCOME_DOWN,
			   "certificates cannot be made or read now: the server's log says why");
}

/* A common name has 64 characters at most; the text is cut between two of them. */
static const char *
device_name(const struct authority *a, const char *user_name, const struct device *d)
{
	const char *name = arena_printf(a->memory, "%s/%s", user_name, d->name);

	return arena_copy(a->memory, utf8_head(span_str(name), AUTHORITY_NAME - 1));
}

static struct outcome
keep_device(const struct authority *a, struct device *d)
{
	switch (store_device_change(a->store, d)) {
	case STORE_DONE:
		return OUTCOME_OK;
	case STORE_CHANGED:
		return outcome_new(OUTCOME_CHANGED, "somebody else changed the device first");
	case STORE_NONE:
		return outcome_new(OUTCOME_UNKNOWN, "there is no such device");
	default:
		return sorry(err_new("a device: %s", store_why(a->store)));
	}
}

struct outcome
authority_issue(const struct authority *a, const struct authority_settings *s,
		const char *user_name, struct device *d)
{
	struct certified_request r = {.kind = CERTIFICATE_DEVICE,
				      .key = s->key,
				      .name = device_name(a, user_name, d),
				      .days = s->device_days,
				      .device = d->id};
	struct certificate_row ca, made;
	struct span wrap_key;
	struct err e = certified_current(a, CERTIFICATE_CA, &ca);

	r.issuer = &ca;
	if (!failed(e))
		e = certified_make(a, &r, &made);
	if (!failed(e))
		e = server_key_wrap(a, d->id, &wrap_key);
	if (failed(e))
		return sorry(e);
	d->certificate = made.id;
	d->serial = made.serial;
	d->expires = made.not_after;
	d->wrap_key = wrap_key;
	return keep_device(a, d);
}

struct outcome
authority_roll_over(const struct authority *a, const struct authority_settings *s, int64_t retires)
{
	struct certificate_row old, server;
	struct err e = certified_current(a, CERTIFICATE_CA, &old);

	if (!failed(e))
		e = certified_current(a, CERTIFICATE_SERVER, &server);
	if (failed(e))
		return sorry(e);
	if (retires < a->now)
		return outcome_field(OUTCOME_INVALID, "retires", "that time is over");
	if (retires > old.not_after && old.not_after > a->now)
		return outcome_field(OUTCOME_INVALID, "retires",
				     "the authority in use now ends before that by itself");
	e = make_ca(a, s, retires);
	if (!failed(e)) /* where the old one retires at once, the server's goes with it */
		e = ensure_server(a, s, server.name);
	return failed(e) ? sorry(e) : OUTCOME_OK;
}
