/*
 * What real programs say first, as record_samples.py took it down: a file each in
 * samples/. Read into memory of exactly their size, so that reading past it is found.
 */
#ifndef TEST_UNIT_SHARE_SAMPLES_H
#define TEST_UNIT_SHARE_SAMPLES_H

#include <stdio.h>
#include <stdlib.h>

#include "base/span.h"
#include "share/classify.h"
#include "share/samples_folder.h"

struct sample {
	const char *name;
	enum protocol protocol;
	size_t enough; /* bytes that a verdict takes */
};

static const struct sample samples[] = {
    {"tls-openssl", PROTOCOL_TLS, 6},
    {"tls-openssl-12", PROTOCOL_TLS, 6},
    {"tls-openssl-nameless", PROTOCOL_TLS, 6},
    {"tls-openssl-alpn", PROTOCOL_TLS, 6},
    {"tls-curl-h2", PROTOCOL_TLS, 6},
    {"tls-curl-http1", PROTOCOL_TLS, 6},
    {"tls-gnutls", PROTOCOL_TLS, 6},
    {"tls-python", PROTOCOL_TLS, 6},
    {"tls-chromium", PROTOCOL_TLS, 6},
    {"tls-chromium-in-records", PROTOCOL_TLS, 6},
    {"openvpn-plain", PROTOCOL_OPENVPN, 3},
    {"openvpn-tls-auth-sha1", PROTOCOL_OPENVPN, 3},
    {"openvpn-tls-auth-sha256", PROTOCOL_OPENVPN, 3},
    {"openvpn-tls-auth-sha512", PROTOCOL_OPENVPN, 3},
    {"openvpn-tls-crypt", PROTOCOL_OPENVPN, 3},
    {"openvpn-tls-crypt-v2", PROTOCOL_OPENVPN, 3},
    {"openvpn-tls-crypt-v2-longest", PROTOCOL_OPENVPN, 3},
    {"ssh-openssh", PROTOCOL_SSH, 4},
    {"ssh-putty", PROTOCOL_SSH, 4},
    {"http-curl", PROTOCOL_HTTP1, 4},
    {"http-curl-connect", PROTOCOL_HTTP1, 8},
    {"http-options", PROTOCOL_HTTP1, 8},
    {"http-m-search", PROTOCOL_HTTP1, 9},
    {"http2-nghttp", PROTOCOL_HTTP2, 24},
    {"http2-curl", PROTOCOL_HTTP2, 24},
    {"proxy-v1-haproxy", PROTOCOL_PROXY, 6},
    {"proxy-v1-haproxy-ipv6", PROTOCOL_PROXY, 6},
    {"proxy-v2-haproxy", PROTOCOL_PROXY, 12},
    {"proxy-v2-haproxy-ipv6", PROTOCOL_PROXY, 12},
    {"proxy-v2-haproxy-tlvs", PROTOCOL_PROXY, 12},
    {"proxy-v2-haproxy-check", PROTOCOL_PROXY, 12},
};

/* The caller's, freed with free() of its p. */
static inline struct span
sample_read(const char *name)
{
	char path[512];
	uint8_t bytes[CLASSIFY_MAX];

	snprintf(path, sizeof path, "%s/%s", SAMPLES_FOLDER, name);
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("%s: not there", path);
	size_t len = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	uint8_t *copy = malloc(len > 0 ? len : 1);
	if (len == 0 || copy == NULL)
		fail_msg("%s: empty", path);
	memcpy(copy, bytes, len);
	return span_of(copy, len);
}

#endif
