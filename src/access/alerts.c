#include "access/alerts.h"

#include <inttypes.h>
#include <string.h>
#include <sys/utsname.h>

#include "access/alert_send.h"
#include "access/change.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/utf8.h"

#define SUBJECT_MAX  200
#define DETAIL_MAX   2000
#define AGAIN_MS     HOUR_MS /* before the same is said once more */
#define SUBJECTS_MAX 20      /* of one rule, in that time */
#define CHANNELS     3
#define ROUND_MAX    8     /* so many at once, then others have their turn */
#define ROUND_MS     30000 /* also after so long */
#define WAIT_MAX     60000

/* After so long a message is tried again; then it is given up. */
static const int64_t retry_ms[] = {1 * MINUTE_MS,   5 * MINUTE_MS,   30 * MINUTE_MS,
				   120 * MINUTE_MS, 360 * MINUTE_MS, 1440 * MINUTE_MS};

static const struct shape_member text_members[] = {
    {.name = "rule",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct alert_text, rule),
     .doc = "Which rule made it."},
    {.name = "subject",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct alert_text, subject),
     .doc = "What happened, in a line."},
    {.name = "detail",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct alert_text, detail),
     .doc = "What else is known of it, and what to do."},
    {.name = "server",
     .kind = SHAPE_TEXT,
     .offset = offsetof(struct alert_text, server),
     .doc = "The name of the machine that says so."},
    {.name = "time",
     .kind = SHAPE_TIME,
     .offset = offsetof(struct alert_text, time),
     .doc = "When it happened."},
};
static const struct shape shape_alert_text = {
    .name = "Alert",
    .doc = "What a webhook is sent.",
    .size = sizeof(struct alert_text),
    .members = text_members,
    .count = COUNT(text_members),
};

static const struct shape_member notice_members[] = {
    {.name = "id",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct notice, id),
     .doc = "Never another notice's."},
    {.name = "created",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct notice, created),
     .doc = "When it was made."},
    {.name = "rule",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct notice, rule),
     .doc = "Which alert rule made it."},
    {.name = "subject",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct notice, subject),
     .doc = "What happened, in a line."},
    {.name = "alert",
     .kind = SHAPE_RAW,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct notice, body),
     .doc = "All that it says: rule, subject, detail, server and time."},
    {.name = "channel",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct notice, channel),
     .doc = "\"mail\", \"webhook\" or \"journal\"."},
    {.name = "attempts",
     .kind = SHAPE_NUMBER,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct notice, attempts),
     .doc = "How often it was tried."},
    {.name = "next_try",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct notice, next_try),
     .doc = "When it is tried next; null: it was delivered, or given up."},
    {.name = "delivered",
     .kind = SHAPE_TIME,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct notice, done),
     .doc = "When it was delivered; null: it was not."},
    {.name = "last_error",
     .kind = SHAPE_TEXT,
     .flags = SHAPE_READ_ONLY,
     .offset = offsetof(struct notice, last_error),
     .doc = "Why it could not be delivered the last time."},
};
const struct shape shape_notice = {
    .name = "Notice",
    .doc = "An alert on its way to administrators.",
    .size = sizeof(struct notice),
    .members = notice_members,
    .count = COUNT(notice_members),
};

static bool
has_mail(const struct alert_settings *s)
{
	return s->smtp_url != NULL && s->mail_from != NULL && s->mail_to != NULL &&
	       s->mail_to[0] != NULL;
}

static bool
has_webhook(const struct alert_settings *s)
{
	return s->webhook_url != NULL;
}

static bool
has_journal(const struct alert_settings *s)
{
	(void)s;
	return true;
}

static struct err
to_mail(const struct alert_settings *s, const struct notice *n)
{
	struct arena *memory = arena_new();
	struct alert_text text = {0};
	struct outcome o =
	    shape_read(&shape_alert_text, SHAPE_CREATE, span_str(n->body), memory, &text, NULL);
	struct err e = refused(o) ? err_new("its text cannot be read") : mail_send(s, &text);

	arena_free(memory);
	return e;
}

static struct err
to_webhook(const struct alert_settings *s, const struct notice *n)
{
	return webhook_send(s, span_str(n->body));
}

static struct err
to_journal(const struct alert_settings *s, const struct notice *n)
{
	struct buf body = buf_with_cap(ALERT_BODY_MAX);

	(void)s;
	if (text_put_escaped(&body, span_str(n->subject), SUBJECT_MAX, false))
		log_warn("alert %s: %.*s", n->rule, (int)buf_len(&body),
			 (const char *)buf_span(&body).p);
	buf_free(&body);
	return ERR_NONE;
}

static const struct channel {
	const char *name;
	bool (*is_there)(const struct alert_settings *s);
	struct err (*deliver)(const struct alert_settings *s, const struct notice *n);
} channels[CHANNELS] = {
    {"journal", has_journal, to_journal},
    {"mail", has_mail, to_mail},
    {"webhook", has_webhook, to_webhook},
};

struct err
alert_deliver(const struct alert_settings *s, const struct notice *n)
{
	for (size_t i = 0; i < CHANNELS; i++) {
		const struct channel *c = &channels[i];

		if (strcmp(c->name, n->channel) != 0)
			continue;
		if (!c->is_there(s))
			return err_new("there is no %s any more", c->name);
		return c->deliver(s, n);
	}
	return err_new("there is no such channel");
}

/* One line that anybody's words may stand in; at most `max` bytes, of whole characters. */
static const char *
one_line(const struct access *a, const char *text, size_t max)
{
	char *line = arena_copy(a->memory, utf8_head(span_str(text), max));

	for (char *c = line; *c != '\0'; c++)
		if ((uint8_t)*c < 0x20 || *c == 0x7F)
			*c = ' ';
	return line;
}

/* Whether there is nothing new in it, or there was too much of its kind. */
static bool
was_said(struct access *a, const char *rule, const char *subject)
{
	const struct page page = {.search = rule, .limit = SUBJECTS_MAX * CHANNELS};
	struct notice_list said;
	size_t count = 0;

	if (store_notices(a->store, &page, false, a->memory, &said) != STORE_DONE)
		return false;
	for (size_t i = 0; i < said.count; i++) {
		const struct notice *n = &said.at[i];

		if (n->created <= a->now - AGAIN_MS || strcmp(n->rule, rule) != 0)
			continue;
		if (strcmp(n->subject, subject) == 0)
			return true;
		count += strcmp(n->channel, channels[0].name) == 0;
	}
	return count >= SUBJECTS_MAX;
}

static void
tell(struct access *a, int64_t id)
{
	if (a->pending != NULL)
		change_also(a, EVENT_NOTICE, id);
	else if (a->happened != NULL)
		a->happened(a->owner, EVENT_NOTICE, id);
}

static void
add_notices(struct access *a, const struct alert_settings *s, const struct alert_text *text)
{
	struct buf body = buf_with_cap(ALERT_BODY_MAX);

	if (!shape_write(&shape_alert_text, text, &body)) {
		buf_free(&body);
		return;
	}
	for (size_t i = 0; i < CHANNELS; i++) {
		struct notice n = {.created = a->now,
				   .rule = text->rule,
				   .subject = text->subject,
				   .body = arena_copy(a->memory, buf_span(&body)),
				   .channel = channels[i].name,
				   .next_try = a->now};

		if (!channels[i].is_there(s))
			continue;
		if (store_notice_add(a->store, &n) == STORE_DONE)
			tell(a, n.id);
		else
			log_warn("an alert is lost: %s", store_why(a->store));
	}
	buf_free(&body);
}

void
alert_raise(struct access *a, enum alert_rule rule, const char *subject, const char *detail)
{
	const char *name = alert_rule_name(rule), *line = one_line(a, subject, SUBJECT_MAX);
	struct alert_settings s;
	struct utsname machine;
	int64_t version;

	if (refused(alerts_settings(a, &s, &version)))
		return;
	if (rule != ALERT_TEST && (!s.rules[rule].on || was_said(a, name, line)))
		return;
	add_notices(a, &s,
		    &(struct alert_text){
			.rule = name,
			.subject = line,
			.detail = arena_copy(a->memory, span_head(span_str(detail), DETAIL_MAX)),
			.server = uname(&machine) == 0 ? machine.nodename : "?",
			.time = a->now,
		    });
}

/* Notes what became of it; false when the database cannot be told, which is to be asked later. */
static bool
note_try(struct access *a, const struct notice *n, struct err e)
{
	int64_t done = a->now, next = 0;

	if (failed(e) && n->attempts < (int64_t)COUNT(retry_ms)) {
		done = 0;
		next = a->now + retry_ms[n->attempts];
	} else if (failed(e)) {
		done = -1;
		log_warn("alert %" PRId64 " is given up after %" PRId64 " tries: %s", n->id,
			 n->attempts + 1, e.text);
	}
	if (store_notice_tried(a->store, n->id, done, next, failed(e) ? e.text : NULL) !=
	    STORE_DONE)
		return false;
	tell(a, n->id);
	return true;
}

static uint64_t
until_next(struct access *a)
{
	struct notice n;

	if (store_notice_due(a->store, INT64_MAX, a->memory, &n) != STORE_DONE)
		return WAIT_MAX;
	if (n.next_try <= a->now)
		return 0;
	return n.next_try - a->now < WAIT_MAX ? (uint64_t)(n.next_try - a->now) : WAIT_MAX;
}

uint64_t
alerts_work(struct access *a)
{
	const int64_t started = a->now, ahead = a->now - clock_ms();
	struct alert_settings s;
	struct notice n;
	int64_t version;

	if (refused(alerts_settings(a, &s, &version)))
		return WAIT_MAX;
	for (size_t i = 0; i < ROUND_MAX && a->now - started < ROUND_MS; i++) {
		enum store_result r = store_notice_due(a->store, a->now, a->memory, &n);

		if (r == STORE_NONE)
			return until_next(a);
		if (r != STORE_DONE)
			return WAIT_MAX;
		struct err e = alert_deliver(&s, &n);
		/* A delivery may have taken half a minute. */
		a->now = ahead + clock_ms();
		if (!note_try(a, &n, e))
			return WAIT_MAX;
	}
	return 0;
}
