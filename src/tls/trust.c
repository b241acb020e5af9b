#include "tls/trust.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "tls/library.h"

#define AUTHORITIES_MAX 4096 /* certificates in one file */

/* Moves entry `i` to the front. */
static struct trust_entry *
use_entry(struct trust_cache *cache, size_t i)
{
	struct trust_entry used = cache->at[i];

	memmove(&cache->at[1], &cache->at[0], i * sizeof used);
	cache->at[0] = used;
	return &cache->at[0];
}

static struct trust_entry *
remembered(struct trust_cache *cache, const uint8_t digest[32])
{
	for (size_t i = 0; i < cache->count; i++)
		if (memcmp(cache->at[i].digest, digest, 32) == 0)
			return use_entry(cache, i);
	return NULL;
}

/* Instead of the one that was not used for longest, if there is no room. Takes the caller's share.
 */
static void
remember(struct trust_cache *cache, const uint8_t digest[32], X509_STORE *store)
{
	if (cache->count == TRUST_STORES)
		X509_STORE_free(cache->at[--cache->count].store);
	struct trust_entry *e = use_entry(cache, cache->count++);
	memcpy(e->digest, digest, 32);
	e->store = store;
}

void
trust_forget(struct trust_cache *cache)
{
	while (cache->count > 0)
		X509_STORE_free(cache->at[--cache->count].store);
}

/* The next certificate; NULL when it is none, with *end at the end of the file. */
static X509 *
next_authority(struct tls_library *lib, BIO *bio, bool *end)
{
	X509 *made = X509_new_ex(lib->crypto, NULL), *cert = made;

	ERR_clear_error();
	if (made == NULL) {
		*end = true;
		return NULL;
	}
	if (PEM_read_bio_X509(bio, &cert, NULL, NULL) != NULL)
		return cert;
	*end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	/* One that does not parse has freed what it was given. */
	X509_free(cert);
	return NULL;
}

static size_t
read_authorities(struct tls_library *lib, BIO *bio, X509_STORE *store)
{
	size_t count = 0;
	bool end = false;

	for (int i = 0; i < AUTHORITIES_MAX && !end; i++) {
		X509 *cert = next_authority(lib, bio, &end);

		if (cert != NULL && X509_STORE_add_cert(store, cert) == 1)
			count++;
		X509_free(cert);
	}
	ERR_clear_error();
	return count;
}

static struct err
read_store(struct tls_library *lib, struct span pem, X509_STORE **out)
{
	BIO *bio = pem.len <= INT_MAX ? BIO_new_mem_buf(pem.p, (int)pem.len) : NULL;
	X509_STORE *store = X509_STORE_new();
	struct err e = ERR_NONE;

	*out = NULL;
	if (bio == NULL || store == NULL)
		e = err_new("out of memory");
	else if (read_authorities(lib, bio, store) == 0)
		e = err_new("holds no certificate (PEM)");
	BIO_free(bio);
	if (failed(e))
		X509_STORE_free(store);
	else
		*out = store;
	return e;
}

struct err
trust_store(struct tls_library *lib, struct span pem, X509_STORE **out)
{
	uint8_t digest[32];
	struct trust_entry *known;
	struct err e;

	*out = NULL;
	if (pem.len == 0)
		return err_new("there are no certificates to trust");
	if (EVP_Digest(pem.p, pem.len, digest, NULL, lib->sha256, NULL) != 1)
		return err_new("cannot hash: %s", library_reason());
	if ((known = remembered(&lib->trust, digest)) == NULL) {
		e = read_store(lib, pem, out);
		if (failed(e))
			return e;
		remember(&lib->trust, digest, *out);
		known = &lib->trust.at[0];
	}
	if (X509_STORE_up_ref(known->store) != 1)
		return err_new("out of memory");
	*out = known->store;
	return ERR_NONE;
}
