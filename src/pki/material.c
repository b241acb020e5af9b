/* What was issued, as files for others: a device's profile, and the VPN server. */
#include "base/encode.h"
#include "base/log.h"
#include "pki/authority.h"
#include "pki/certified.h"
#include "pki/server_key.h"

#define PEM_BYTES_MAX (64 * 1024)
#define KEY_BYTES_MAX 8192
#define STATIC_LINE   16 /* bytes in a line of a static key */

static void
wipe_all(struct buf *const *bufs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_wipe(bufs[i]);
}

void
device_material_wipe(struct device_material *m)
{
	struct buf *const all[] = {&m->ca, &m->certificate, &m->key, &m->wrap_key};

	wipe_all(all, COUNT(all));
}

void
server_material_wipe(struct server_material *m)
{
	struct buf *const all[] = {&m->authorities, &m->certificate, &m->key};

	wipe_all(all, COUNT(all));
	explicit_bzero(m->wrap_key, sizeof m->wrap_key);
	explicit_bzero(m->static_key, sizeof m->static_key);
}

static struct err
put_pem(struct buf *out, const char *label, struct span der)
{
	return issue_put_pem(out, label, der) ? ERR_NONE : err_new("out of memory");
}

static struct err
put_key(const struct authority *a, const struct certificate_row *row, struct buf *out)
{
	struct buf key = buf_with_cap(KEY_BYTES_MAX);
	struct err e = certified_key(a, row, &key);

	if (!failed(e))
		e = put_pem(out, "PRIVATE KEY", buf_span(&key));
	buf_wipe(&key);
	return e;
}

static struct err
put_authorities(const struct authority *a, struct buf *out)
{
	struct certificate_row_list good;
	struct err e = certified_authorities(a, &good);

	for (size_t i = 0; i < good.count && !failed(e); i++)
		e = put_pem(out, "CERTIFICATE", good.at[i].certificate);
	return e;
}

/*
 * The CA of the server's certificate stands there even if it has retired: until the server has
 * another one, the profile would not connect without.
 */
static struct err
put_believed(const struct authority *a, const struct certificate_row *server, struct buf *out)
{
	struct certificate_row_list good;
	struct certificate_row its = {0};
	struct err e = certified_authorities(a, &good);

	for (size_t i = 0; i < good.count; i++)
		if (good.at[i].id == server->issuer)
			return put_authorities(a, out);
	if (!failed(e))
		e = certified_stored(a,
				     store_certificate(a->store, server->issuer, a->memory, &its),
				     "the CA of the server's certificate");
	if (!failed(e))
		e = put_pem(out, "CERTIFICATE", its.certificate);
	return failed(e) ? e : put_authorities(a, out);
}

static struct err
put_client_wrap_key(const struct authority *a, const struct device *d, struct buf *out)
{
	struct buf key = buf_with_cap(KEY_BYTES_MAX);
	struct err e = server_key_unseal(a, d, &key);

	if (!failed(e))
		e = put_pem(out, WRAP_CLIENT_LABEL, buf_span(&key));
	buf_wipe(&key);
	return e;
}

static struct err
put_certificate(const struct authority *a, const struct device *d, struct device_material *m)
{
	struct certificate_row row;
	struct err e =
	    certified_stored(a, store_certificate(a->store, d->certificate, a->memory, &row),
			     "the device's certificate");

	if (!failed(e))
		e = put_pem(&m->certificate, "CERTIFICATE", row.certificate);
	return failed(e) ? e : put_key(a, &row, &m->key);
}

static struct err
put_server(const struct authority *a, struct device_material *m)
{
	struct certificate_row server;
	struct err e = certified_current(a, CERTIFICATE_SERVER, &server);

	if (failed(e))
		return e;
	span_put((uint8_t *)m->server_name,
		 span_head(span_str(server.name), sizeof m->server_name - 1));
	return put_believed(a, &server, &m->ca);
}

static struct outcome
no_profile(struct err e)
{
	log_error("no profile for a device: %s", e.text);
	return outcome_new(OUTCOME_DOWN,
			   "the profile cannot be written now: the server's log says why");
}

struct outcome
authority_material(const struct authority *a, const struct device *d, struct device_material *out)
{
	struct err e;

	*out = (struct device_material){
	    .ca = buf_with_cap(PEM_BYTES_MAX),
	    .certificate = buf_with_cap(PEM_BYTES_MAX),
	    .key = buf_with_cap(PEM_BYTES_MAX),
	    .wrap_key = buf_with_cap(PEM_BYTES_MAX),
	};
	e = put_server(a, out);
	if (!failed(e))
		e = put_certificate(a, d, out);
	if (!failed(e))
		e = put_client_wrap_key(a, d, &out->wrap_key);
	if (!failed(e))
		return OUTCOME_OK;
	device_material_wipe(out);
	return no_profile(e);
}

static bool
put_static_lines(struct buf *out, struct span key)
{
	char line[HEX_SIZE(STATIC_LINE)];
	bool good = buf_append(out, SPAN_OF("-----BEGIN " WRAP_STATIC_LABEL "-----\n"));

	for (; key.len > 0 && good; key = span_tail(key, STATIC_LINE)) {
		hex_write(span_head(key, STATIC_LINE), line);
		good = buf_printf(out, "%s\n", line);
	}
	explicit_bzero(line, sizeof line);
	return good && buf_append(out, SPAN_OF("-----END " WRAP_STATIC_LABEL "-----\n"));
}

struct outcome
authority_use_static(const struct authority *a, struct device_material *m)
{
	uint8_t key[WRAP_CLIENT_KEY];
	struct err e = server_key_load_static(a, key);

	buf_wipe(&m->wrap_key);
	m->wrap_key = buf_with_cap(PEM_BYTES_MAX);
	if (!failed(e) && !put_static_lines(&m->wrap_key, span_of(key, sizeof key)))
		e = err_new("out of memory");
	explicit_bzero(key, sizeof key);
	return failed(e) ? no_profile(e) : OUTCOME_OK;
}

struct err
authority_server(const struct authority *a, struct server_material *out)
{
	struct certificate_row server;
	struct err e;

	*out = (struct server_material){
	    .authorities = buf_with_cap(PEM_BYTES_MAX),
	    .certificate = buf_with_cap(PEM_BYTES_MAX),
	    .key = buf_with_cap(PEM_BYTES_MAX),
	};
	e = certified_current(a, CERTIFICATE_SERVER, &server);
	if (!failed(e))
		e = put_authorities(a, &out->authorities);
	if (!failed(e))
		e = put_pem(&out->certificate, "CERTIFICATE", server.certificate);
	if (!failed(e))
		e = put_key(a, &server, &out->key);
	if (!failed(e))
		e = server_key_load(a, out->wrap_key);
	if (!failed(e))
		e = server_key_load_static(a, out->static_key);
	if (failed(e))
		server_material_wipe(out);
	return e;
}
