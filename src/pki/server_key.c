#include "pki/server_key.h"

#include <inttypes.h>

#include "base/encode.h"
#include "base/mem.h"
#include "pki/certified.h"

#define BYTES_MAX 4096
#define KEY_MAX   WRAP_CLIENT_KEY

_Static_assert(WRAP_SERVER_KEY <= KEY_MAX, "either key has room");

struct kept {
	const char *setting, *about, *what;
	size_t size;
	void (*make)(uint8_t *key);
};
static const struct kept wrap_key = {
    .setting = "vpn.wrap_key",
    .about = "tls-crypt-v2 server key",
    .what = "the VPN server's tls-crypt-v2 key",
    .size = WRAP_SERVER_KEY,
    .make = wrap_server_key_make,
};
static const struct kept static_key = {
    .setting = "vpn.static_key",
    .about = "tls-crypt static key",
    .what = "the VPN server's tls-crypt key",
    .size = WRAP_CLIENT_KEY,
    .make = wrap_static_key_make,
};

static struct err
save(const struct authority *a, const struct kept *k, struct span sealed, int64_t version)
{
	struct buf text = buf_with_cap(BYTES_MAX);
	enum store_result r = STORE_DONE;
	bool put = base64_put(&text, sealed, 0) && buf_byte(&text, '\0');

	if (put)
		r = store_set_setting(a->store, k->setting, (const char *)buf_span(&text).p,
				      version);
	buf_free(&text);
	return put ? certified_stored(a, r, k->what) : err_new("out of memory");
}

static struct err
make(const struct authority *a, const struct kept *k, int64_t version)
{
	struct buf sealed = buf_with_cap(BYTES_MAX);
	uint8_t key[KEY_MAX];
	struct err e;

	k->make(key);
	if (vault_seal(a->vault, k->about, span_of(key, k->size), &sealed))
		e = save(a, k, buf_span(&sealed), version);
	else
		e = err_new("a key cannot be sealed: out of memory");
	explicit_bzero(key, sizeof key);
	buf_free(&sealed);
	return e;
}

/* *text is NULL before there is one. */
static struct err
find(const struct authority *a, const struct kept *k, const char **text, int64_t *version)
{
	return certified_stored(a, store_setting(a->store, k->setting, a->memory, text, version),
				k->what);
}

static struct err
ensure(const struct authority *a, const struct kept *k)
{
	const char *text;
	int64_t version;
	struct err e = find(a, k, &text, &version);

	return failed(e) || text != NULL ? e : make(a, k, version);
}

struct err
server_key_ensure(const struct authority *a)
{
	struct err e = ensure(a, &wrap_key);

	return failed(e) ? e : ensure(a, &static_key);
}

static bool
open_it(const struct authority *a, const struct kept *k, struct span text, uint8_t *key)
{
	struct buf sealed = buf_with_cap(BYTES_MAX), plain = buf_with_cap(BYTES_MAX);
	bool good = base64_read(text, &sealed) &&
		    vault_unseal(a->vault, k->about, buf_span(&sealed), &plain) &&
		    buf_len(&plain) == k->size;

	if (good)
		span_put(key, buf_span(&plain));
	buf_wipe(&plain);
	buf_free(&sealed);
	return good;
}

static struct err
load(const struct authority *a, const struct kept *k, uint8_t *key)
{
	const char *text;
	int64_t version;
	struct err e = find(a, k, &text, &version);

	if (failed(e))
		return e;
	if (text == NULL)
		return err_new("%s: there is none yet", k->what);
	if (!open_it(a, k, span_str(text), key))
		return err_new("%s cannot be opened: is the key file that of this database?",
			       k->what);
	return ERR_NONE;
}

struct err
server_key_load(const struct authority *a, uint8_t key[WRAP_SERVER_KEY])
{
	return load(a, &wrap_key, key);
}

struct err
server_key_load_static(const struct authority *a, uint8_t key[WRAP_CLIENT_KEY])
{
	return load(a, &static_key, key);
}

static const char *
about_device(const struct authority *a, int64_t device)
{
	return arena_printf(a->memory, "wrap key of device %" PRId64, device);
}

static bool
seal_new(const struct authority *a, const uint8_t *server, int64_t device, struct span *sealed)
{
	struct buf key = buf_with_cap(BYTES_MAX), box = buf_with_cap(BYTES_MAX);
	bool made = wrap_key_make(server, (uint64_t)device, &key) &&
		    vault_seal(a->vault, about_device(a, device), buf_span(&key), &box);

	if (made)
		*sealed = arena_span(a->memory, buf_span(&box));
	buf_wipe(&key);
	buf_free(&box);
	return made;
}

struct err
server_key_wrap(const struct authority *a, int64_t device, struct span *sealed)
{
	uint8_t server[WRAP_SERVER_KEY];
	struct err e = server_key_load(a, server);

	if (!failed(e) && !seal_new(a, server, device, sealed))
		e = err_new("a tls-crypt-v2 key cannot be made: out of memory");
	explicit_bzero(server, sizeof server);
	return e;
}

struct err
server_key_unseal(const struct authority *a, const struct device *d, struct buf *out)
{
	if (!vault_unseal(a->vault, about_device(a, d->id), d->wrap_key, out))
		return err_new("the tls-crypt-v2 key of device %" PRId64 " cannot be opened: is "
			       "the key file that of this database?",
			       d->id);
	return ERR_NONE;
}
