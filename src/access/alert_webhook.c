#include "access/alert_send.h"
#include "base/encode.h"
#include "tls/digest.h"

#define FIELD_MAX 128

static bool
add_field(struct curl_slist **fields, const char *field)
{
	struct curl_slist *more = curl_slist_append(*fields, field);

	if (more != NULL)
		*fields = more;
	return more != NULL;
}

/* "X-Sallyport-Signature: sha256=HEX", by which the receiver knows that it comes from us. */
static bool
add_signature(struct curl_slist **fields, const char *secret, struct span body)
{
	struct buf field = buf_with_cap(FIELD_MAX);
	char hex[HEX_SIZE(DIGEST_SIZE)];
	uint8_t mac[DIGEST_SIZE];
	bool added = false;

	if (secret == NULL)
		return true;
	if (!digest_keyed(span_str(secret), &body, 1, mac))
		return false;
	hex_write(span_of(mac, sizeof mac), hex);
	if (buf_printf(&field, "X-Sallyport-Signature: sha256=%s", hex) && buf_byte(&field, '\0'))
		added = add_field(fields, (const char *)buf_span(&field).p);
	buf_free(&field);
	return added;
}

static struct err
run(struct transport *t)
{
	struct err e = transport_run(t);
	long status = 0;

	if (failed(e))
		return e;
	if (curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK)
		return err_new("it gave no answer");
	if (status < 200 || status > 299)
		return err_new("it answered %ld", status);
	return ERR_NONE;
}

struct err
webhook_send(const struct alert_settings *s, struct span body)
{
	struct curl_slist *fields = NULL;
	struct transport t;

	transport_begin(&t, s, s->webhook_url, s->webhook_internal ? "https,http" : "https");
	t.outside_only = !s->webhook_internal;
	t.ready = t.ready && add_field(&fields, "Content-Type: application/json") &&
		  add_field(&fields, "Expect:") && add_signature(&fields, s->webhook_secret, body);
	TRANSPORT_SET(&t, CURLOPT_HTTPHEADER, fields);
	TRANSPORT_SET(&t, CURLOPT_POSTFIELDSIZE, (long)body.len);
	TRANSPORT_SET(&t, CURLOPT_POSTFIELDS, (const char *)body.p);
	struct err e = err_in(run(&t), "the webhook");
	transport_end(&t);
	curl_slist_free_all(fields);
	return e;
}
