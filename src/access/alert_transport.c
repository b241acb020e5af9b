#include "access/alert_send.h"

#include <string.h>

#include "access/outside.h"

#define TOTAL_S      30L
#define CONNECT_S    10L
#define RECEIVED_MAX (64 * 1024) /* of an answer that nobody reads */

struct err
alerts_begin(void)
{
	CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);

	return code == CURLE_OK ? ERR_NONE
				: err_new("libcurl cannot begin: %s", curl_easy_strerror(code));
}

/* As the kernel has it (sockaddr_in, sockaddr_in6): family, port, for IPv6 flow information, and
 * the address in network order. */
static bool
read_address(const struct curl_sockaddr *from, struct address *out)
{
	/* An IPv6 address is longer than struct sockaddr: libcurl has room for it behind. */
	const uint8_t *bytes = (const uint8_t *)from + offsetof(struct curl_sockaddr, addr);
	struct cursor c = cursor_of(span_of(bytes, from->addrlen));
	struct span ip;
	uint16_t port;

	if (!cursor_skip(&c, sizeof from->addr.sa_family) || !cursor_be16(&c, &port))
		return false;
	if (from->family == AF_INET && cursor_span(&c, 4, &ip)) {
		*out = address_v4(ip.p, port);
		return true;
	}
	if (from->family == AF_INET6 && cursor_skip(&c, 4) && cursor_span(&c, 16, &ip)) {
		*out = address_v6(ip.p, port);
		return true;
	}
	return false;
}

/*
 * Asked for each address before it is connected to, after the name was resolved: a name that
 * resolves otherwise the second time gains nothing.
 */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct transport *t = arg;
	struct address address;

	if (purpose != CURLSOCKTYPE_IPCXN || !read_address(to, &address))
		return CURL_SOCKET_BAD;
	if (t->outside_only && !address_is_outside(&address)) {
		address_ip_text(&address, t->internal);
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t
drop(char *bytes, size_t size, size_t count, void *arg)
{
	struct transport *t = arg;

	(void)bytes;
	t->received += size * count;
	return t->received <= RECEIVED_MAX ? size * count : 0;
}

static void
believe(struct transport *t, const struct alert_settings *s)
{
	struct curl_blob pem = {.flags = CURL_BLOB_COPY};

	TRANSPORT_SET(t, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (s->authorities == NULL)
		return;
	pem.data = (void *)s->authorities;
	pem.len = strlen(s->authorities);
	TRANSPORT_SET(t, CURLOPT_CAINFO_BLOB, &pem);
}

void
transport_begin(struct transport *t, const struct alert_settings *s, const char *url,
		const char *protocols)
{
	*t = (struct transport){.curl = curl_easy_init()};
	t->ready = t->curl != NULL;
	TRANSPORT_SET(t, CURLOPT_ERRORBUFFER, t->why);
	TRANSPORT_SET(t, CURLOPT_URL, url);
	TRANSPORT_SET(t, CURLOPT_PROTOCOLS_STR, protocols);
	TRANSPORT_SET(t, CURLOPT_NOSIGNAL, 1L);
	TRANSPORT_SET(t, CURLOPT_TIMEOUT, TOTAL_S);
	TRANSPORT_SET(t, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	TRANSPORT_SET(t, CURLOPT_FOLLOWLOCATION, 0L);
	TRANSPORT_SET(t, CURLOPT_PROXY, ""); /* nor one that the environment names */
	TRANSPORT_SET(t, CURLOPT_USERAGENT, "Sallyport");
	TRANSPORT_SET(t, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	TRANSPORT_SET(t, CURLOPT_OPENSOCKETDATA, (void *)t);
	TRANSPORT_SET(t, CURLOPT_WRITEFUNCTION, drop);
	TRANSPORT_SET(t, CURLOPT_WRITEDATA, (void *)t);
	believe(t, s);
}

struct err
transport_run(struct transport *t)
{
	if (!t->ready)
		return err_new("libcurl cannot be set up");
	CURLcode code = curl_easy_perform(t->curl);
	/* More of an answer than anybody wants is an answer nevertheless. */
	if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && t->received > RECEIVED_MAX))
		return ERR_NONE;
	if (t->internal[0] != '\0')
		return err_new("it leads to %s, an address of this machine or its networks; such "
			       "are only asked with webhook_internal",
			       t->internal);
	return err_new("%s", t->why[0] != '\0' ? t->why : curl_easy_strerror(code));
}

void
transport_end(struct transport *t)
{
	if (t->curl != NULL)
		curl_easy_cleanup(t->curl);
}
