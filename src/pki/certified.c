#include "pki/certified.h"

#include "base/mem.h"
#include "tls/seal.h"

#define KEY_MAX         8192 /* PKCS#8 of RSA 3072 has 1.8 KB */
#define CERTIFICATE_MAX 8192
#define SLOW_CLOCK_MS   HOUR_MS /* peers' clocks may be so much behind */

struct err
certified_stored(const struct authority *a, enum store_result r, const char *what)
{
	switch (r) {
	case STORE_DONE:
		return ERR_NONE;
	case STORE_NONE:
		return err_new("%s: there is none", what);
	case STORE_TAKEN:
		return err_new("%s: another one has its name", what);
	case STORE_CHANGED:
		return err_new("%s: somebody else changed it at the same time", what);
	case STORE_NO_SORT:
	case STORE_NO_PLACE:
	case STORE_DOWN:
		break;
	}
	return err_new("%s: %s", what, store_why(a->store));
}

/* What a sealed key is bound to. The serial number is in the certificate too, so keys cannot be
 * exchanged between rows. */
static const char *
about_key(const struct authority *a, const char *serial)
{
	return arena_printf(a->memory, "key of certificate %s", serial);
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t
certified_end(const struct authority *a, const struct certified_request *r)
{
	int64_t end = a->now + r->days * DAY_MS;

	return r->issuer != NULL && r->issuer->not_after < end ? r->issuer->not_after : end;
}

static struct err
sign(const struct authority *a, const struct certified_request *r, struct span key,
     struct certificate_row *row)
{
	static const enum issue_use uses[] = {[CERTIFICATE_CA] = ISSUE_CA,
					      [CERTIFICATE_SERVER] = ISSUE_SERVER,
					      [CERTIFICATE_DEVICE] = ISSUE_CLIENT};
	struct buf issuer_key = buf_with_cap(KEY_MAX), made = buf_with_cap(CERTIFICATE_MAX);
	struct issue_request request = {.use = uses[r->kind],
					.name = r->name,
					.dns_names = r->dns_names,
					.not_before = row->not_before,
					.not_after = row->not_after};
	char serial[ISSUE_SERIAL_MAX];
	struct err e = ERR_NONE;

	if (r->issuer != NULL) {
		e = certified_key(a, r->issuer, &issuer_key);
		request.issuer_certificate = r->issuer->certificate;
		request.issuer_key = buf_span(&issuer_key);
	}
	if (!failed(e))
		e = issue_certificate(&request, key, &made, serial);
	buf_wipe(&issuer_key);
	if (!failed(e)) {
		row->certificate = arena_span(a->memory, buf_span(&made));
		row->serial = arena_copy(a->memory, span_str(serial));
	}
	buf_free(&made);
	return e;
}

static struct err
keep(const struct authority *a, struct span key, struct certificate_row *row)
{
	struct buf sealed = buf_with_cap(KEY_MAX + SEAL_OVERHEAD);
	struct err e = ERR_NONE;

	if (!vault_seal(a->vault, about_key(a, row->serial), key, &sealed))
		e = err_new("a key cannot be sealed: out of memory");
	else
		row->key = arena_span(a->memory, buf_span(&sealed));
	buf_free(&sealed);
	if (!failed(e))
		e = certified_stored(a, store_certificate_add(a->store, row), "a certificate");
	return e;
}

struct err
certified_make(const struct authority *a, const struct certified_request *r,
	       struct certificate_row *out)
{
	struct buf key = buf_with_cap(KEY_MAX);
	struct err e;

	*out = (struct certificate_row){
	    .kind = (int)r->kind,
	    .name = arena_copy(a->memory, span_str(r->name)),
	    .issuer = r->issuer != NULL ? r->issuer->id : 0,
	    .device = r->device,
	    .not_before =
		later(a->now - SLOW_CLOCK_MS, r->issuer != NULL ? r->issuer->not_before : 0),
	    .not_after = certified_end(a, r),
	};
	e = issue_make_key(r->key, &key);
	if (!failed(e))
		e = sign(a, r, buf_span(&key), out);
	if (!failed(e))
		e = keep(a, buf_span(&key), out);
	buf_wipe(&key);
	return e;
}

struct err
certified_key(const struct authority *a, const struct certificate_row *row, struct buf *out)
{
	if (!vault_unseal(a->vault, about_key(a, row->serial), row->key, out))
		return err_new("the key of certificate %s (%s) cannot be opened: is the key file "
			       "that of this database?",
			       row->serial, row->name);
	return ERR_NONE;
}

struct err
certified_current(const struct authority *a, enum certificate_kind kind,
		  struct certificate_row *out)
{
	static const char *const names[] = {
	    [CERTIFICATE_CA] = "the VPN's certificate authority",
	    [CERTIFICATE_SERVER] = "the VPN server's certificate",
	    [CERTIFICATE_DEVICE] = "a device's certificate",
	};

	return certified_stored(a, store_certificate_current(a->store, kind, a->memory, out),
				names[kind]);
}

static bool
is_good(const struct certificate_row *ca, int64_t now)
{
	return ca->revoked == 0 && ca->not_after > now && (ca->current || ca->retires > now);
}

/* Keeps `at` sorted by id, which is by age. */
static void
insert(struct certificate_row_list *list, const struct certificate_row *ca)
{
	size_t i = list->count++;

	for (; i > 0 && list->at[i - 1].id > ca->id; i--)
		list->at[i] = list->at[i - 1];
	list->at[i] = *ca;
}

struct err
certified_authorities(const struct authority *a, struct certificate_row_list *out)
{
	const struct page page = {.limit = STORE_PAGE_MAX};
	struct certificate_row_list all;
	enum store_result r = store_certificates(a->store, &page, CERTIFICATE_CA, a->memory, &all);

	*out = (struct certificate_row_list){NULL, 0, NULL};
	if (r != STORE_DONE)
		return certified_stored(a, r, "the VPN's certificate authorities");
	out->at = arena_get(a->memory, (all.count + 1) * sizeof *out->at);
	for (size_t i = 0; i < all.count; i++)
		if (is_good(&all.at[i], a->now))
			insert(out, &all.at[i]);
	if (out->count == 0)
		return err_new("the VPN has no certificate authority that is good now: a new one "
			       "is needed, and new profiles");
	return ERR_NONE;
}
