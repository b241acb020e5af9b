#include "pki/profile.h"

#include <stdio.h>

#include "base/text.h"

#define FILE_PART_MAX 70

/* A name in quotes, as the parsers of OpenVPN 2 and 3 both take it. */
static bool
put_quoted(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (((*text == '"' || *text == '\\') && !buf_byte(out, '\\')) ||
		    !buf_byte(out, (uint8_t)*text))
			return false;
	return true;
}

static bool
is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if ((uint8_t)*text < 0x20 || *text == 0x7F)
			return false;
	return true;
}

/* Names and addresses, which need no quotes. */
static bool
is_plain(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if (text_token_lower[(uint8_t)*p] == 0 && *p != ':')
			return false;
	return text[0] != '\0' && text[0] != '#';
}

static bool
put_remotes(const struct profile *p, struct buf *out)
{
	for (size_t i = 0; i < p->remote_count; i++) {
		const struct profile_remote *r = &p->remotes[i];

		if (!is_plain(r->host) || r->port == 0 || r->port > UINT16_MAX ||
		    !buf_printf(out, "remote %s %u %s\n", r->host, r->port,
				r->tcp ? "tcp-client" : "udp"))
			return false;
	}
	return p->remote_count > 0;
}

/*
 * Nothing that OpenVPN 2.5 or Connect would not know. The list of data ciphers is left to the
 * client, whose own begins with the same and fits what it was built with; "cipher" is so that 2.5
 * falls back to nothing older. The server decides when keys are renewed, hence "reneg-sec 0".
 */
static const char settings[] = "server-poll-timeout 4\n"
			       "remote-cert-tls server\n"
			       "tls-version-min 1.2\n"
			       "cipher AES-256-GCM\n"
			       "auth SHA256\n"
			       "reneg-sec 0\n";

/* 2.4 knows no list of data ciphers, and would stop at it; later clients want one. */
static const char legacy_settings[] = "ignore-unknown-option data-ciphers\n"
				      "data-ciphers AES-256-GCM:AES-128-GCM\n";

static bool
put_sign_in(const struct profile *p, struct buf *out)
{
	if (!p->asks_password)
		return !p->asks_code; /* a code goes with a password, in the same line */
	return buf_append(out, SPAN_OF("auth-user-pass\n"
				       "auth-nocache\n"
				       "auth-retry interact\n")) &&
	       (!p->asks_code ||
		buf_append(out, SPAN_OF("static-challenge \"One-time code\" 1\n")));
}

static bool
put_inline(struct buf *out, const char *tag, const struct buf *pem)
{
	return buf_len(pem) > 0 && buf_printf(out, "<%s>\n", tag) &&
	       buf_append(out, buf_span(pem)) && buf_printf(out, "</%s>\n", tag);
}

static bool
put_material(const struct profile *p, struct buf *out)
{
	const struct device_material *m = p->material;
	const char *wrap = p->legacy ? "tls-crypt" : "tls-crypt-v2";

	return put_inline(out, "ca", &m->ca) && put_inline(out, "cert", &m->certificate) &&
	       put_inline(out, "key", &m->key) && put_inline(out, wrap, &m->wrap_key);
}

bool
profile_write(const struct profile *p, struct buf *out)
{
	const char *server = p->material->server_name;

	return is_printable(p->name) && is_plain(server) &&
	       buf_append(out, SPAN_OF("setenv FRIENDLY_NAME \"")) && put_quoted(out, p->name) &&
	       buf_append(out, SPAN_OF("\"\nclient\ndev tun\nnobind\n")) && put_remotes(p, out) &&
	       (!p->legacy || buf_append(out, SPAN_OF(legacy_settings))) &&
	       buf_append(out, SPAN_OF(settings)) &&
	       buf_printf(out, "verify-x509-name %s name\n", server) && put_sign_in(p, out) &&
	       put_material(p, out);
}

/* Letters, digits and a few marks: what every file system and every header field can have. */
static void
put_part(char **to, const char *text, size_t max)
{
	for (size_t i = 0; i < max && text[i] != '\0'; i++) {
		bool alnum =
		    (text[i] >= '0' && text[i] <= '9') ||
		    (text_lower((uint8_t)text[i]) >= 'a' && text_lower((uint8_t)text[i]) <= 'z');
		bool mark = text[i] == '-' || text[i] == '_' || (text[i] == '.' && i > 0);

		*(*to)++ = alnum || mark ? text[i] : '_';
	}
}

void
profile_file_name(const char *user, const char *device, char out[160])
{
	put_part(&out, user, FILE_PART_MAX);
	*out++ = '-';
	put_part(&out, device, FILE_PART_MAX);
	snprintf(out, sizeof ".ovpn", ".ovpn");
}
