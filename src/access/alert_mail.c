/* Alerts by mail (RFC 5322, RFC 2047, RFC 2045). */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "access/alert_send.h"
#include "base/encode.h"
#include "base/utf8.h"
#include "tls/random.h"

#define MAIL_MAX     (64 * 1024)
#define PLAIN_MAX    60 /* of a subject that stays in one line */
#define WORD_BYTES   42 /* an encoded word of it has 68 characters, 75 are allowed (§2) */
#define LINE_BYTES   57 /* make 76 characters of base64 */
#define ID_BYTES     16
#define LINE_MAX_LEN 1024

/* Printable ASCII that nobody could take for an encoded word. */
static bool
is_plain(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if (*c < 0x20 || *c >= 0x7F)
			return false;
	return strlen(text) <= PLAIN_MAX && strstr(text, "=?") == NULL;
}

/* As much as an encoded word holds, of whole characters. */
static size_t
word_length(struct span text)
{
	size_t n = utf8_head(text, WORD_BYTES).len;

	return n > 0 ? n : WORD_BYTES; /* of what is no UTF-8 at all */
}

/* Base64 lets no line end through: a text cannot add fields of its own. */
static bool
put_subject(struct buf *out, const char *subject)
{
	struct span rest = span_str(subject);

	if (is_plain(subject))
		return buf_printf(out, "Subject: %s\r\n", subject);
	if (!buf_append(out, SPAN_OF("Subject:")))
		return false;
	while (rest.len > 0) {
		size_t n = word_length(rest);

		if (!buf_append(out, SPAN_OF(" =?utf-8?B?")) ||
		    !base64_put(out, span_head(rest, n), 0) || !buf_append(out, SPAN_OF("?=\r\n")))
			return false;
		rest = span_tail(rest, n);
	}
	return true;
}

static bool
put_date(struct buf *out, int64_t ms)
{
	time_t seconds = ms / 1000;
	struct tm tm;
	char text[64];

	return gmtime_r(&seconds, &tm) != NULL &&
	       strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &tm) > 0 &&
	       buf_printf(out, "Date: %s\r\n", text);
}

static bool
put_head(const struct alert_settings *s, const struct alert_text *text, const char *id,
	 struct buf *out)
{
	const char *host = strchr(s->mail_from, '@');

	if (!put_date(out, text->time) || !buf_printf(out, "From: <%s>\r\n", s->mail_from))
		return false;
	for (size_t i = 0; s->mail_to[i] != NULL; i++)
		if (!buf_printf(out, i == 0 ? "To: <%s>" : ",\r\n <%s>", s->mail_to[i]))
			return false;
	return buf_printf(out, "\r\nMessage-ID: <%s%s>\r\n", id,
			  host != NULL ? host : "@localhost") &&
	       put_subject(out, text->subject) &&
	       buf_append(out, SPAN_OF("Auto-Submitted: auto-generated\r\n"
				       "MIME-Version: 1.0\r\n"
				       "Content-Type: text/plain; charset=utf-8\r\n"
				       "Content-Transfer-Encoding: base64\r\n\r\n"));
}

static bool
put_base64(struct buf *out, struct span text)
{
	for (; text.len > 0; text = span_tail(text, LINE_BYTES))
		if (!base64_put(out, span_head(text, LINE_BYTES), 0) ||
		    !buf_append(out, SPAN_OF("\r\n")))
			return false;
	return true;
}

static bool
put_words(const struct alert_text *text, struct buf *out)
{
	struct buf time = buf_with_cap(64);
	bool put = json_put_time(&time, text->time) &&
		   buf_printf(out,
			      "%s\r\n\r\n%s\r\n\r\n"
			      "Server: %s\r\nRule:   %s\r\nTime:   %.*s\r\n",
			      text->subject, text->detail, text->server, text->rule,
			      (int)buf_len(&time) - 2, (const char *)buf_span(&time).p + 1);

	buf_free(&time);
	return put;
}

bool
mail_put(const struct alert_settings *s, const struct alert_text *text, const char *id,
	 struct buf *out)
{
	struct buf words = buf_with_cap(MAIL_MAX / 2);
	bool put = put_head(s, text, id, out) && put_words(text, &words) &&
		   put_base64(out, buf_span(&words));

	buf_free(&words);
	return put;
}

/* What is still to be sent. */
static size_t
give(char *to, size_t size, size_t count, void *arg)
{
	struct span *rest = arg, now = span_head(*rest, size * count);

	span_put((uint8_t *)to, now);
	*rest = span_tail(*rest, now.len);
	return now.len;
}

static bool
is_here(const char *url)
{
	static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]"};
	const char *host = strstr(url, "://");

	for (size_t i = 0; host != NULL && i < COUNT(hosts); i++) {
		size_t n = strlen(hosts[i]);

		if (strncmp(host + 3, hosts[i], n) == 0 && strchr(":/", host[3 + n]) != NULL)
			return true;
	}
	return false;
}

/* Encrypted in any case, but for this machine's own server, which nobody overhears. */
static void
set_server(struct transport *t, const struct alert_settings *s)
{
	bool plain = s->authorities == NULL && is_here(s->smtp_url);

	TRANSPORT_SET(t, CURLOPT_USE_SSL, (long)(plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
	if (s->smtp_user == NULL || s->smtp_password == NULL)
		return;
	TRANSPORT_SET(t, CURLOPT_USERNAME, s->smtp_user);
	TRANSPORT_SET(t, CURLOPT_PASSWORD, s->smtp_password);
}

static bool
add_address(struct curl_slist **list, const char *address)
{
	struct buf text = buf_with_cap(LINE_MAX_LEN);
	struct curl_slist *more = NULL;

	if (buf_printf(&text, "<%s>", address) && buf_byte(&text, '\0'))
		more = curl_slist_append(*list, (const char *)buf_span(&text).p);
	buf_free(&text);
	if (more != NULL)
		*list = more;
	return more != NULL;
}

static struct err
send_to(const struct alert_settings *s, struct span message, struct curl_slist *to)
{
	char from[LINE_MAX_LEN];
	struct transport t;

	snprintf(from, sizeof from, "<%s>", s->mail_from);
	transport_begin(&t, s, s->smtp_url, "smtp,smtps");
	set_server(&t, s);
	TRANSPORT_SET(&t, CURLOPT_MAIL_FROM, from);
	TRANSPORT_SET(&t, CURLOPT_MAIL_RCPT, to);
	TRANSPORT_SET(&t, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L); /* the others shall have it */
	TRANSPORT_SET(&t, CURLOPT_UPLOAD, 1L);
	TRANSPORT_SET(&t, CURLOPT_READFUNCTION, give);
	TRANSPORT_SET(&t, CURLOPT_READDATA, (void *)&message);
	struct err e = transport_run(&t);
	transport_end(&t);
	return e;
}

struct err
mail_send(const struct alert_settings *s, const struct alert_text *text)
{
	struct buf message = buf_with_cap(MAIL_MAX);
	struct curl_slist *to = NULL;
	uint8_t random[ID_BYTES];
	char id[HEX_SIZE(ID_BYTES)];
	bool whole = true;
	struct err e;

	random_bytes(random, sizeof random);
	hex_write(span_of(random, sizeof random), id);
	for (size_t i = 0; s->mail_to[i] != NULL; i++)
		whole = whole && add_address(&to, s->mail_to[i]);
	if (whole && mail_put(s, text, id, &message))
		e = send_to(s, buf_span(&message), to);
	else
		e = err_new("the message cannot be made");
	curl_slist_free_all(to);
	buf_free(&message);
	return err_in(e, "the mail server");
}
