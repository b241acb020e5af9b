/* One alert on its way out: for the files of alerts alone. */
#ifndef ACCESS_ALERT_SEND_H
#define ACCESS_ALERT_SEND_H

#include <curl/curl.h>

#include "access/alerts.h"
#include "base/address.h"

/* What a notice's body says. */
struct alert_text {
	const char *rule, *subject, *detail, *server;
	int64_t time;
};

#define ALERT_BODY_MAX (16 * 1024)

/* The whole message (RFC 5322); `id` is unique. False when `out` is full. */
MUST_CHECK bool mail_put(const struct alert_settings *s, const struct alert_text *text,
			 const char *id, struct buf *out);

MUST_CHECK struct err mail_send(const struct alert_settings *s, const struct alert_text *text);
MUST_CHECK struct err webhook_send(const struct alert_settings *s, struct span body);

/* A request by libcurl: no redirects, no proxies, 30 s in all. */
struct transport {
	CURL *curl; /* NULL: memory is short */
	bool ready; /* all that was set could be */
	bool outside_only;
	char internal[ADDRESS_TEXT_MAX]; /* the address that was refused; empty: none was */
	char why[CURL_ERROR_SIZE];
	size_t received;
};
#define TRANSPORT_SET(t, option, value)                                                            \
	((t)->ready = (t)->ready && curl_easy_setopt((t)->curl, (option), (value)) == CURLE_OK)

/* transport_end() is due in any case. */
void transport_begin(struct transport *t, const struct alert_settings *s, const char *url,
		     const char *protocols);
MUST_CHECK struct err transport_run(struct transport *t);
void transport_end(struct transport *t);

#endif
